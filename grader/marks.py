"""The marks: entering results, and a line of the table for each student and assignment.

One process writes. A result goes into the gradebook in one transaction, then the graded notebook
and last the record that says it is done, each file written beside its place and moved there: a run
that is cut off anywhere leaves what was there before, and does that submission again.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.collect import HandIn, deadlines, handed_in
from grader.course import gradebook
from grader.files import printable, read_lines, write
from grader.roster import Roster

STATES = ("unreadable", "crashed", "timed out")
# What a person may want to look at; the second is of records from before there was a column for it.
ODD = ("odd", "suspicious")
HEAD = ("student", "name", "assignment", "points", "state", "waits", "late", "odd", "notes")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    student : str
        The student's folder; `id` and `name` are those of the class list.
    points : float or None
        None where there is nothing that could have earned any; likewise in `tasks`.
    waits : int
        How many answers wait for a person.
    tasks : dict of str to float or None
        The points of each task by its number.
    """

    student: str
    assignment: str
    points: float | None
    maximum: float | None
    state: str
    notes: str = ""
    odd: str = ""
    waits: int = 0
    tasks: dict = field(default_factory=dict)
    id: str = ""
    name: str = ""
    late: str = ""
    handed_in: str = ""


def digest(content: bytes, source: str) -> str:
    """Return what tells whether a submission, or what it is graded by, has changed."""
    return hashlib.sha256(source.encode() + b"\0" + content).hexdigest()


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

    def recorded(self) -> list[tuple[str, str]]:
        """Return student and assignment of each submission that there is a record of."""
        paths = sorted((self.root / "records").glob("*/*.json"))
        return [(path.parent.name, path.stem) for path in paths]

    def enter(self, result, *, mark: str) -> None:
        """Enter the `Result` of a submission; `mark` is its `digest`.

        Raises
        ------
        OSError
            If the disk is full or may not be written; the marks are then as they were.
        """
        record = {"digest": mark, "events": result.events, "scores": result.scores}
        if result.graded:
            path = self.root / "autograded" / result.student / result.assignment
            path /= f"{result.assignment}.ipynb"
            before = self.record(result.student, result.assignment).get("answers")
            if before is None and path.exists():  # a record from before there were answers in it
                before = _answers(path.read_text(encoding="utf-8"), result.scores)
            record["answers"] = _answers(result.graded, result.scores)
            self._enter_scores(result, record["answers"], before or {})
            write(path, result.graded)
        path = self._record_path(result.student, result.assignment)
        write(path, json.dumps(record, indent=1) + "\n")

    def _enter_scores(self, result, now: dict, before: dict) -> None:
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import SQLAlchemyError

        with gradebook(self.url) as book:
            try:
                book.update_or_create_student(result.student)
                found = book.update_or_create_submission(result.assignment, result.student)
                for part in found.notebooks:
                    for grade in part.grades:
                        points, name = result.scores[grade.name], grade.name
                        text, most = now[name] = [now[name][0], grade.cell.max_score]
                        old = before.get(name, ["", None])
                        same = old[0] == text and old[1] in (None, most)
                        if grade.manual_score is None:
                            grade.needs_manual_grade = points is None
                        # What a person gave stands; what it was given for may be another now.
                        elif not same or points != grade.auto_score:
                            grade.needs_manual_grade = True
                        grade.auto_score = points
                book.db.commit()
            except (InvalidEntry, SQLAlchemyError) as error:
                book.db.rollback()
                said = str(error).partition("\n")[0]
                raise OSError(f"the gradebook could not be written: {said}") from error

    def row_of_record(self, student: str, assignment: str, note: str = "") -> Row:
        """Return the line of a submission, with the points that a person gave since."""
        from nbgrader.api import MissingEntry

        record = self.record(student, assignment)
        events = [*record["events"], *([("note", note)] if note else [])]
        kinds = {kind for kind, _ in events}
        odd = dict.fromkeys(line for kind, line in events if kind in ODD)
        notes = dict.fromkeys(line for kind, line in events if kind not in ODD)
        state = next((one for one in STATES if one in kinds), "graded")
        row = Row(student, assignment, None, None, state, "; ".join(notes), "; ".join(odd))
        if not record["scores"]:
            return row
        with gradebook(self.url) as book:
            try:
                found = book.find_submission(assignment, student)
            except MissingEntry:
                return row
            grades = [grade for part in found.notebooks for grade in part.grades]
            waits = sum(one.needs_manual_grade for one in grades)
            tasks = {}
            for one in grades:
                open_ = one.needs_manual_grade and one.manual_score is None
                number = one.name.partition("-")[2].replace("-", ".")
                tasks[number] = None if open_ else one.score
            points = (float(found.score), float(found.max_score))
        return replace(row, points=points[0], maximum=points[1], waits=waits, tasks=tasks)

    def _record_path(self, student: str, assignment: str) -> Path:
        return self.root / "records" / student / f"{assignment}.json"


def _answers(notebook: str, names: Iterable[str]) -> dict[str, list]:
    """Return a hash of what the student wrote for each graded cell: for a check, what it checks."""
    texts = {one.get("id"): "".join(one["source"]) for one in json.loads(notebook)["cells"]}
    mine = {name: texts.get(name.replace("check-", "solve-"), "") for name in names}
    return {name: [hashlib.sha256(one.encode()).hexdigest(), None] for name, one in mine.items()}


def complete(root: Path, rows: list[Row]) -> list[Row]:
    """Return the whole table: with ids and names, and a line for who handed in nothing.

    That is for each assignment which anybody handed in. What was graded once stays in it.
    """
    roster, times, until, marks = Roster(root), handed_in(root), deadlines(root), Marks(root)
    there = {(row.student, row.assignment) for row in rows}
    gone = [key for key in marks.recorded() if key not in there]
    rows = rows + [marks.row_of_record(*key, "no longer in submitted/") for key in gone]
    there.update(gone)
    with gradebook(marks.url) as book:
        asked = {one.name for one in book.assignments} & {assignment for _, assignment in there}
    unplaced = read_lines(root / "unplaced.csv")
    for one in roster.students.values():
        for assignment in asked if not one.standing else ():
            if (one.folder, assignment) not in there:
                lines = [each for each in unplaced if each["folder"] == one.folder]
                lines = [each for each in lines if each["assignment"] in ("", assignment)]
                notes = "; ".join(f"{each['file']}: {each['why']}" for each in lines)
                rows.append(Row(one.folder, assignment, None, None, "nothing handed in", notes))
    made = []
    for row in sorted(rows, key=lambda row: (row.student, row.assignment)):
        who = roster.of(row.student)
        came = times.get((row.student, row.assignment), HandIn("", ""))
        late = came.was_late(until.get(row.assignment))
        time = came.time if came.by == "worksheet" else came.time and f"by {came.time}"
        odd = "; ".join(filter(None, (row.odd, roster.listed and who.standing)))
        made.append(replace(row, id=who.id, name=who.name, odd=odd, late=late, handed_in=time))
    return made


def table(rows: list[Row]) -> str:
    """Return the rows as text, in columns."""
    lines = [HEAD, *(_cells(row) for row in rows)]
    lines = [tuple(map(printable, line)) for line in lines]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    padded = [
        (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese letters take two."""
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def _cells(row: Row) -> tuple[str, ...]:
    points = "–" if row.points is None else f"{row.points:g} of {row.maximum:g}"
    waits = str(row.waits or "")
    who = row.id or row.student
    return who, row.name, row.assignment, points, row.state, waits, row.late, row.odd, row.notes
