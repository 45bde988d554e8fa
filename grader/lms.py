"""Taking a download of Moodle's or Canvas's into the course folder.

No file is extracted by its own name: what is read is whose it is (from the name that the LMS gave
it), which assignment (from the notebook's cells, else from names), and which of two is the newer.
An older one goes to ``replaced/``. Of a student who handed in no notebook the file is put into the
folder as it is, where the table tells of it; what is nobody's is said.
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

from dateutil.parser import parse, parserinfo

from grader.collect import JUNK, HandIn, handed_in, keep
from grader.files import printable, write
from grader.roster import Roster, Student, read, spelled
from grader.source import read as read_source

DEPTH, LARGEST, MOST = 3, 128 * 2**20, 2**30
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError)
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)")
# A browser's or Jupyter's number of a copy, and Canvas's of a resubmission.
VERSION = re.compile(r".*?(?: ?\((\d{1,3})\)|-Copy(\d{1,3}))?(?:-(\d{1,2}))?")
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"


class Months(parserinfo):
    """Names of months as Moodle writes them, in English or German."""

    MONTHS = tuple((*one, own) for one, own in zip(parserinfo.MONTHS, GERMAN.split(), strict=True))


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
    """What is taken in one go; `assignment` is which it is where the notebook does not say."""

    def __init__(self, root: Path, sources: dict[str, str], assignment: str = ""):
        if assignment and assignment not in sources:
            raise ValueError(f"expected one of {', '.join(sources)}, got {assignment}")
        self._root, self._given, self._ids = root, assignment, {}
        for name, text in sources.items():
            ids = {cell.id for cell in read_source(text).cells}
            self._ids[name] = {one for one in ids if one.startswith(("solve", "check", "explain"))}
        self._roster, self._times = Roster(root), handed_in(root)
        self._known = {one.number: one.folder for one in self._times.values() if one.number}
        self._lines, self._count = [], Counter()

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
        pieces = [piece for files in downloads for piece in self._of_download(files)]
        self._roster.save()
        try:
            for new, content, why in sorted(pieces, key=lambda piece: piece[0].age):
                if not why:
                    self._place(new, content)
                elif new.folder not in {one.folder for one, _, lost in pieces if not lost}:
                    write(self._folder(new) / _plain(new.file), content)
        finally:
            keep(self._root, self._times)
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self._count.items()))
        return [kinds or "nothing was found", *map(printable, dict.fromkeys(self._lines))]

    def _of_download(self, files: list[tuple]) -> Iterator[tuple[HandIn, bytes, str]]:
        """Yield each file whose owner is known, and why it cannot be placed if it cannot."""
        owned, numbers = [(*_owner(path), path, *rest) for path, *rest in files], defaultdict(set)
        for name, one, *_ in owned:
            numbers[spelled(name)].add(one.number)
        for name, one, path, content, time in owned:
            folder = next((part for part in path if part in self._roster.students), "")
            where, why = "/".join(path), "its name does not say whose it is"
            if name or folder:
                # Two of one name in one download are two people: the name does not say who is who.
                alone = name if len(numbers[spelled(name)]) == 1 else ""
                who = self._who(name, alone, one.number) if name else self._roster.of(folder)
                made, why = self._hand_in(who, one, path, content, time)
                yield made, content, why
                where = f"{who}: {where}"
            if why:
                self._lines.append(f"not placed: {where}: {why}")

    def _who(self, name: str, alone: str, number: str) -> Student:
        sheet = self._sheet.get(number, Student(""))
        found = self._roster.match(number, alone, sheet.id, self._known.get(number, ""))
        found = found or self._roster.add(sheet.name or name, number)
        self._known[number] = found.folder
        if found.standing and self._roster.listed:
            self._lines.append(f"{found}: {found.standing}")
        return found

    def _hand_in(self, who: Student, one: HandIn, path: tuple, content: bytes, time: str):
        """Return what a file is, and why it cannot be placed, if it cannot."""
        cells, why = _cells(content), ""
        fits = sorted((len(ids & (cells or set())), name) for name, ids in self._ids.items())
        by_cells = fits[-1][1] if fits[-1][0] > max([0, *(most for most, _ in fits[:-1])]) else ""
        assignment = by_cells or self._given or self._named(path)
        told_as = self._given or self._named((one.file,))
        wrong = bool(by_cells and told_as and told_as != by_cells)
        if wrong:
            said = f"{by_cells} was handed in as {told_as}, and is placed as {by_cells}"
            self._lines.append(f"{who}: {said}")
        if cells is None and ".ipynb" not in one.file.casefold():
            why = "expected a notebook"
        elif not assignment:
            why = "which assignment it is neither its cells nor its name says; ASSIGNMENT=… does"
        copy, again, number = VERSION.fullmatch(Path(one.file).stem).groups()
        version = f"{not wrong:d}.{int(number or 0):02}.{int(copy or again or 0):03}"
        sheet = self._sheet.get(one.number) or who
        exact = _time(sheet.line) if sheet.number == one.number else ""
        by = "worksheet" if exact else "zip"
        told = {"time": exact or time, "by": by, "version": version}
        return one._replace(folder=who.folder, assignment=assignment, **told), why

    def _named(self, path: tuple) -> str:
        """Return the assignment that a file, else its folder or zip, is named after."""
        topics = {name: spelled(name.partition("_")[2] or name) for name in self._ids}
        parts = map(spelled, reversed(path))
        return next((n for part in parts for n, topic in topics.items() if topic in part), "")

    def _folder(self, one: HandIn, below: str = "submitted") -> Path:
        return self._root / below / one.folder / one.assignment

    def _place(self, new: HandIn, content: bytes) -> None:
        key, folder = (new.folder, new.assignment), self._folder(new)
        old, path = self._times.get(key), folder / f"{new.assignment}.ipynb"
        there = [one for one in folder.glob("*.ipynb") if one.is_file()]
        line = f"{self._roster.of(new.folder)}: {new.assignment}: {new.file}"
        for one in folder.parent.glob("*.*"):
            if one.is_file():  # what came before and could not be placed
                self._aside(new._replace(assignment=""), one.read_bytes(), f"-{one.name}")
                one.unlink()
                self._lines.append(f"{line}, and {one.name} from before is now in replaced/")
        if path in there and path.read_bytes() == content:
            self._count["stayed the same"] += 1
            self._times[key] = max(filter(None, (old, new)), key=lambda one: one.age)
        elif there and old and new.age < old.age:
            if self._aside(new, content, ".ipynb"):
                self._lines.append(f"{line} is older than what is there: in replaced/")
        else:
            for one in there:
                self._aside(new, one.read_bytes(), ".ipynb")
            write(path, content)
            for one in {*there} - {path}:
                one.unlink()
            self._times[key] = new
            self._count[new.assignment] += 1
            if there:
                self._lines.append(f"{line} replaces an older one, now in replaced/")

    def _aside(self, one: HandIn, content: bytes, name: str) -> bool:
        """Keep a file that does not count; return whether it is new here."""
        path = self._folder(one, "replaced") / f"{hashlib.sha256(content).hexdigest()[:12]}{name}"
        fresh = not path.exists()
        write(path, content)
        return fresh


def _owner(path: tuple) -> tuple[str, HandIn]:
    """Return what the names that the LMS gave say: whose it is, and what the file was called."""
    for pattern in (MOODLE, CANVAS):
        for n, part in enumerate(path):
            if found := pattern.fullmatch(part):
                told = found.groupdict("")
                told["prefix"] = part.removesuffix(told["file"]).rstrip("_") + "_"
                told["file"] = told["file"] if n + 1 == len(path) else path[-1]
                told["late"] = "yes" if told.get("late") else ""
                return told.pop("name"), HandIn("", "", **told)
    return "", HandIn("", "", file=path[-1])


def _plain(name: str) -> str:
    """Return a file's name that leads nowhere else and is none of an assignment's."""
    name = re.sub(r"[^\w.() -]", "_", name)[-80:].lstrip(". ")
    return name if "." in name else f"{name}.file"


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
    try:
        return f"{parse(text, Months(), fuzzy=True)}"
    except (ValueError, OverflowError):
        return ""
