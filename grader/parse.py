"""Reading the bytes that were handed in: a notebook, or why they are none."""

import json
import re

import nbformat
from nbformat import NotebookNode

LARGEST = 128 * 2**20
LONGEST = 2 * 2**20
MOST_CELLS = 1000
PICTURES = ("image/png", "image/jpeg", "image/gif")


class UnreadableError(ValueError):
    """A submission that no notebook can be made of."""


def parse(content: bytes) -> NotebookNode:
    """Return the notebook that a file holds.

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
        raise UnreadableError(f"expected a notebook (.ipynb), got {_kind(content)}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise UnreadableError("expected a notebook with cells, got JSON without them")
    if len(raw["cells"]) > MOST_CELLS:
        raise UnreadableError(f"expected at most {MOST_CELLS} cells, got {len(raw['cells'])}")
    for cell in raw["cells"]:
        if not _is_cell(cell):
            raise UnreadableError("expected cells with a type and a text, got something else")
    if (length := sum(len(cell["source"]) for cell in raw["cells"])) > LONGEST:
        raise UnreadableError(f"expected at most {LONGEST} characters in all cells, got {length}")
    return nbformat.from_dict({"cells": list(map(_what_counts, raw["cells"]))})


def _kind(content: bytes) -> str:
    """Say what a file is that is no notebook, and what to do."""
    start = content[:500].lstrip().lower()
    if not start:
        return "an empty file: ask for it again"
    if start.startswith((b"<!doctype", b"<html")):
        return "a web page: the notebook itself is needed (File > Download, not Save Page)"
    if start.startswith(b"pk\x03\x04"):
        return "a zip file: `make collect` unpacks it"
    if start.startswith(b"{"):
        return "one that is cut off or damaged: ask for it again"
    if start.startswith(b"%pdf"):
        return "a PDF: ask for the .ipynb file"
    if re.search(rb"^(import|from|def|class)\s", start, re.MULTILINE):
        return "a Python script (.py): ask for the .ipynb file"
    return "something else: ask for the .ipynb file"


def _what_counts(cell: dict) -> dict:
    """Return what is looked at of a cell: no outputs, and no metadata but its mark."""
    metadata, mark = cell.get("metadata", {}), {}
    if "nbgrader" in metadata:
        found = metadata["nbgrader"]
        claimed = found.get("grade_id") if isinstance(found, dict) else None
        mark = {"nbgrader": {"grade_id": claimed} if isinstance(claimed, str) else {}}
    kept = {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": mark}
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"]
    if isinstance(found := cell.get("attachments"), dict):
        kept["attachments"] = {
            name: one for name, one in found.items() if isinstance(one, dict) and _is_picture(one)
        }
    return kept


def _is_picture(one: dict) -> bool:
    return all(kind in PICTURES and isinstance(text, str) for kind, text in one.items())


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = cell["source"] = "".join(source)
    text = isinstance(source, str) and isinstance(cell.get("cell_type"), str)
    return text and not any("\ud800" <= letter <= "\udfff" for letter in source)
