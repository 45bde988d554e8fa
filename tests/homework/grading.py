"""A course folder for the tests, and grading in it as `make grade` does."""

import csv
import io
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode

from grader import course, keys, run, shard, source
from grader.sandbox import USUAL
from grader.table import rows_of
from submissions import MINI, SOURCES, hand_in

# More than honest work needs on the busiest machine; and little for what never ends by itself, of
# which it is tested that it is ended, not when.
AMPLE = replace(USUAL, cell_seconds=60.0, total_seconds=300.0, memory_megabytes=512)
HURRIED = replace(AMPLE, cell_seconds=2.0)


def new_course(root: Path, *assignments: str) -> str:
    """Release assignments into a new course folder; return its secret."""
    root.mkdir(exist_ok=True)
    keys.new_secret(root / "secret")
    course.generate(root, {name: SOURCES[name] for name in assignments or SOURCES})
    (root / "submitted").mkdir()
    return keys.read_secret(root / "secret")


def graded(root: Path, *assignments: str, **options) -> dict:
    """Grade a course folder; return the rows of the table by student and assignment."""
    sources = {name: SOURCES[name] for name in assignments or SOURCES}
    return {(row.student, row.assignment): row for row in _graded(root, sources, **options)}


def _graded(root: Path, sources: dict, *, hurried: tuple[str, ...] = (), **options) -> list:
    """Grade a course folder, with little time for some students and ample time for the others."""

    def job(**parts) -> shard.Job:
        made = shard.Job(**parts)
        return replace(made, limits=HURRIED) if made.student in hurried else made

    with mock.patch.object(run, "Job", job):
        run.grade_all(root, sources, limits=AMPLE, **options)
    return rows_of(root)


def exported(root: Path) -> list[dict]:
    """Return the lines of a course's marks.csv."""
    text = (root / "marks.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


class Inline(Executor):
    """Grades in this process, one after the other; stops as if interrupted after some."""

    def __init__(self, stop_after=None, instead=None):
        self.done, self.stop_after, self.instead = 0, stop_after, instead

    def submit(self, function, job):
        if self.done == self.stop_after:
            raise KeyboardInterrupt
        self.done += 1
        future = Future()
        try:
            future.set_result((self.instead or function)(job))
        except Exception as error:
            future.set_exception(error)
        return future


def mini_course(root: Path, *students: str, **cells: str) -> str:
    """Make a course of the small assignment and hand in the model solution for each student."""
    root.mkdir(exist_ok=True)
    keys.new_secret(root / "secret")
    course.generate(root, {"mini": MINI})
    (root / "submitted").mkdir()
    secret = keys.read_secret(root / "secret")
    for student in students:
        mini_hand_in(root, student, **cells)
    return secret


def mini_notebook(root: Path, student: str, **cells: str) -> NotebookNode:
    """Return a student's notebook of the small assignment; other cells by id (``solve_9_1=…``)."""
    path = root / "release" / "mini" / "mini.ipynb"
    made = nbformat.read(path, as_version=4)
    model = {cell.id: cell.source for cell in source.read(MINI).cells}
    token = keys.token(keys.read_secret(root / "secret"), student)
    given = {key.replace("_", "-"): text for key, text in cells.items()}
    for cell in made.cells:
        if cell.id.startswith(("solve", "explain")):
            cell.source = given.get(cell.id, model[cell.id])
        elif cell.id == "token":
            cell.source = given.get("token", f"TOKEN = {token!r}")
    return made


def mini_hand_in(root: Path, student: str, **cells: str) -> Path:
    """Hand in a student's notebook of the small assignment."""
    return hand_in(
        root, student, "mini", nbformat.writes(mini_notebook(root, student, **cells)).encode()
    )


def mini_graded(root: Path, **options) -> dict:
    """Grade a course of the small assignment; return its rows by student."""
    rows = _graded(root, {"mini": MINI}, **{"executor": Inline()} | options)
    return {row.student: row for row in rows}
