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
from grader.source import unanswered

WRITTEN = ("solve", "explain", "token")
TASK = re.compile(r"(solve|check|explain)-\d")
MISSING = {
    "token": "is missing: graded with the numbers of this student",
    "solve": "is missing or has lost its mark: what another cell defines counts",
    "explain": "is missing or has lost its mark: look for the answer in another cell",
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
        written and is not found by its id is left empty, so that an added cell can still define
        what it asked for.
    """
    cells = handed_in.cells
    _refuse_another(source, cells)
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
            empty = _role(cell) == "explain" and copy.source.strip() in ("", unanswered(cell))
            if below := [text for one in follow[cell.id] if empty and (text := _prose(one))]:
                copy.source = "\n\n".join([copy.source, *below])
                events.append(("note", f"{cell.id}: the answer stands in a cell below it"))
        made.cells += [copy, *follow[cell.id]]
    return Submission(made, events)


def _refuse_another(source: NotebookNode, cells: list) -> None:
    """Refuse the notebook of another assignment: it would earn nothing here."""
    tasks = {claimed for cell in cells if TASK.match(claimed := _claims(cell))}
    if tasks and not tasks & {cell.id for cell in source.cells}:
        here, there = (one[0].source.strip().partition("\n")[0] for one in (source.cells, cells))
        hint = "hand it in under its own assignment"
        raise UnreadableError(f"expected “{here.strip('# ')}”, got “{there.strip('# ')}”: {hint}")


def _prose(cell: NotebookNode) -> str:
    """Return the words of a cell that is no Python."""
    if cell.cell_type == "markdown":
        return cell.source.strip()
    python = statements(cell.source) or len(cell.source.split()) < 4
    return "" if python else _harmless(cell).strip()


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
    for wanted in source.cells:
        if _role(wanted) not in WRITTEN:
            continue
        found = [number for number, cell in enumerate(cells) if _claims(cell) == wanted.id]
        if not found and _role(wanted) == "explain":
            question = wanted.source.strip().partition("\n")[0]
            found = [n for n, cell in enumerate(cells) if cell.source.strip().startswith(question)]
        if found:
            places[wanted.id] = found[-1]
        else:
            events.append(("note", f"{wanted.id} {MISSING[_role(wanted)]}"))
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
