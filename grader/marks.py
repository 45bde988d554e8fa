"""The marks: entering results, reading them back as a table.

One process writes. A result goes into the gradebook in one transaction, then the graded notebook
and last the record that says it is done, each file written beside its place and moved there: a run
that is cut off anywhere leaves what was there before, and does that submission again.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from grader.course import gradebook
from grader.shard import Result, state_of


@dataclass(frozen=True)
class Row:
    """One line of the table; `points` is None where there is nothing that could have earned any."""

    student: str
    assignment: str
    points: float | None
    maximum: float | None
    state: str
    notes: str


def digest(content: bytes, source: str) -> str:
    """Return what tells whether a submission, or what it is graded by, has changed."""
    return hashlib.sha256(source.encode() + b"\0" + content).hexdigest()


def write(path: Path, text: str) -> None:
    """Replace a file in one step; the old one stays whole if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class Marks:
    """The marks of a course folder.

    Parameters
    ----------
    root : Path
        The course folder.

    Raises
    ------
    FileNotFoundError
        If nothing was released there.
    """

    def __init__(self, root: Path):
        if not (root / "gradebook.db").exists():
            raise FileNotFoundError(f"no gradebook in {root}: run `make homework` first")
        self.root = root
        self.url = f"sqlite:///{root / 'gradebook.db'}"

    def record(self, student: str, assignment: str) -> dict:
        """Return what is known of a submission that was graded, else an empty dict."""
        try:
            return json.loads(self._record_path(student, assignment).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def enter(self, result: Result, *, mark: str) -> None:
        """Enter a result; `mark` is its `digest`.

        Raises
        ------
        OSError
            If the disk is full or may not be written; the marks are then as they were.
        """
        if result.graded:
            self._enter_scores(result)
            folder = self.root / "autograded" / result.student / result.assignment
            write(folder / f"{result.assignment}.ipynb", result.graded)
        record = {"digest": mark, "events": result.events, "scores": result.scores}
        path = self._record_path(result.student, result.assignment)
        write(path, json.dumps(record, indent=1) + "\n")

    def recorded(self) -> list[tuple[str, str]]:
        """Return student and assignment of each submission that there is a record of."""
        paths = sorted((self.root / "records").glob("*/*.json"))
        return [(path.parent.name, path.stem) for path in paths]

    def row_of_record(self, student: str, assignment: str, note: str = "") -> Row:
        """Return the line of a submission, with the points that a person gave since."""
        record = self.record(student, assignment)
        events = [tuple(event) for event in record["events"]]
        events += [("note", note)] if note else []
        return self._row(student, assignment, events, graded=bool(record["scores"]))

    def _row(self, student: str, assignment: str, events: list, *, graded: bool) -> Row:
        from nbgrader.api import MissingEntry

        points = maximum = None
        waiting = False
        if graded:
            with gradebook(self.url) as book:
                try:
                    found = book.find_submission(assignment, student)
                except MissingEntry:
                    pass
                else:
                    points, maximum = float(found.score), float(found.max_score)
                    waiting = bool(found.needs_manual_grade)
        state = state_of(events, waiting=waiting)
        notes = "; ".join(dict.fromkeys(line for _, line in events))
        return Row(student, assignment, points, maximum, state, notes)

    def _record_path(self, student: str, assignment: str) -> Path:
        return self.root / "records" / student / f"{assignment}.json"

    def _enter_scores(self, result: Result) -> None:
        from sqlalchemy.exc import OperationalError

        with gradebook(self.url) as book:
            try:
                book.update_or_create_student(result.student)
                found = book.update_or_create_submission(result.assignment, result.student)
                for part in found.notebooks:
                    for grade in part.grades:
                        grade.auto_score = result.scores[grade.name]
                        # What a person gave before stands, and is to be looked at again.
                        given = grade.manual_score is not None
                        grade.needs_manual_grade = given or grade.auto_score is None
                book.db.commit()
            except OperationalError as error:
                book.db.rollback()
                raise OSError(f"the gradebook could not be written: {error.orig}") from error


def table(rows: list[Row]) -> str:
    """Return the rows as text, in columns."""
    head = ("student", "assignment", "points", "state", "notes")
    lines = [head, *((r.student, r.assignment, _points(r), r.state, r.notes) for r in rows)]
    lines = [tuple(map(printable, line)) for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [map(str.ljust, line, widths) for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def printable(text: str) -> str:
    """Return text without what a terminal obeys: a file's name may hold a line, or an escape."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _points(row: Row) -> str:
    return "–" if row.points is None else f"{row.points:g} of {row.maximum:g}"
