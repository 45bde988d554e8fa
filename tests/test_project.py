"""What a newcomer relies on: the environments, the wheel, the two commands."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [
    Requirement(line)
    for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
]
(TORCH,) = [str(need) for need in REQUIRED if need.name == "torch" and "==" in str(need)]
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def conda_requirements():
    """Read environment.yml as pip requirements."""
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    found = {}
    for line in lines:
        if isinstance(line, str):
            name, bound = re.fullmatch(r"([\w-]+)(.*)", line).groups()
            bound = re.sub(r"^=(?!=)", "==", bound)
            found[CONDA_NAMES.get(name, name)] = Requirement(f"{name}{bound}").specifier
    (pip,) = [line["pip"] for line in lines if isinstance(line, dict)]
    return found, pip


def test_environment_yml_names_the_bounds_of_pyproject():
    found, pip = conda_requirements()
    assert pip == ["-e .[course,test]"]
    assert found.pop("python") == Requirement(f"python{PROJECT['requires-python']}").specifier
    found.pop("pip")
    assert set(found) == {"torch"}
    for name, bound in found.items():
        assert bound in [need.specifier for need in REQUIRED if need.name == name]


def test_what_is_installed_satisfies_every_bound():
    elsewhere = names(EXTRAS["homework"] + EXTRAS["lint"])  # asked for only where they are used
    for need in REQUIRED:
        try:
            installed = version(need.name)
        except PackageNotFoundError:
            assert need.name in elsewhere, f"{need} is not installed"
        else:
            assert need.specifier.contains(installed, prereleases=True), need


def names(lines):
    return {Requirement(line).name for line in lines}


def test_a_reader_gets_no_tool_of_tests_homework_or_lint():
    """Look at all that the course brings, and all that this brings in turn."""
    tools = names(EXTRAS["test"] + EXTRAS["homework"] + EXTRAS["lint"]) | {"dask"}
    tools -= {"packaging", "nbclient", "python-dateutil", "pyyaml"}  # as JupyterLab
    found, waiting = set(), names(PROJECT["dependencies"] + EXTRAS["course"])
    while waiting:
        name = waiting.pop()
        found.add(name)
        for need in map(Requirement, requires(name) or []):
            if need.name not in found and (not need.marker or need.marker.evaluate({"extra": ""})):
                waiting.add(need.name)
    assert {"torch", "ipykernel", "tornado"} <= found
    assert not found & tools


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for need in REQUIRED:
        (line, *_) = [row for row in text.splitlines() if row.strip().startswith(f'"{need.name}')]
        if need.name not in ("pytest",):
            assert "#" in line, f"{need.name} has no comment"


STUB = """#!/bin/sh
# Stands in for python, uv and all the rest: writes down how it was called.
echo "$0 $*" >> calls
if [ "$2" = venv ]; then
  mkdir -p .venv/bin
  for tool in python uv jupyter pytest ruff mypy check-jsonschema; do cp "$0" .venv/bin/$tool; done
fi
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not there")
@pytest.mark.parametrize(
    ("target", "extras", "command"),
    [
        ("lecture", [], "jupyter lab"),
        ("test", [".[course,test,homework]"], "--nbval"),
        ("grade", [".[course,homework]"], "-m grader grade"),
        ("lint", [".[course,lint]"], "ruff check"),
    ],
)
def test_make_installs_what_a_command_needs_and_once(tmp_path, target, extras, command):
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "stub").write_text(STUB, encoding="utf-8")
    (tmp_path / "stub").chmod(0o755)
    own = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}

    def make():
        """Run make; return what it installed, once it has run the command itself."""
        run = ["make", target, "PYTHON=./stub"]
        subprocess.run(run, cwd=tmp_path, env=own, capture_output=True, check=True)
        calls = (tmp_path / "calls").read_text(encoding="utf-8")
        (tmp_path / "calls").unlink()
        assert command in calls
        return [line.split()[-1] for line in calls.splitlines() if " install " in line]

    everything = ["uv", TORCH, ".[course]", *extras]
    assert make() == everything
    assert make() == []
    later = (tmp_path / ".venv/.installed").stat().st_mtime + 60
    os.utime(tmp_path / "pyproject.toml", (later, later))
    assert make()[:3] == everything[:3]


