"""The table: a line for each student and assignment, from what lies in the course folder."""

import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.collect import HandIn, collect, deadlines, handed_in
from grader.course import gradebook
from grader.files import printable, read_lines
from grader.marks import Marks
from grader.roster import Roster

FAILED = "not graded"  # by a fault of the grader
STATES = ("unreadable", FAILED, "crashed", "timed out")
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


def rows_of(root: Path) -> list[Row]:
    """Return the table of a course folder, sorted by student and assignment.

    It has a line for each hand-in, graded or not; for what was graded once; and, of each assignment
    that anybody handed in (not one by mistake), for who of the class list did not.
    """
    roster, times, until, marks = Roster(root), handed_in(root), deadlines(root), Marks(root)
    made, submitted = [], root / "submitted"
    with gradebook(root) as book:
        assignments = [one.name for one in book.assignments]
        for one in collect(submitted, assignments) if submitted.is_dir() else ():
            key = (one.student, one.assignment)
            if one.problem:
                made.append(Row(*key, None, None, "unreadable", one.problem))
            elif record := marks.record(*key):
                made.append(_graded(book, record, *key, one.note))
            else:
                made.append(Row(*key, None, None, "not graded yet", "run `make grade`"))
        there = {(row.student, row.assignment) for row in made}
        gone = [key for key in marks.recorded() if key not in there]
        left = "no longer in submitted/"
        made += [_graded(book, marks.record(*key), *key, left) for key in gone]
        there.update(gone)
    strays = {key for key in there if key in times and times[key].stray}
    asked = {*assignments} & {assignment for _, assignment in there - strays}
    made += _missing(root, roster, there, asked)
    whole = []
    for row in sorted(made, key=lambda row: (row.student, row.assignment)):
        who = roster.of(row.student)
        came = times.get((row.student, row.assignment), HandIn("", ""))
        late = came.was_late(until.get(row.assignment))
        time = came.time if came.by == "worksheet" else came.time and f"by {came.time}"
        odd = "; ".join(filter(None, (row.odd, roster.listed and who.standing)))
        stray = "it was handed in as another assignment" if came.stray else ""
        notes = "; ".join(filter(None, (stray, row.notes)))
        told = {"odd": odd, "notes": notes, "late": late, "handed_in": time}
        whole.append(replace(row, id=who.id, name=who.name, **told))
    return whole


def _missing(root: Path, roster: Roster, there: set, asked: set[str]) -> list[Row]:
    unplaced, made = read_lines(root / "unplaced.csv"), []
    for one in roster.students.values():
        for assignment in asked if not one.standing else ():
            if (one.folder, assignment) not in there:
                lines = [each for each in unplaced if each["folder"] == one.folder]
                lines = [each for each in lines if each["assignment"] in ("", assignment)]
                notes = "; ".join(f"{each['file']}: {each['why']}" for each in lines)
                state = "no notebook" if notes else "nothing handed in"
                made.append(Row(one.folder, assignment, None, None, state, notes))
    return made


def _graded(book, record: dict, student: str, assignment: str, note: str) -> Row:
    """Return the line of a submission that there is a record of, with what a person gave since."""
    from nbgrader.api import MissingEntry

    events = [*record["events"], *([("note", note)] if note else [])]
    kinds = {kind for kind, _ in events}
    odd = dict.fromkeys(line for kind, line in events if kind in ODD)
    notes = dict.fromkeys(line for kind, line in events if kind not in ODD)
    state = next((one for one in STATES if one in kinds), "graded")
    row = Row(student, assignment, None, None, state, "; ".join(notes), "; ".join(odd))
    if not record["scores"]:
        return row
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
    points, most = float(found.score), float(found.max_score)
    return replace(row, points=points, maximum=most, waits=waits, tasks=tasks)


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
