"""What lies in ``submitted/FOLDER/ASSIGNMENT/ASSIGNMENT.ipynb``, and when it was handed in.

Nothing in this folder is written to when it is graded. What is not where it should be becomes a
line of the table and not an error of the run.
"""

import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from grader.files import read_lines, write_table
from grader.keys import STUDENT

# What systems and editors leave in folders.
JUNK = frozenset((".DS_Store", ".ipynb_checkpoints", "__MACOSX", "Thumbs.db", "desktop.ini"))


@dataclass(frozen=True)
class Found:
    """One hand-in: whose it is, the file, and what is wrong with it if something is."""

    student: str
    assignment: str
    path: Path
    problem: str = ""
    note: str = ""


def collect(submitted: Path, assignments: list[str]) -> list[Found]:
    """Return every hand-in of a folder, sorted; say so if there is no such folder."""
    if not submitted.is_dir():
        raise FileNotFoundError(
            f"expected hand-ins in {submitted}/STUDENT/ASSIGNMENT, found none: "
            "`make collect ZIP=…` puts a download of Moodle's or Canvas's there"
        )
    found = []
    for place in _inside(submitted):
        if not _is_folder(place):
            hint = f"expected {submitted.name}/STUDENT/ASSIGNMENT/…, got a file without a student"
            found.append(Found("?", place.name, place, hint))
        elif not STUDENT.fullmatch(place.name):
            hint = "expected a folder named with letters, digits and . _ @ - (at most 64, no . in "
            hint += "front): `make collect` makes them, folders.csv lists them"
            found.append(Found(repr(place.name), "?", place, hint))
        elif inside := _inside(place):
            found += [_hand_in(place.name, one, assignments) for one in inside]
        else:
            found.append(Found(place.name, "?", place, "an empty folder: nothing was handed in"))
    return found


def _hand_in(student: str, folder: Path, assignments: list[str]) -> Found:
    assignment, wanted = folder.name, f"{folder.name}.ipynb"
    if not _is_folder(folder):
        hint = f"expected a folder named after the assignment, got the file {folder.name}"
        return Found(student, "?", folder, hint)
    if assignment not in assignments:
        hint = f"expected one of {', '.join(assignments)}, got {assignment}"
        return Found(student, assignment, folder, hint)
    files = [path for path in _inside(folder) if not path.name.startswith(".")]
    notebooks = [path for path in files if path.suffix == ".ipynb"]
    names = ", ".join(path.name for path in notebooks or files) or "an empty folder"
    if not notebooks:
        return Found(student, assignment, folder, f"expected {wanted}, got {names}")
    if len(notebooks) > 1:
        hint = f"expected one notebook, got two hand-ins: {names}"
        return Found(student, assignment, folder, hint)
    if not stat.S_ISREG(notebooks[0].lstat().st_mode):
        return Found(student, assignment, folder, f"expected a file, {names} is none")
    note = "" if names == wanted else f"handed in as {names}"
    return Found(student, assignment, notebooks[0], note=note)


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name not in JUNK)


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


class HandIn(NamedTuple):
    """What the LMS said of a hand-in, as ``handed_in.csv`` keeps it."""

    folder: str
    assignment: str
    time: str = ""  # when it was handed in, ``2026-05-04 23:59:10``
    by: str = ""  # Moodle's "worksheet"; the times in a "zip" are mostly those of the download
    version: str = ""  # tells the later of two: whether it came as what it is, and its number
    late: str = ""  # "yes" where the LMS says so
    file: str = ""  # what the student called it
    number: str = ""  # the student's in the LMS
    prefix: str = ""  # what the LMS puts before the names of files

    @property
    def by_moodle(self) -> bool:
        """Whether it came from Moodle."""
        return "_assignsubmission_" in self.prefix

    @property
    def stray(self) -> bool:
        """Whether it came as another assignment than it is."""
        return self.version.startswith("0")

    @property
    def age(self) -> tuple[str, str]:
        """What is larger of the newer one."""
        return self.version, self.time

    def was_late(self, deadline: str | None) -> str:
        """Return "yes", "no", or nothing where that is not known."""
        if self.late or not (self.time and deadline):
            return self.late
        return "no" if self.time <= deadline else "yes" if self.by == "worksheet" else ""


def handed_in(root: Path) -> dict[tuple[str, str], HandIn]:
    """Return what is known of each hand-in, by folder and assignment."""
    lines = read_lines(root / "handed_in.csv")
    made = [HandIn(**{key: line.get(key, "") for key in HandIn._fields}) for line in lines]
    return {(one.folder, one.assignment): one for one in made}


def keep(root: Path, hand_ins: dict[tuple[str, str], HandIn]) -> None:
    """Write ``handed_in.csv``."""
    rows = [HandIn._fields, *sorted(hand_ins.values())]
    write_table(root / "handed_in.csv", rows, shown=False)


def deadlines(root: Path) -> dict[str, str]:
    """Return the deadlines of ``deadlines.csv``, in this machine's time; say so if one is none."""
    found, path = {}, root / "deadlines.csv"
    for line in read_lines(path):
        try:
            when = datetime.fromisoformat(line["deadline"]).astimezone().replace(tzinfo=None)
        except (KeyError, ValueError):
            raise ValueError(
                f"{path}: expected assignment,deadline and lines like "
                f"02_bptt,2026-05-04T23:59, got {','.join(line.values())}"
            ) from None
        found[line.get("assignment", "")] = when.isoformat(" ", "seconds")
    return found
