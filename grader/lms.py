"""Taking a download of Moodle's or Canvas's into the course folder.

No file is extracted by its own name: what is read is whose it is (from the name that the LMS gave
it), which assignment (from the notebook's cells, else from names), and which of two is the newer.
An older one goes to ``replaced/``; what cannot be placed is said, and kept in ``unplaced.csv``.
"""

import contextlib
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from grader.collect import JUNK, HandIn, handed_in, keep
from grader.files import printable, read_table, write, write_table
from grader.roster import Roster, Student, read, spelled
from grader.source import read as read_source

DEPTH, LARGEST, MOST = 3, 128 * 2**20, 2**30
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<rest>.*))?")
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<rest>.+)")
# A browser's or Jupyter's number of a copy, and Canvas's of a resubmission.
VERSION = re.compile(r".*?(?: ?\((\d{1,3})\)|-Copy(\d{1,3}))?(?:-(\d{1,2}))?")
MONTHS = (
    r"\b(?:(jan)|(feb)|(m[aä]r)|(apr)|(ma[iy])|(jun)|(jul)|(aug)|(sep)|(o[ck]t)|(nov)|(de[cz]))"
)


def unzip(source, path: tuple, told: list, depth: int = DEPTH) -> Iterator[tuple]:
    """Yield path, content and time of each file, also of zips inside; `told` gets what fails."""
    try:
        archive = zipfile.ZipFile(source)
    except BROKEN as error:
        told.append(f"{'/'.join(path)}: expected a zip, got a file that is none: {error}")
        return
    for one in archive.infolist():
        name = one.filename
        if not one.flag_bits & 0x800:  # not said to be UTF-8, and yet it often is
            with contextlib.suppress(UnicodeError):
                name = name.encode("cp437").decode("utf-8")
        inside = (*path, *name.split("/"))
        if one.is_dir() or JUNK & set(inside) or inside[-1].startswith("._"):
            continue
        try:
            with archive.open(one) as opened:
                content = opened.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise ValueError(f"larger than {LARGEST >> 20} MB")
        except BROKEN as error:
            told.append(f"not placed: {'/'.join(inside)}: cannot be read: {error}")
            continue
        if inside[-1].casefold().endswith(".zip") and depth:
            yield from unzip(io.BytesIO(content), inside, told, depth - 1)
        else:
            yield inside, content, "{}-{:02}-{:02} {:02}:{:02}:{:02}".format(*one.date_time)


