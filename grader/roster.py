"""The class list, and the folder of each student.

``students.csv`` is what a course has: an id a line, a table with a heading, or the export of
Moodle or Canvas as it is. A student's files lie in a folder with a plain name, which
``folders.csv`` keeps for good: the token and the numbers of the hidden checks follow from it.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.files import read_lines, read_table, write_table
from grader.keys import STUDENT

NAME = ("full name", "vollständiger name", "name")
FIRST = ("first name", "vorname", "firstname")
LAST = ("last name", "surname", "nachname", "lastname")
EMAIL = ("email address", "e-mail-adresse", "email", "e-mail")
OWN = ("id", "student", "student_id", "student id")
OF_LMS = ("id number", "id-nummer", "sis user id", "sis login id")
LIST = "students.csv"
HEADINGS = frozenset((*NAME, *FIRST, *LAST, *EMAIL, *OWN, *OF_LMS, "identifier"))
REMOVED, UNLISTED = "removed from the class list", "not in the class list"


@dataclass(frozen=True)
class Student:
    """A student as a class list has it."""

    id: str
    name: str = ""
    email: str = ""
    number: str = ""  # by which the LMS names the student's files
    folder: str = ""  # the student in this course folder and in the gradebook
    standing: str = ""  # whether not, or no longer, in the class list; else empty
    line: dict = field(default_factory=dict)  # what the class list says, by its headings

    def __str__(self):
        return self.id if self.name in ("", self.id) else f"{self.name} ({self.id})"


def read(path: Path) -> list[Student]:
    """Return the students of a class list; say so if one has no id, or stands in it twice."""
    head, *rows = read_table(path) or [[]]
    if HEADINGS.isdisjoint(map(str.casefold, head)):
        found = [Student(row[0]) for row in (head, *rows) if row and row[0]]
    else:
        found = [_student(line) for line in read_lines(path) if _is_student(line)]
    ids = [one.id for one in found]
    if "" in ids:
        raise ValueError(f"{path}: expected an id or a name on every line, got one without")
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ValueError(f"{path}: expected each student once, got {twice[0]} more often")
    return found


def _is_student(line: dict) -> bool:
    """Leave out what stands in Canvas's gradebook beside the students."""
    name = line.get("student") or line.get("lastname", "")
    beside = name in ("", "Student, Test") or "points possible" in name.casefold()
    return "sis login id" not in line or not beside


def _student(line: dict) -> Student:
    def first(*names: str) -> str:
        return next((line[name] for name in names if line.get(name)), "")

    worksheet = first("identifier") or ("vollständiger name" in line and first("id")) or ""
    name = first(*NAME) or f"{first(*FIRST)} {first(*LAST)}".strip()
    number, own = re.search(r"\d*$", worksheet)[0], () if worksheet else OWN
    if "sis login id" in line:
        name = " ".join(reversed(first("student").split(", ", 1))) or name
        number, own = first("id"), ()
    identity = first(*own, *OF_LMS, *EMAIL) or worksheet or number or name
    return Student(identity, name, first(*EMAIL), number, line=line)


class Roster:
    """Who is in the course, by folder; new ids of the class list get theirs."""

    def __init__(self, root: Path):
        self._path, self.listed, self.students = root / "folders.csv", read(root / LIST), {}
        now = {one.id: one for one in self.listed}
        for line in read_lines(self._path):
            gone = Student(line["id"], line["name"], standing=line["standing"] or REMOVED)
            one = now.pop(line["id"], gone)
            self.students[line["folder"]] = replace(one, folder=line["folder"])
        for one in now.values():
            self._add(one)
        if now:
            self.save()

    def _add(self, one: Student) -> Student:
        folder = one.id
        if not STUDENT.fullmatch(folder) or folder in self.students:
            plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
            slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40] or "student"
            folder = f"{slug}-{hashlib.sha256(one.id.encode()).hexdigest()[:8]}"
        self.students[folder] = replace(one, folder=folder)
        return self.students[folder]

    def save(self) -> None:
        """Write ``folders.csv``."""
        rows = [("folder", "id", "name", "standing")]
        for folder, one in self.students.items():
            rows.append((folder, one.id, one.name, one.standing.replace(REMOVED, "")))
        write_table(self._path, rows, shown=False)

    def of(self, folder: str) -> Student:
        """Return whose folder it is; somebody unknown if it was put there by hand."""
        return self.students.get(folder) or Student(folder, folder=folder, standing=UNLISTED)

    def add(self, name: str, number: str) -> Student:
        """Return the new student of a hand-in that fits nobody; `save` keeps it."""
        taken = any(name == one.id for one in self.students.values())
        identity = f"{name} {number}" if taken or spelled(name) in self._names() else name
        return self._add(Student(identity, name, standing=UNLISTED))

    def match(self, number: str, name: str, identity: str = "", known: str = "") -> Student | None:
        """Return whose a hand-in is: by number or id, by name, or as it was the last time.

        `number` and `name` are those by which the LMS names files, `known` is the folder that
        earlier hand-ins with this number are in.
        """
        in_list = [one for one in self.students.values() if not one.standing]
        sure = [one for one in in_list if one.id == identity or (number and one.number == number)]
        # Moodle puts a group's name in front.
        names = [name, *(name[n + 1 :] for n, letter in enumerate(name) if letter == "-")]
        named = [self._names()[spelled(one)] for one in names if one]
        likely = [[one for one in ones if not one.standing] for ones in named]
        for ones in (sure[:1], *likely, [self.of(known)] if known else [], *named):
            if len(ones) == 1:
                return ones[0]
        return None

    def _names(self) -> dict[str, list[Student]]:
        """Return who bears a name, the family's name first or last."""
        found = defaultdict(list)
        for one in self.students.values():
            words = (one.name or one.id).split()
            for spelling in {spelled("".join(words[n:] + words[:n])) for n in range(len(words))}:
                found[spelling].append(one)
        return found


def spelled(name: str) -> str:
    """Return a name as Canvas writes it into files: small letters and nothing else."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())
