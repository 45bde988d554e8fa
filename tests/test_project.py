"""What a newcomer relies on: the environments, the wheel, the two commands."""

import os
import re
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


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="not the environment of make")
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


def test_the_wheel_installs_and_imports_in_an_empty_environment(wheel, tmp_path):
    """Only what the wheel itself asks for is there: no Jupyter, no test tools."""
    venv.create(tmp_path / "empty", with_pip=False)
    python = tmp_path / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    install += ["--no-compile", "--disable-pip-version-check"]
    pin = next(str(need) for need in REQUIRED if "torch==" in str(need))
    subprocess.run([*install, wheel, pin], check=True, capture_output=True)
    program = (
        "import sys, torch, rnnviz\n"
        "assert 'matplotlib' not in sys.modules and 'ipywidgets' not in sys.modules\n"
        "from rnnviz import plots\n"
        "plots.growth.compound(rnnviz.growth.compound(1.01, 365)).figure.savefig(sys.argv[1])\n"
        "try:\n"
        "    import rnnviz.widgets\n"
        "except ModuleNotFoundError as error:\n"
        "    print('missing', error.name)\n"
        "print(rnnviz.__file__)\n"
    )
    run = subprocess.run(
        [python, "-I", "-c", program, tmp_path / "poster.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "missing ipywidgets" in run.stdout
    assert str(tmp_path) in run.stdout
    assert (tmp_path / "poster.png").stat().st_size > 5000
