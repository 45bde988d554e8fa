"""Files of the course folder: written in one step, and tables that no spreadsheet runs."""

import csv
import io
import os
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Replace a file in one step; the old one stays whole if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def printable(text: str) -> str:
    """Return text without what a terminal obeys: a file's name may hold a line, or an escape."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def harmless(value: object) -> str:
    """Return a cell of a table that a spreadsheet shows and does not compute."""
    value = "" if value is None else f"{value:g}" if isinstance(value, float) else value
    text = printable(str(value))
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write_table(path: Path, rows: Iterable[Iterable], *, shown: bool = True) -> None:
    """Write rows as CSV; `shown` are those that people open in a spreadsheet."""
    text = io.StringIO()
    made = ([harmless(one) if shown else one for one in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(made)
    write(path, text.getvalue())


def read_table(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file that anything may have written; none if there is no file."""
    raw = path.read_bytes() if path.exists() else b""
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")  # as an older Excel writes it
    separator = max(",;\t", key=text.partition("\n")[0].count)  # Excel's depends on its language
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]


def read_lines(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file by its headings, in small letters."""
    head, *rows = read_table(path) or [[]]
    head = [cell.casefold() for cell in head]
    return [dict(zip_longest(head, row[: len(head)], fillvalue="")) for row in rows]
