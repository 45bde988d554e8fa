"""Reading the bytes that were handed in: a notebook, or why they are none."""

import json
import re

import nbformat
from nbformat import NotebookNode

LARGEST = 128 * 2**20
LONGEST = 2 * 2**20
MOST_CELLS = 1000
PICTURES = ("image/png", "image/jpeg", "image/gif")
# How what is no notebook begins, what it is, and what to do.
KINDS = (
    (rb"$", "an empty file: ask for it again"),
    (rb"<!doctype|<html", "a web page: the notebook itself is needed (File > Download, not Save)"),
    (rb"pk\x03\x04", "a zip file: `make collect` unpacks it"),
    (rb"{", "one that is cut off or damaged: ask for it again"),
    (rb"%pdf", "a PDF: ask for the .ipynb file"),
    (rb"(.*\n)*(import|from|def|class)\s", "a Python script (.py): ask for the .ipynb file"),
    (rb"", "something else: ask for the .ipynb file"),
)


class UnreadableError(ValueError):
    """A submission that no notebook can be made of."""


def parse(content: bytes) -> NotebookNode:
    """Return the notebook that a file holds: of each cell what is looked at.

    Raises
    ------
    UnreadableError
        If it is too large, no JSON, or no notebook.
    """
    if len(content) > LARGEST:
        raise UnreadableError(f"expected at most {LARGEST >> 20} MB, got {len(content) >> 20} MB")
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        start = content[:500].lstrip().lower()
        kind = next(kind for pattern, kind in KINDS if re.match(pattern, start))
        raise UnreadableError(f"expected a notebook (.ipynb), got {kind}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise UnreadableError("expected a notebook with cells, got JSON without them")
    if len(raw["cells"]) > MOST_CELLS:
        raise UnreadableError(f"expected at most {MOST_CELLS} cells, got {len(raw['cells'])}")
    try:
        cells = [_what_counts(cell) for cell in raw["cells"]]
    except (LookupError, TypeError, AttributeError, UnicodeError):
        told = "expected cells with a type and a text, got something else"
        raise UnreadableError(told) from None
    if (length := sum(len(cell["source"]) for cell in cells)) > LONGEST:
        raise UnreadableError(f"expected at most {LONGEST} characters in all cells, got {length}")
    return nbformat.from_dict({"cells": cells})


def _what_counts(cell: dict) -> dict:
    """Return what is looked at of a cell: no outputs, and no metadata but its mark."""
    source, kind = cell["source"], cell["cell_type"]
    source = source if isinstance(source, str) else "".join(source)
    source.encode()  # lone halves of a letter are none
    kept = {"cell_type": kind + "", "source": source, "metadata": {}}
    mark = cell.get("metadata", {}).get("nbgrader", {})
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        kept["metadata"] = {"nbgrader": {"grade_id": mark["grade_id"]}}
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"]
    pictures = cell.get("attachments")
    if isinstance(pictures, dict):
        kept["attachments"] = {name: one for name, one in pictures.items() if _is_picture(one)}
    return kept


def _is_picture(one: object) -> bool:
    if not isinstance(one, dict):
        return False
    return all(kind in PICTURES and isinstance(text, str) for kind, text in one.items())
