"""Reading what was handed in, and putting it into the instructor's notebook.

Only what the student was asked to write is taken from a submission, and the cells that were added;
titles, given code and checks come from the source. Nothing that was handed in is changed.
"""

import ast
import json
import re
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from checks.reading import statements_of

LARGEST = 128 * 2**20
LONGEST = 2 * 2**20
MOST_CELLS = 1000
PICTURES = ("image/png", "image/jpeg", "image/gif")
WRITTEN = ("solve", "explain", "token")


class UnreadableError(ValueError):
    """A submission that no notebook can be made of."""


@dataclass
class Submission:
    """The notebook to be graded, and what a person should know of what was handed in."""

    notebook: NotebookNode
    events: list


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
        raw = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            f"expected a notebook in JSON, got a file that is not: {error}"
        ) from None
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


def rebuild(source: NotebookNode, handed_in: NotebookNode) -> Submission:
    """Put the student's cells into a copy of the instructor's notebook.

    Parameters
    ----------
    source : NotebookNode
        The instructor's notebook.
    handed_in : NotebookNode
        What `parse` returned.

    Returns
    -------
    Submission
        Cells that the student added follow the cell that they stood after. A cell that was to be
        written and is not found by its id is left empty, so that an added cell can still define
        what it asked for.
    """
    cells = handed_in.cells
    places, events = _places(source, cells)
    follow = {identity: [] for identity in [None, *(cell.id for cell in source.cells)]}
    last = None
    for number, cell in enumerate(cells):
        if number in places.values():
            last = next(one for one, place in places.items() if place == number)
        elif (anchor := _same_text(source, cell)) is not None:
            last = anchor
            if new := _new_statements(source, anchor, cell):
                follow[last].append(_added(new_code_cell(new), number))
                events.append(("note", f"{anchor} was changed: what was added to it was kept"))
        elif cell.source.strip():
            follow[last].append(_added(cell, number))
    made = nbformat.from_dict(source)
    made.cells = [*follow[None]]
    for cell in source.cells:
        copy = nbformat.from_dict(cell)
        if copy.cell_type == "code":
            copy.outputs, copy.execution_count = [], None
        if _role(cell) in WRITTEN:
            written = cells[places[cell.id]] if cell.id in places else NotebookNode(source="")
            copy.source = written.source if copy.cell_type == "code" else _harmless(written)
            if copy.cell_type == "markdown" and written.get("attachments"):
                copy.attachments = written.attachments
        made.cells += [copy, *follow[cell.id]]
    return Submission(made, events)


def _role(cell: NotebookNode) -> str:
    return cell.metadata.get("homework", {}).get("role", "")


def _claims(cell: NotebookNode) -> str:
    """Return the id that a cell says it has: nbgrader's, else Jupyter's own."""
    mark = cell.get("metadata", {}).get("nbgrader", {})
    claimed = mark.get("grade_id") if isinstance(mark, dict) else None
    return claimed if isinstance(claimed, str) else str(cell.get("id", ""))


def _places(source: NotebookNode, cells: list) -> tuple[dict[str, int], list]:
    """Return where the cells to be written stand in a submission, and what is odd about them."""
    places, events = {}, []
    marked = any("nbgrader" in cell.get("metadata", {}) for cell in cells)
    if not marked:
        events.append(("metadata removed", "no cell carries nbgrader's metadata"))
    for wanted in source.cells:
        if _role(wanted) not in WRITTEN:
            continue
        found = [number for number, cell in enumerate(cells) if _claims(cell) == wanted.id]
        if found:
            places[wanted.id] = found[-1]
        elif _role(wanted) != "token":
            events.append(("metadata removed", f"{wanted.id} is missing or has lost its mark"))
        if len(found) > 1:
            events.append(("note", f"{wanted.id} stands {len(found)} times: all were run in order"))
    return places, events


def _same_text(source: NotebookNode, cell: NotebookNode) -> str | None:
    """Return the id of the given cell or text that a cell is a copy of."""
    for one in source.cells:
        if _role(one) not in WRITTEN and _role(one) != "check":
            if one.id == _claims(cell) or one.source.strip() == cell.source.strip():
                return one.id
        elif _role(one) == "check" and one.id == _claims(cell):
            return one.id
    return None


def _new_statements(source: NotebookNode, anchor: str, cell: NotebookNode) -> str:
    """Return what a student has added to a given cell, such as an import."""
    given = next(one for one in source.cells if one.id == anchor)
    if _role(given) != "given" or cell.cell_type != "code" or cell.source == given.source:
        return ""
    known = {ast.dump(one.node) for one in statements_of(anchor, given.source)}
    found = (one.node for one in statements_of(anchor, cell.source))
    return "\n".join(ast.unparse(node) for node in found if ast.dump(node) not in known)


def _harmless(cell: NotebookNode) -> str:
    """Return Markdown without HTML and without links that run something.

    A page with a script in it could act for whoever reads it, in the formgrader too.
    """
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", cell.source)
    text = re.sub(r"\]\((?!attachment:|https?://)", "] (", text)
    text = re.sub(r"^([ \t>]*\[[^\]\n]*\]):", r"\1 :", text, flags=re.MULTILINE)
    text = text.replace("\\href", "\\ href")
    names = map(re.escape, cell.get("attachments", {}))
    there = "|".join(f"{name}\\)" for name in names) or "(?!)"
    return re.sub(rf"\]\(attachment:(?!{there})", "] (a picture that is not there: ", text)


def _added(cell: NotebookNode, number: int) -> NotebookNode:
    code = cell.cell_type == "code"
    made = new_code_cell(cell.source) if code else new_markdown_cell(_harmless(cell))
    if not code and cell.get("attachments"):
        made.attachments = cell.attachments
    made.id = f"added-{number:03d}"
    return made
