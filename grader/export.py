"""The marks as files: marks.csv, what Moodle and Canvas import, and the feedback as zips."""

import io
import re
import zipfile
from collections import defaultdict
from pathlib import Path

from grader.collect import handed_in
from grader.files import write, write_table
from grader.roster import Roster
from grader.table import Row, rows_of

HEAD = ("id", "name", "folder", "assignment", "points", "maximum")
REST = ("state", "waits", "late", "handed in", "odd", "notes")
# Moodle looks for these words of its own language, and refuses a sheet without the last column.
MOODLE = {
    "Participant ": "Identifier|Full name|Email address|Grade|Maximum grade|Last modified (grade)",
    "Teilnehmer/in": "ID|Vollständiger Name|E-Mail-Adresse|Bewertung|Bestwertung|"
    "Zuletzt geändert (Bewertung)",
}
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def write_csv(root: Path) -> list[str]:
    """Write marks.csv and the import files that the class list allows; say what was left out."""
    rows = rows_of(root)
    tasks = sorted({task for row in rows for task in row.tasks}, key=_by_number)
    lines = [(*HEAD, *tasks, *REST)]
    for row in rows:
        who = (row.id, row.name, row.student, row.assignment, _or(row.points), _or(row.maximum))
        rest = (row.state, row.waits or "", row.late, row.handed_in, row.odd, row.notes)
        lines.append((*who, *(_or(row.tasks.get(task)) for task in tasks), *rest))
    write_table(root / "marks.csv", lines)
    told = [f"{len(rows)} lines are in {root / 'marks.csv'}"]
    done = [row for row in rows if row.points is not None and not row.waits]
    if waiting := sum(row.points is not None for row in rows) - len(done):
        told.append(f"{waiting} wait for a person (`make formgrader`): not in the files for an LMS")
    for old in (*root.glob("moodle-*.csv"), *root.glob("canvas.csv")):
        old.unlink()
    roster = Roster(root)
    names = [*_moodle(root, done, roster), *_canvas(root, done, roster)]
    return told + [f"for the LMS: {name}" for name in names or ["nothing yet"]]


def _moodle(root: Path, rows: list[Row], roster: Roster) -> list[str]:
    times, sheets = handed_in(root), defaultdict(list)
    german = any("vollständiger name" in one.line for one in roster.listed)
    word = list(MOODLE)[german]
    for row in rows:
        came, who = times.get((row.student, row.assignment)), roster.of(row.student)
        of_list = "" if "sis login id" in who.line else who.number
        if number := came.number if came and came.by_moodle else of_list:
            name = (f"{word}{number}", who.name or who.id, who.email)
            sheets[row.assignment].append((*name, _or(row.points), _or(row.maximum), ""))
    for assignment, lines in sheets.items():
        write_table(root / f"moodle-{assignment}.csv", [MOODLE[word].split("|"), *lines])
    return [f"moodle-{assignment}.csv" for assignment in sheets]


def _canvas(root: Path, rows: list[Row], roster: Roster) -> list[str]:
    people = {one.folder: one for one in roster.students.values() if "sis login id" in one.line}
    points = {(row.student, row.assignment): row for row in rows if row.student in people}
    if not points:
        return []
    assignments = sorted({assignment for _, assignment in points})
    # A column is known by its name with Canvas's number, as the class list may have it.
    columns = next(iter(people.values())).line
    heads = [next((one for one in columns if name in one), name) for name in assignments]
    most = [{row.assignment: row.maximum for row in points.values()}[one] for one in assignments]
    lines = [(*CANVAS, *heads), ("    Points Possible", "", "", "", "", *map(_or, most))]
    for folder in dict.fromkeys(folder for folder, _ in points):
        given = [points.get((folder, name)) for name in assignments]
        who = [people[folder].line.get(one.casefold(), "") for one in CANVAS]
        lines.append(
            (
                who[0] or people[folder].name,
                *who[1:],
                *(_or(row.points) if row else "" for row in given),
            )
        )
    write_table(root / "canvas.csv", lines)
    return ["canvas.csv"]


def zip_feedback(root: Path) -> list[str]:
    """Put the pages of each assignment into a zip, laid out as its LMS takes it back."""
    times, pages = handed_in(root), defaultdict(list)
    for page in sorted((root / "feedback").glob("*/*/*.html")):
        folder, assignment = page.parts[-3:-1]
        came, name = times.get((folder, assignment)), f"{assignment}.html"
        inside = f"{folder}/{name}"
        if came and came.prefix:
            inside = f"{came.prefix}{'/' if came.by_moodle else ''}{name}"
        pages[assignment].append((page, inside))
    for assignment, found in pages.items():
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for page, inside in found:
                archive.write(page, inside)
        write(root / f"feedback-{assignment}.zip", made.getvalue())
    return [f"feedback-{assignment}.zip" for assignment in pages]


def _or(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def _by_number(task: str) -> list:
    return [(int(one), "") if one.isdigit() else (0, one) for one in re.split(r"\.", task)]