class Intake:
    """What is taken into a course folder in one go.

    Parameters
    ----------
    root : Path
        The course folder.
    sources : dict of str to str
        Texts of the instructor sources by assignment.
    assignment : str
        Which it is where the notebook does not say.
    """

    def __init__(self, root: Path, sources: dict[str, str], assignment: str = ""):
        if assignment and assignment not in sources:
            raise ValueError(f"expected one of {', '.join(sources)}, got {assignment}")
        self._root, self._given, self._ids = root, assignment, {}
        for name, text in sources.items():
            ids = {cell.id for cell in read_source(text).cells}
            self._ids[name] = {one for one in ids if one.startswith(("solve", "check", "explain"))}
        self._roster, self._times = Roster(root), handed_in(root)
        self._known = {one.number: one.folder for one in self._times.values() if one.number}
        self._lines, self._unplaced, self._count = [], [], Counter()

    def take(self, paths: list[Path]) -> list[str]:
        """Take zips and Moodle's grading worksheets; return what a person should know."""
        sheets = [path for path in paths if path.suffix.casefold() == ".csv"]
        self._sheet = {one.number: one for path in sheets for one in read(path) if one.number}
        downloads, room = [], MOST
        for path in paths:
            downloads.append([])
            for one in unzip(path, (path.name,), self._lines) if path not in sheets else ():
                downloads[-1].append(one)
                room -= len(one[1])
                if room < 0:
                    raise ValueError(f"{path}: expected at most {MOST >> 20} MB in all, got more")
        placed = [one for files in downloads for one in self._of_download(files)]
        self._roster.save()
        try:
            for new, content in sorted(placed, key=lambda one: _age(one[0])):
                self._place(new, content)
        finally:
            keep(self._root, self._times)
        if self._unplaced:
            path, head = self._root / "unplaced.csv", ("folder", "assignment", "file", "why")
            rows = dict.fromkeys(map(tuple, [*read_table(path)[1:], *self._unplaced]))
            write_table(path, [head, *rows], shown=False)
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self._count.items()))
        return [kinds or "nothing was found", *map(printable, dict.fromkeys(self._lines))]

    def _of_download(self, files: list[tuple]) -> list[tuple[HandIn, bytes]]:
        owners, named = [_owner(path) for path, _, _ in files], defaultdict(set)
        for owner in filter(None, owners):
            # Two of one name in one download are two people: the name does not say who is who.
            owner["namesakes"] = named[spelled(owner["name"])]
            owner["namesakes"].add(owner["number"])
        pieces = [self._piece(*one, owner) for one, owner in zip(files, owners, strict=True)]
        return [one for one in pieces if one]

    def _piece(self, path: tuple, content: bytes, time: str, owner: dict | None):
        """Return what a file is; None, and a line that says why, if it cannot be placed."""
        cells = _cells(content)
        scores = sorted(((len(ids & (cells or set())), n) for n, ids in self._ids.items()))[::-1]
        by_cells = scores[0][1] if scores[0][0] > sum(score for score, _ in scores[1:2]) else ""
        assignment = by_cells or self._given or self._named(path)
        folder = next((part for part in path if part in self._roster.students), "")
        if owner:
            who = self._who(owner)
        elif folder:
            who, owner = self._roster.of(folder), {"file": path[-1]}
        else:
            return self._leave(None, assignment, path, "its name does not say whose it is")
        if cells is None and ".ipynb" not in owner["file"].casefold():
            return self._leave(who, assignment, path, "expected a notebook")
        if not assignment:
            why = "which assignment it is neither its cells nor its name says; ASSIGNMENT=… does"
            return self._leave(who, "", path, why)
        told_as = self._given or self._named((owner["file"],))
        wrong = bool(by_cells and told_as and told_as != by_cells)
        if wrong:
            said = f"{by_cells} was handed in as {told_as}, and is placed as {by_cells}"
            self._lines.append(f"{_called(who)}: {said}")
        copy, again, number = VERSION.fullmatch(Path(owner["file"]).stem).groups()
        version = f"{not wrong:d}.{int(number or 0):02}.{int(copy or again or 0):03}"
        sheet = self._sheet.get(owner.get("number")) or who
        exact = _time(sheet.line) if sheet.number == owner.get("number") else ""
        more = {key: owner.get(key, "") for key in ("late", "file", "number", "prefix")}
        by = "worksheet" if exact else "zip"
        return HandIn(who.folder, assignment, exact or time, by, version, **more), content

    def _named(self, path: tuple) -> str:
        """Return the assignment that a file, else its folder or zip, is named after."""
        topics = {name: spelled(name.partition("_")[2] or name) for name in self._ids}
        parts = map(spelled, reversed(path))
        return next((n for part in parts for n, topic in topics.items() if topic in part), "")

    def _who(self, owner: dict) -> Student:
        number, name = owner["number"], owner["name"]
        sheet = self._sheet.get(number, Student(""))
        alone = name if len(owner["namesakes"]) == 1 else ""
        found = self._roster.match(number, alone, sheet.id, self._known.get(number, ""))
        found = found or self._roster.add(sheet.name or name, number)
        self._known[number] = found.folder
        if found.standing and self._roster.listed:
            self._lines.append(f"{_called(found)}: {found.standing}")
        return found

    def _leave(self, who: Student | None, assignment: str, path: tuple, why: str) -> None:
        file, folder = "/".join(path), who.folder if who else ""
        self._lines.append(f"not placed: {f'{_called(who)}: ' if who else ''}{file}: {why}")
        self._unplaced.append((folder, assignment, file, why))

    def _place(self, new: HandIn, content: bytes) -> None:
        key = (new.folder, new.assignment)
        folder, old = self._root.joinpath("submitted", *key), self._times.get(key)
        path = folder / f"{new.assignment}.ipynb"
        there = [one for one in folder.glob("*.ipynb") if one.is_file()]
        line = f"{_called(self._roster.of(new.folder))}: {new.assignment}: "
        if path in there and path.read_bytes() == content:
            self._count["stayed the same"] += 1
            self._times[key] = max(filter(None, (old, new)), key=_age)
        elif there and old and _age(new) < _age(old):
            if self._aside(key, content):
                self._lines.append(f"{line}{new.file} is older than what is there: in replaced/")
        else:
            for one in there:
                self._aside(key, one.read_bytes())
            write(path, content)
            for one in {*there} - {path}:
                one.unlink()
            self._times[key] = new
            self._count[new.assignment] += 1
            if there:
                self._lines.append(f"{line}{new.file} replaces an older one, now in replaced/")

    def _aside(self, key: tuple, content: bytes) -> bool:
        """Keep a hand-in that does not count; return whether it is new here."""
        name = f"{hashlib.sha256(content).hexdigest()[:12]}.ipynb"
        path = self._root.joinpath("replaced", *key, name)
        fresh = not path.exists()
        write(path, content)
        return fresh


def _age(one: HandIn) -> tuple[str, str]:
    return one.version, one.time


def _called(who: Student) -> str:
    return who.id if who.name in ("", who.id) else f"{who.name} ({who.id})"


def _owner(path: tuple) -> dict | None:
    """Return what the names that the LMS gave say: whose it is, and what the file was called."""
    for pattern in (MOODLE, CANVAS):
        for n, part in enumerate(path):
            if found := pattern.fullmatch(part):
                made = found.groupdict("")
                made["prefix"] = part.removesuffix(made["rest"]).rstrip("_") + "_"
                made["file"] = made.pop("rest") if n + 1 == len(path) else path[-1]
                return made | {"late": "yes" if made.get("late") else ""}
    return None


def _cells(content: bytes) -> set[str] | None:
    """Return the ids of a notebook's cells; None if it is no notebook."""
    try:
        cells = json.loads(content.decode("utf-8-sig"))["cells"]
        ids = [cell.get("id") for cell in cells]
        ids += [cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") for cell in cells]
        return {one for one in ids if isinstance(one, str)}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _time(line: dict) -> str:
    """Return when a line of Moodle's grading worksheet says that it was handed in."""
    text = line.get("last modified (submission)") or line.get("zuletzt geändert (abgabe)") or ""
    patterns = (r"(\d{1,2}):(\d\d)\s*([AP]?)", r"\b(\d{1,2})\b", MONTHS, r"\b\d{4}\b")
    clock, day, month, year = found = [re.search(one, text, re.IGNORECASE) for one in patterns]
    if not all(found):
        return ""
    hour = int(clock[1]) % 12 + 12 * (clock[3] in "Pp") if clock[3] else int(clock[1])
    return f"{year[0]}-{month.lastindex:02}-{int(day[1]):02} {hour:02}:{clock[2]}:00"
