"""Putting what was handed in into the instructor's notebook.

Only what the student was asked to write is taken from a submission, and the cells that were added;
titles, given code and checks come from the source. Nothing that was handed in is changed.
"""

import ast
import re
from dataclasses import dataclass

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


@dataclass
class Submission:
    """The notebook to be graded, and what a person should know of what was handed in."""

    notebook: NotebookNode
    events: list


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
        written and is not found by its id, its question or what it defines is left empty, so that
        added cells can still define what it asked for.

    Raises
    ------
    UnreadableError
        If none of the tasks is there: a notebook of another assignment, or of none.
    """
    cells = handed_in.cells
    places, events = _places(source, cells)
    if not places.keys() - {"token"}:
        raise UnreadableError(_another(source, cells))
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
        if told(cell, "role") in WRITTEN:
            written = cells[places[cell.id]] if cell.id in places else NotebookNode(source="")
            copy.source = written.source if copy.cell_type == "code" else _harmless(written)
            if copy.cell_type == "markdown" and written.get("attachments"):
                copy.attachments = written.attachments
            stub = told(cell, "role") == "explain" and _words(copy.source) in _stubs(cell)
            if below := [one for one in follow[cell.id] if stub and _prose(one)]:
                copy.source = "\n\n".join([copy.source, *map(_prose, below)])
                for one in below:
                    copy.setdefault("attachments", {}).update(one.get("attachments", {}))
                events.append(("note", f"{cell.id}: the answer stands in a cell below it"))
        made.cells += [copy, *follow[cell.id]]
    return Submission(made, events)


def _another(source: NotebookNode, cells: list) -> str:
    """Say what came in place of an assignment, none of whose tasks is there."""
    here, *_ = source.cells[0].source.strip("# ").split("\n")
    lines = (cell.source.strip().partition("\n")[0] for cell in cells)
    there = next((line.strip("# ") for line in lines if line.startswith("# ")), here)
    came = "a notebook without its tasks" if there == here else f"“{there}”"
    return f"expected “{here}”, got {came}: hand in that notebook itself"


def _words(text: str) -> str:
    return text.replace(TEXT_STUB, "").strip()


def _stubs(cell: NotebookNode) -> tuple[str, str]:
    return "", _words(unanswered(cell))


def _prose(cell: NotebookNode) -> str:
    """Return the words of a cell that is no Python."""
    if cell.cell_type == "markdown":
        return cell.source.strip()
    python = statements(cell.source) or len(cell.source.split()) < 4
    return "" if python else _harmless(cell).strip()


def _claims(cell: NotebookNode) -> str:
    """Return the id that a cell says it has: nbgrader's, else Jupyter's own."""
    mark = cell.get("metadata", {}).get("nbgrader", {})
    claimed = mark.get("grade_id") if isinstance(mark, dict) else None
    return claimed if isinstance(claimed, str) else str(cell.get("id", ""))


def _places(source: NotebookNode, cells: list) -> tuple[dict[str, int], list]:
    """Return where the cells to be written stand in a submission, and what is odd about them."""
    places, events, lost = {}, [], []
    known = {one.id for one in source.cells}
    for wanted in source.cells:
        if told(wanted, "role") not in WRITTEN:
            continue
        found = [number for number, cell in enumerate(cells) if _claims(cell) == wanted.id]
        if len(found) > 1:
            events.append(("note", f"{wanted.id} stands {len(found)} times: all were run in order"))
        if not found:
            others = [number for number, cell in enumerate(cells) if _claims(cell) not in known]
            found = [number for number in others if _stands_for(cells[number], wanted)][:1]
            if found:
                lost.append(wanted.id)
            else:
                events.append(("note", f"{wanted.id} {MISSING[told(wanted, 'role')]}"))
        if found:
            places[wanted.id] = found[-1]
    if lost:
        events.append(("note", f"lost its mark, found by what stands in it: {', '.join(lost)}"))
    return places, events


def _stands_for(cell: NotebookNode, wanted: NotebookNode) -> bool:
    """Whether a cell that lost its id holds a task's question, or gives all that it asks for."""
    if told(wanted, "role") == "explain":
        return cell.source.strip().startswith(wanted.source.strip().partition("\n")[0])
    names = wanted.metadata.homework.get("names", ["TOKEN"])
    given = r"^(def\s+{0}\s*\(|(\w+\s*,\s*)*{0}\s*[,=:](?!=))"
    found = (re.search(given.format(name), cell.source, re.MULTILINE) for name in names)
    return cell.cell_type == "code" and all(found)


def _same_text(source: NotebookNode, cell: NotebookNode) -> str | None:
    """Return the id of the given cell or text that a cell is a copy of."""
    for one in source.cells:
        if told(one, "role") not in WRITTEN and told(one, "role") != "check":
            if one.id == _claims(cell) or one.source.strip() == cell.source.strip():
                return one.id
        elif told(one, "role") == "check":
            scope = one.source.partition("\n")[0]  # ``with checks.task("2.1", …):``
            if one.id == _claims(cell) or cell.source.startswith(scope):
                return one.id
    return None


def _new_statements(source: NotebookNode, anchor: str, cell: NotebookNode) -> str:
    """Return what a student has added to a given cell, such as an import."""
    given = next(one for one in source.cells if one.id == anchor)
    if told(given, "role") != "given" or cell.cell_type != "code" or cell.source == given.source:
        return ""
    known = {ast.dump(node) for node in statements(given.source)}
    found = statements(cell.source)
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
