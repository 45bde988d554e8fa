"""What a newcomer relies on: the environments, the wheel, the two commands."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [
    Requirement(line)
    for line in [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
]
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
    homework = [Requirement(line).name for line in PROJECT["optional-dependencies"]["homework"]]
    for need in REQUIRED:
        if need.name in homework and not find_spec(need.name):
            continue  # what grades the homework is asked for only where it is graded
        assert need.specifier.contains(version(need.name), prereleases=True), need


def test_makefile_installs_the_torch_that_pyproject_pins():
    (pin,) = [need for need in REQUIRED if need.name == "torch" and "==" in str(need.specifier)]
    assert f" {pin}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for need in REQUIRED:
        (line, *_) = [row for row in text.splitlines() if row.strip().startswith(f'"{need.name}')]
        if need.name not in ("pytest",):
            assert "#" in line, f"{need.name} has no comment"


@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv" or not shutil.which("make"),
    reason="not the environment of make",
)
def test_a_second_make_has_nothing_to_install():
    for target, command in (
        ("lecture", "jupyter lab"),
        ("test", "pytest"),
        ("grade", "homework.py"),
    ):
        run = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert command in run.stdout
        assert "pip install" not in run.stdout


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

    With ``--whole`` in an empty environment, which PyTorch takes long to be installed in. Else
    beside this one's packages, without ipywidgets.
    """
    install = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if request.config.getoption("--whole"):
        venv.create(tmp_path / "empty", with_pip=False)
        python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        pin = next(str(need) for need in REQUIRED if "torch==" in str(need))
        install += ["--python", python, "install", "--no-compile", wheel, pin]
        program = POSTER
    else:
        python = sys.executable
        install += ["install", "--no-deps", "--target", tmp_path / "alone", wheel]
        path = str(tmp_path / "alone")
        program = f"import sys\nsys.path.insert(0, {path!r})\nsys.modules['ipywidgets'] = None\n"
        program += POSTER
    subprocess.run(install, check=True, capture_output=True)
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