def test_what_services_read_names_what_is_here():
    files = [*ROOT.glob(".github/workflows/*.yml"), ROOT / ".pre-commit-config.yaml"]
    files += [ROOT / name for name in ("Makefile", "README.md", "environment.yml", ".ci/run")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    tests = set(re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text))
    assert ("tests/test_project.py", "test_what_is_installed_satisfies_every_bound") in tests
    for path, name in tests:
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")
    for extras in re.findall(r"\.\[([\w,]+)\]", text):
        assert set(extras.split(",")) <= set(EXTRAS), extras
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert "environment.yml" in container["onCreateCommand"]
    for path in container["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / path).is_file()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])


def test_tests_are_called_the_same_in_every_run_and_every_clone(request, tmp_path):
    """Collect them in a clone elsewhere, where objects have other addresses and sets another order.

    pytest-xdist runs nothing unless all its processes collect the same.
    """
    clone, chosen = tmp_path / "clone", ("--nbval", "--whole")
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "course"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "--quiet",
        "-p",
        "no:cacheprovider",
    ]
    command += [option for option in chosen if request.config.getoption(option)]
    seed = os.environ | {"PYTHONHASHSEED": "1"}
    run = subprocess.run(command, cwd=clone, env=seed, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert {item.nodeid for item in request.session.items} <= set(run.stdout.splitlines())


def test_readme_names_the_two_commands_and_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first_screen = readme[:2500]
    for command in ("make lecture", "make test", "conda env create -f environment.yml"):
        assert command in first_screen
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{path.name}" in readme


def test_the_examples_in_the_readme_run(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    example = "\n".join(examples)
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        f"import matplotlib\nmatplotlib.use('Agg')\n{example}",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    *report, norm = run.stdout.splitlines()
    assert [line.split()[0] for line in report] == [
        "flow:",
        "reach:",
        "gates:",
        "threshold:",
        "try:",
    ]
    assert re.match(r"global norm \d+\.\d, clipped: True, Threshold\(mean=", norm)
    for name in ("flow.png", "norms.png"):
        assert (tmp_path / name).stat().st_size > 5000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_says_that_it_has_types(wheel):
    assert "rnnviz/py.typed" in zipfile.ZipFile(wheel).namelist()


POSTER = """
import sys, torch, rnnviz
assert not sys.modules.get('matplotlib') and not sys.modules.get('ipywidgets')
from rnnviz import plots
plots.growth.compound(rnnviz.growth.compound(1.01, 365)).figure.savefig(sys.argv[1])
try:
    import rnnviz.widgets
except ModuleNotFoundError as error:
    print('missing', error.name)
print(rnnviz.__file__)
"""


def test_the_wheel_imports_and_draws_without_jupyter(wheel, tmp_path, request):
    """Only what the wheel itself asks for is there: no Jupyter, no test tools.

    With ``--whole`` in an empty environment, where PyTorch takes long to install. Else beside this
    one's packages, without ipywidgets.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if request.config.getoption("--whole"):
        venv.create(tmp_path / "empty", with_pip=False)
        python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        # As make does it: on Linux the plain index would bring gigabytes of CUDA.
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        index = re.search(r"TORCH_INDEX \?= (\S+)", makefile)[1]
        pip += ["--python", python, "install", "--no-compile"]
        torch = ["--no-deps", "--retries", "1", "--extra-index-url", index, TORCH]
        subprocess.run([*pip, *torch], check=True, capture_output=True)
        subprocess.run([*pip, wheel], check=True, capture_output=True)
        program = POSTER
    else:
        python, path = sys.executable, str(tmp_path / "alone")
        pip += ["install", "--no-deps", "--target", path, wheel]
        subprocess.run(pip, check=True, capture_output=True)
        program = f"import sys\nsys.path.insert(0, {path!r})\nsys.modules['ipywidgets'] = None\n"
        program += POSTER
    run = subprocess.run(
        [python, "-I", "-c", program, tmp_path / "poster.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "missing ipywidgets" in run.stdout
    assert str(tmp_path) in run.stdout
    assert (tmp_path / "poster.png").stat().st_size > 5000
