"""The table: a line for each student and assignment, from what lies in the course folder."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from tabulate import tabulate

from grader.collect import HandIn, collect, deadlines, handed_in
from grader.course import gradebook
from grader.files import printable
from grader.marks import Marks
from grader.roster import Roster

FAILED = "not graded"  # by a fault of the grader
STATES = ("unreadable", FAILED, "crashed", "timed out")
HEAD = ("student", "name", "assignment", "points", "state", "waits", "late", "odd", "notes")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    student: str  # the folder
    assignment: str
    state: str
    notes: str = ""
    points: float | None = None  # None where there is nothing that could have earned any
    maximum: float | None = None
    odd: str = ""
    waits: int = 0  # how many answers wait for a person
    tasks: dict = field(default_factory=dict)  # points, or None, by the tasks' numbers
    id: str = ""  # of the class list, as is the name
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
                made.append(Row(*key, "unreadable", one.problem))
            elif record := marks.record(*key):
                made.append(_graded(book, record, *key, one.note))
            else:
                made.append(Row(*key, "not graded yet", "run `make grade`"))
        there = {(row.student, row.assignment) for row in made}
        gone = [key for key in marks.recorded() if key not in there]
        made += [_graded(book, marks.record(*key), *key, "no longer in submitted/") for key in gone]
    there.update(gone)
    strays = {key for key in there if key in times and times[key].stray}
    asked = {*assignments} & {assignment for _, assignment in there - strays}
    class_ = [one.folder for one in roster.students.values() if not one.standing]
    missing = {(folder, assignment) for folder in class_ for assignment in asked} - there
    made += [Row(*key, "nothing handed in") for key in missing]
    whole = []
    for row in sorted(made, key=lambda row: (row.student, row.assignment)):
        who = roster.of(row.student)
        came = times.get((row.student, row.assignment), HandIn("", ""))
        late = came.was_late(until.get(row.assignment))
        time = came.time if came.by == "worksheet" else came.time and f"by {came.time}"
        odd = _listed(row.odd, roster.listed and who.standing)
        notes = _listed(came.stray and "it was handed in as another assignment", row.notes)
        told = {"odd": odd, "notes": notes, "late": late, "handed_in": time}
        whole.append(replace(row, id=who.id, name=who.name, **told))
    return whole


def _graded(book, record: dict, student: str, assignment: str, note: str) -> Row:
    """Return the line of a submission that there is a record of, with what a person gave since."""
    from nbgrader.api import MissingEntry

    events = [*record["events"], ("note", note)]
    odd = _listed(*(line for kind, line in events if kind == "odd"))
    notes = _listed(*(line for kind, line in events if kind != "odd"))
    state = next((one for one in STATES if one in {kind for kind, _ in events}), "graded")
    row = Row(student, assignment, state, notes, odd=odd)
    try:
        found = record["scores"] and book.find_submission(assignment, student)
    except MissingEntry:
        return row
    if not found:
        return row
    grades = [grade for part in found.notebooks for grade in part.grades]
    numbers = [one.name.partition("-")[2].replace("-", ".") for one in grades]
    given = [
        None if one.needs_manual_grade and one.manual_score is None else one.score for one in grades
    ]
    return replace(
        row,
        points=float(found.score),
        maximum=float(found.max_score),
        waits=sum(one.needs_manual_grade for one in grades),
        tasks=dict(zip(numbers, given, strict=True)),
    )


def _listed(*lines) -> str:
    return "; ".join(dict.fromkeys(filter(None, lines)))


def table(rows: list[Row]) -> str:
    """Return the rows as text, in columns."""
    lines = [[printable(cell) for cell in _cells(row)] for row in rows]
    return tabulate(lines, HEAD, "plain", disable_numparse=True)


def _cells(row: Row) -> tuple[str, ...]:
    points = "–" if row.points is None else f"{row.points:g} of {row.maximum:g}"
    waits = str(row.waits or "")
    who = row.id or row.student
    return who, row.name, row.assignment, points, row.state, waits, row.late, row.odd, row.notes
