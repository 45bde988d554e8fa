"""Putting what was handed in into the instructor's notebook.

Only what the student was asked to write is taken from a submission, and the cells that were added;
titles, given code and checks come from the source. Nothing that was handed in is changed.
"""

import ast
import re
from collections import defaultdict

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from checks.cells import statements
from grader.parse import UnreadableError
from grader.source import TEXT_STUB, told, unanswered

WRITTEN = ("solve", "explain", "token")
MISSING = {
    "token": "is missing: graded with the numbers of this student",
    "solve": "is missing: what other cells define counts",
    "explain": "is missing: look for the answer in another cell",
}


def rebuild(source: NotebookNode, handed_in: NotebookNode) -> tuple[NotebookNode, list]:
    """Put the student's cells into a copy of the instructor's notebook; return it, and events.

    Cells that the student added follow the cell that they stood after. A cell that was to be
    written and is not found by its id, its question or what it defines is left empty, so that added
    cells can still define what it asked for.

    Raises
    ------
    UnreadableError
        If none of the tasks is there: a notebook of another assignment, or of none.
    """
    known = {cell.id: cell for cell in source.cells}
    labels, events = _labels(known, handed_in.cells)
    came, follow, last = {}, defaultdict(list), None
    for number, (cell, label) in enumerate(zip(handed_in.cells, labels, strict=True)):
        if label and told(known[label], "role") not in WRITTEN:
            last = label
            if new := _new_statements(known[label], cell):
                follow[last].append(_added(new_code_cell(new), number))
                events.append(("note", f"{label} was changed: what was added to it was kept"))
        elif label and label not in labels[number + 1 :]:
            came[label], last = cell, label
        elif cell.source.strip():
            follow[last].append(_added(cell, number))
    if not came.keys() - {"token"}:
        raise UnreadableError(_another(source, handed_in.cells))
    made = nbformat.from_dict(source)
    made.cells = [*follow[None]]
    for cell in map(nbformat.from_dict, source.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if told(cell, "role") in WRITTEN:
            _write(cell, came.get(cell.id, NotebookNode(source="")))
        open_ = told(cell, "role") == "explain" and not is_answered(cell.source, known[cell.id])
        if below := [one for one in follow[cell.id] if open_ and _prose(one)]:
            cell.source = "\n\n".join([cell.source, *map(_prose, below)])
            for one in below:
                cell.setdefault("attachments", {}).update(one.get("attachments", {}))
            events.append(("note", f"{cell.id}: the answer stands in a cell below it"))
        made.cells += [cell, *follow[cell.id]]
    return made, events


def is_answered(text: str, cell: NotebookNode) -> bool:
    """Whether more stands in an explanation's cell than its question and the words in its place."""
    given = unanswered(cell).replace(TEXT_STUB, "").strip()
    return text.replace(TEXT_STUB, "").strip() not in ("", given)


def _labels(known: dict[str, NotebookNode], cells: list) -> tuple[list[str | None], list]:
    """Return which cell of the source each one is, and what is odd about those to be written."""
    marks = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    labels = [mark or cell.get("id") for mark, cell in zip(marks, cells, strict=True)]
    labels, events, lost = [one if one in known else None for one in labels], [], []
    for label, wanted in known.items():
        role, times = told(wanted, "role"), labels.count(label)
        free = [number for number, one in enumerate(labels) if one is None]
        alike = [number for number in free if _stands_for(cells[number], wanted)]
        if role not in WRITTEN:
            for number in alike:
                labels[number] = label
        elif times > 1:
            events.append(("note", f"{label} stands {times} times: all were run in order"))
        elif times == 0 and alike:
            labels[alike[0]] = label
            lost.append(label)
        elif times == 0:
            events.append(("note", f"{label} {MISSING[role]}"))
    if lost:
        events.append(("note", f"lost its mark, found by what stands in it: {', '.join(lost)}"))
    return labels, events


def _stands_for(cell: NotebookNode, wanted: NotebookNode) -> bool:
    """Whether a cell that lost its id is a copy of one, holds its question, or what it asks for."""
    text, given, role = cell.source.strip(), wanted.source.strip(), told(wanted, "role")
    if role in ("explain", "check"):  # a check begins with ``with checks.task("2.1", …):``
        return text.startswith(given.partition("\n")[0])
    if role not in WRITTEN:
        return text == given
    names = wanted.metadata.homework.get("names", ["TOKEN"])
    defined = r"^(def\s+{0}\s*\(|(\w+\s*,\s*)*{0}\s*[,=:](?!=))"
    found = (re.search(defined.format(name), cell.source, re.MULTILINE) for name in names)
    return cell.cell_type == "code" and all(found)


def _another(source: NotebookNode, cells: list) -> str:
    """Say what came in place of an assignment, none of whose tasks is there."""
    here, *_ = source.cells[0].source.strip("# ").split("\n")
    lines = (cell.source.strip().partition("\n")[0] for cell in cells)
    there = next((line.strip("# ") for line in lines if line.startswith("# ")), here)
    came = "a notebook without its tasks" if there == here else f"“{there}”"
    return f"expected “{here}”, got {came}: hand in that notebook itself"


def _write(cell: NotebookNode, came: NotebookNode) -> None:
    """Put into a cell what a student wrote."""
    cell.source = came.source if cell.cell_type == "code" else _harmless(came)
    if cell.cell_type == "markdown" and came.get("attachments"):
        cell.attachments = came.attachments


def _added(came: NotebookNode, number: int) -> NotebookNode:
    cell = new_code_cell() if came.cell_type == "code" else new_markdown_cell()
    _write(cell, came)
    cell.id = f"added-{number:03d}"
    return cell


def _prose(cell: NotebookNode) -> str:
    """Return the words of a cell that is no Python."""
    if cell.cell_type == "markdown":
        return cell.source.strip()
    python = statements(cell.source) or len(cell.source.split()) < 4
    return "" if python else _harmless(cell).strip()


def _new_statements(given: NotebookNode, cell: NotebookNode) -> str:
    """Return what a student has added to a given cell, such as an import."""
    if told(given, "role") != "given" or cell.cell_type != "code" or cell.source == given.source:
        return ""
    known, found = ([ast.unparse(s) for s in statements(one.source)] for one in (given, cell))
    return "\n".join(one for one in found if one not in known)


def _harmless(cell: NotebookNode) -> str:
    """Return Markdown without HTML and without links that run something.

    A page with a script in it could act for whoever reads it, in the formgrader too.
    """
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", cell.source)
    text = re.sub(r"\]\((?!attachment:|https?://)", "] (", text)
    text = re.sub(r"^([ \t>]*\[[^\]\n]*\]):", r"\1 :", text, flags=re.MULTILINE)
    text = text.replace("\\href", "\\ href")
    there = "|".join(f"{re.escape(name)}\\)" for name in cell.get("attachments", {})) or "(?!)"
    return re.sub(rf"\]\(attachment:(?!{there})", "] (a picture that is not there: ", text)
