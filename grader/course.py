"""The course folder as nbgrader knows it, and releasing assignments into it."""

import contextlib
import io
import logging
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import nbformat

from grader import HOMEWORK
from grader.formgrader import set_stubs
from grader.sandbox import package
from grader.source import read

# nbgrader starts `alembic` by its bare name, which a virtual environment may not have on the PATH.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# What a student finds beside the notebook; it runs with nothing else.
REQUIREMENTS = "torch>=2.13\njaxtyping>=0.3.3\nmatplotlib>=3.10\nipywidgets>=8.1\njupyterlab>=4.4\n"
README = """# {name}

1. Python 3.11 to 3.14: `python -m venv .venv`, then `.venv/bin/pip install -r requirements.txt`
   (Windows: `.venv\\Scripts\\pip`).
2. `.venv/bin/jupyter lab {name}.ipynb`, here in this folder: `checks` and `rnnviz` lie beside it.
3. Put in your token, write where it says `# your code here`, and run the check below each task.
4. Hand in `{name}.ipynb` alone, under this name.
"""


@contextlib.contextmanager
def telling(converter):
    """Run an nbgrader converter silently; if it fails, say what it wrote to its log.

    Raises
    ------
    RuntimeError
        With the end of the log.
    """
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    converter.log.addHandler(handler)
    converter.log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's and nbconvert's own
            yield
    except Exception as error:
        raise RuntimeError(f"nbgrader failed: {written.getvalue()[-2000:] or error}") from error
    finally:
        converter.log.removeHandler(handler)


@contextlib.contextmanager
def gradebook(root: Path):
    """Open a course's gradebook, silently: what SQLAlchemy warns of there is nbgrader's own."""
    from nbgrader.api import Gradebook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            yield book


def directory(root: Path, *, assignment: str = "", student: str = "*"):
    """Return nbgrader's description of a course folder."""
    from nbgrader.coursedir import CourseDirectory

    where = CourseDirectory()
    where.root = str(root)
    where.assignment_id = assignment
    where.student_id = student
    return where


def generate(root: Path, sources: dict[str, str]) -> None:
    """Write instructor notebooks into ``source`` and have nbgrader make ``release`` of them.

    Parameters
    ----------
    root : Path
        The course folder.
    sources : dict
        Texts of instructor sources by assignment.

    Raises
    ------
    ValueError
        If a task was added or removed after work was graded; nothing is changed then.
    """
    notebooks = {assignment: read(text) for assignment, text in sources.items()}
    for assignment, notebook in notebooks.items():
        _refuse_other_tasks(root, assignment, notebook)
    for assignment, notebook in notebooks.items():
        folder = root / "source" / assignment
        folder.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(notebook) + "\n"
        (folder / f"{assignment}.ipynb").write_text(text, encoding="utf-8")
        (folder / "README.md").write_text(README.format(name=assignment), encoding="utf-8")
        (folder / "requirements.txt").write_text(REQUIREMENTS, encoding="utf-8")
        for package_ in (HOMEWORK / "checks", package()):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(package_, folder / package_.name, ignore=ignored, dirs_exist_ok=True)
        _release(root, assignment)


def _refuse_other_tasks(root: Path, assignment: str, notebook: nbformat.NotebookNode) -> None:
    """Nbgrader keeps the tasks of an assignment that work was handed in for."""
    from nbgrader.api import MissingEntry

    if not (root / "gradebook.db").exists():
        return
    with gradebook(root) as book, contextlib.suppress(MissingEntry):
        known = book.find_notebook(assignment, assignment)
        cells = {cell.name for cell in (*known.grade_cells, *known.solution_cells)}
        other = cells ^ {cell.id for cell in notebook.cells if "nbgrader" in cell.metadata}
        if known.submissions and other:
            raise ValueError(
                f"{assignment}: expected the tasks that work was graded for, "
                f"came others ({', '.join(sorted(other))}). Texts, points and checks of a task may "
                "change; put a new task into the next assignment, or start a new COURSE="
            )


def _release(root: Path, assignment: str) -> None:
    from nbgrader.converters import GenerateAssignment
    from traitlets.config import Config

    settings = Config()
    set_stubs(settings)
    converter = GenerateAssignment(
        coursedir=directory(root, assignment=assignment, student="."), config=settings
    )
    converter.force = True
    with telling(converter):
        converter.start()


def student_versions(sources: dict[str, str]) -> dict[str, str]:
    """Return the notebooks that students get, of instructor sources by assignment."""
    with tempfile.TemporaryDirectory(prefix="homework-release-") as folder:
        generate(Path(folder), sources)
        return {name: released(Path(folder), name) for name in sources}


def released(root: Path, assignment: str) -> str:
    """Return the text of a student version in a course folder."""
    path = root / "release" / assignment / f"{assignment}.ipynb"
    return path.read_text(encoding="utf-8")
