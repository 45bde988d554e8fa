"""Finding what was handed in: ``submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.

Nothing in this folder is ever written to. What is not where it should be becomes a line of the
table and not an error of the run.
"""

import stat
from dataclasses import dataclass
from pathlib import Path

from grader.keys import STUDENT


@dataclass(frozen=True)
class Found:
    """One hand-in: whose it is, the file, and what is wrong with it if something is."""

    student: str
    assignment: str
    path: Path
    problem: str = ""
    note: str = ""


def collect(submitted: Path, assignments: list[str]) -> list[Found]:
    """Return every hand-in of a folder, sorted.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    if not submitted.is_dir():
        raise FileNotFoundError(f"expected hand-ins in {submitted}/STUDENT/ASSIGNMENT, found none")
    found = []
    for place in _inside(submitted):
        if not _is_folder(place):
            hint = f"expected {submitted.name}/STUDENT/ASSIGNMENT/…, got a file without a student"
            found.append(Found("?", place.name, place, hint))
        elif not STUDENT.fullmatch(place.name):
            hint = "expected a student id of letters, digits and . _ @ - (at most 64)"
            found.append(Found(repr(place.name), "?", place, hint))
        else:
            found += _of_student(place, assignments)
    return found


def _of_student(place: Path, assignments: list[str]) -> list[Found]:
    found = []
    for inside in _inside(place):
        if not _is_folder(inside):
            hint = f"expected a folder named after the assignment, got the file {inside.name}"
            found.append(Found(place.name, "?", inside, hint))
        elif inside.name not in assignments:
            hint = f"expected one of {', '.join(assignments)}, got {inside.name}"
            found.append(Found(place.name, inside.name, inside, hint))
        else:
            found.append(_hand_in(place.name, inside))
    if not found:
        found.append(Found(place.name, "?", place, "an empty folder: nothing was handed in"))
    return found


def _hand_in(student: str, folder: Path) -> Found:
    assignment, wanted = folder.name, f"{folder.name}.ipynb"
    notebooks = [path for path in _inside(folder) if path.suffix == ".ipynb"]
    if not notebooks:
        others = ", ".join(path.name for path in _inside(folder)) or "an empty folder"
        return Found(student, assignment, folder, f"expected {wanted}, got {others}")
    if len(notebooks) > 1:
        names = ", ".join(path.name for path in notebooks)
        return Found(
            student, assignment, folder, f"expected one notebook, got two hand-ins: {names}"
        )
    path = notebooks[0]
    if not stat.S_ISREG(path.lstat().st_mode):
        return Found(student, assignment, path, f"expected a file, {path.name} is none")
    note = "" if path.name == wanted else f"handed in as {path.name}"
    return Found(student, assignment, path, note=note)


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)
