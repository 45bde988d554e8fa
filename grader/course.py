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
from grader.source import read

# nbgrader starts `alembic` by its bare name, which a virtual environment may not have on the PATH.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

STUB = '# your code here\nraise NotImplementedError("this part is still to be written")'
TEXT_STUB = "*Your answer here.*"


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
def gradebook(url: str):
    """Open nbgrader's gradebook, silently: what SQLAlchemy warns of there is nbgrader's own."""
    from nbgrader.api import Gradebook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Gradebook(url) as book:
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
    """
    for assignment, text in sources.items():
        folder = root / "source" / assignment
        folder.mkdir(parents=True, exist_ok=True)
        notebook = nbformat.writes(read(text)) + "\n"
        (folder / f"{assignment}.ipynb").write_text(notebook, encoding="utf-8")
        shutil.copytree(
            HOMEWORK / "checks",
            folder / "checks",
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
        _release(root, assignment)


def _release(root: Path, assignment: str) -> None:
    from nbgrader.converters import GenerateAssignment
    from traitlets.config import Config

    settings = Config()
    settings.ClearSolutions.code_stub = {"python": STUB}
    settings.ClearSolutions.text_stub = TEXT_STUB
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


def feedback(root: Path, assignments: list[str], *, early: bool = False) -> tuple[int, int]:
    """Have nbgrader write a page of feedback for each graded submission.

    Parameters
    ----------
    root : Path
        The course folder.
    assignments : list of str
        Of these.
    early : bool
        Also where explanations wait for a person. On the page these stand as 0 points, as if
        somebody had given them.

    Returns
    -------
    written, waiting : int
        How many pages there are, and how many were left out.

    Raises
    ------
    RuntimeError
        At the end, if nbgrader failed for some of them.
    """
    from nbgrader.converters import GenerateFeedback

    failed = []
    for assignment in assignments:
        if any((root / "autograded").glob(f"*/{assignment}/{assignment}.ipynb")):
            converter = GenerateFeedback(coursedir=directory(root, assignment=assignment))
            converter.force = True
            try:
                with telling(converter):
                    converter.start()
            except RuntimeError as error:
                failed.append(f"{assignment}: {error}")
    pages, waiting = list((root / "feedback").glob("*/*/*.html")), 0
    with (
        gradebook(f"sqlite:///{root / 'gradebook.db'}")
        if pages
        else contextlib.nullcontext() as book
    ):
        for page in pages:
            _, student, assignment, _ = page.relative_to(root).parts
            if book.find_submission(assignment, student).needs_manual_grade and not early:
                shutil.rmtree(page.parent)
                waiting += 1
    if failed:  # nbgrader has gone on with the other students; so did we with other assignments
        raise RuntimeError("; ".join(failed))
    return len(pages) - waiting, waiting
