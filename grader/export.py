"""The marks as files: marks.csv, what Moodle and Canvas import, and the feedback as zips."""

import io
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
    rows, roster = rows_of(root), Roster(root)
    # "2.10" stands after "2.9".
    tasks = sorted({task for row in rows for task in row.tasks}, key=lambda task: (len(task), task))
    lines = [(*HEAD, *tasks, *REST)]
    for row in rows:
        who = (row.id, row.name, row.student, row.assignment, row.points, row.maximum)
        rest = (row.state, row.waits or "", row.late, row.handed_in, row.odd, row.notes)
        lines.append((*who, *map(row.tasks.get, tasks), *rest))
    write_table(root / "marks.csv", lines)
    told = [f"{len(rows)} lines are in {root / 'marks.csv'}"]
    done = [row for row in rows if row.points is not None and not row.waits]
    if waiting := sum(row.points is not None for row in rows) - len(done):
        told.append(f"{waiting} wait for a person (`make formgrader`): not in the files for an LMS")
    for old in (*root.glob("moodle-*.csv"), *root.glob("canvas.csv")):
        old.unlink()
    made = _moodle(root, done, roster) | _canvas(done, roster)
    for name, table in made.items():
        write_table(root / name, table)
    return told + [f"for the LMS: {name}" for name in made or ["nothing yet"]]


def _moodle(root: Path, rows: list[Row], roster: Roster) -> dict[str, list]:
    """Return the rows of each grading worksheet by its file's name."""
    times, sheets = handed_in(root), {}
    german = any("vollständiger name" in one.line for one in roster.listed)
    word = list(MOODLE)[german]
    for row in rows:
        came, who = times.get((row.student, row.assignment)), roster.of(row.student)
        of_list = "" if "sis login id" in who.line else who.number
        if number := came.number if came and came.by_moodle else of_list:
            sheet = sheets.setdefault(f"moodle-{row.assignment}.csv", [MOODLE[word].split("|")])
            name = (f"{word}{number}", who.name or who.id, who.email)
            sheet.append((*name, row.points, row.maximum, ""))
    return sheets


def _canvas(rows: list[Row], roster: Roster) -> dict[str, list]:
    """Return the rows of the gradebook's import, if Canvas's class list is there."""
    people = {one.folder: one for one in roster.students.values() if "sis login id" in one.line}
    found = {(row.student, row.assignment): row for row in rows if row.student in people}
    if not found:
        return {}
    most = {row.assignment: row.maximum for row in found.values()}
    names = sorted(most)
    # A column is known by its name with Canvas's number, as the class list may have it.
    columns = next(iter(people.values())).line
    heads = [next((one for one in columns if name in one), name) for name in names]
    lines = [(*CANVAS, *heads), ("    Points Possible", "", "", "", "", *(most[n] for n in names))]
    for folder in dict.fromkeys(folder for folder, _ in found):
        given = [found.get((folder, name)) for name in names]
        student, *who = [people[folder].line.get(one.casefold(), "") for one in CANVAS]
        points = (row.points if row else "" for row in given)
        lines.append((student or people[folder].name, *who, *points))
    return {"canvas.csv": lines}


def zip_feedback(root: Path) -> list[str]:
    """Put the pages of each assignment into a zip, laid out as its LMS takes it back."""
    times, pages = handed_in(root), defaultdict(dict)
    for page in sorted((root / "feedback").glob("*/*/*.html")):
        folder, assignment = page.parts[-3:-1]
        came, inside = times.get((folder, assignment)), f"{folder}/{assignment}.html"
        if came and came.prefix:
            inside = f"{came.prefix}{'/' if came.by_moodle else ''}{assignment}.html"
        pages[f"feedback-{assignment}.zip"][inside] = page
    for name, found in pages.items():
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, page in found.items():
                archive.write(page, inside)
        write(root / name, made.getvalue())
    return list(pages)
