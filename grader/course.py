"""The course folder as nbgrader knows it, and releasing assignments into it."""

import contextlib
import io
import logging
import os
import shutil
import sys
import warnings
from pathlib import Path

import nbformat
from traitlets.config import Config

from grader import HOMEWORK
from grader.formgrader import with_mathml
from grader.sandbox import package
from grader.source import TEXT_STUB, read

CODE_STUB = '# your code here\nraise NotImplementedError("this part is still to be written")'
# nbgrader starts `alembic` by its bare name, which a virtual environment may not have on the PATH.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@contextlib.contextmanager
def gradebook(root: Path):
    """Open a course's gradebook, silently: what SQLAlchemy warns of there is nbgrader's own."""
    from nbgrader.api import Gradebook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            yield book


def convert(kind: type, root: Path, assignment: str, student: str = "*", preprocessors=()) -> None:
    """Run a converter of nbgrader's silently; if it fails, say what it wrote to its log."""
    from nbgrader.coursedir import CourseDirectory

    where = CourseDirectory(root=str(root), assignment_id=assignment, student_id=student)
    settings, written = Config(), io.StringIO()
    settings.ClearSolutions.code_stub = {"python": CODE_STUB}
    settings.ClearSolutions.text_stub = TEXT_STUB
    settings.HTMLExporter.filters = {"markdown2html": with_mathml}
    converter = kind(coursedir=where, config=settings)
    converter.force = True
    converter.preprocessors = [*converter.preprocessors, *preprocessors]
    handler = logging.StreamHandler(written)
    converter.log.addHandler(handler)
    converter.log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nbgrader's and nbconvert's own
            converter.start()
    except Exception as error:
        raise RuntimeError(f"nbgrader failed: {written.getvalue()[-2000:] or error}") from error
    finally:
        converter.log.removeHandler(handler)


def generate(root: Path, sources: dict[str, str]) -> None:
    """Write notebooks of the sources into ``source``; have nbgrader make ``release`` of them.

    Raises
    ------
    ValueError
        If a task was added or removed after work was graded; nothing is changed then.
    """
    from nbgrader.converters import GenerateAssignment

    notebooks = {assignment: read(text) for assignment, text in sources.items()}
    for assignment, notebook in notebooks.items():
        _refuse_other_tasks(root, assignment, notebook)
    for assignment, notebook in notebooks.items():
        folder = root / "source" / assignment
        folder.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(notebook) + "\n"
        (folder / f"{assignment}.ipynb").write_text(text, encoding="utf-8")
        for path in (HOMEWORK / "sources" / "handout").iterdir():
            words = path.read_text(encoding="utf-8").replace("{name}", assignment)
            (folder / path.name).write_text(words, encoding="utf-8")
        for beside in (HOMEWORK / "checks", package()):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(beside, folder / beside.name, ignore=ignored, dirs_exist_ok=True)
        convert(GenerateAssignment, root, assignment, ".")


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


def released(root: Path, assignment: str) -> str:
    """Return the text of a student version in a course folder."""
    path = root / "release" / assignment / f"{assignment}.ipynb"
    return path.read_text(encoding="utf-8")
