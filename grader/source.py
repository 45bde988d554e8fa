"""Instructor sources: Markdown text with a role on each cell, and nbgrader notebooks from it.

A cell says its role in its header:

- ``token=true``: where the student writes the token;
- ``solve="2.1" names="step_jacobian" without="autograd"``: the student writes it. ``names`` are
  what it must define, ``without`` a rule of `checks.fence`;
- ``check="2.1" points=4``: graded by running it, in a scope of its own (it is put into ``with
  checks.task(…):``, which brings the functions from behind the fence);
- ``explain="2.5" points=3`` (a Markdown region): graded by hand. The solution begins with a rubric:
  nbgrader knows an answer that was never written by a text in which a mark scheme would still be;
- ``show=true``: a drawing, left out when a submission is graded;
- none: given code, run as it stands.
"""

import ast
import re
import textwrap
import zlib

import jupytext
import nbformat
from nbformat import NotebookNode

from grader import HOMEWORK

ROLES = ("token", "solve", "check", "explain", "show")
KEYS = {*ROLES, "names", "without", "points"}
TEXT_STUB = "*Your answer here.*"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}


def read(text: str) -> NotebookNode:
    """Return the instructor's notebook, with nbgrader's metadata, of a source's Markdown.

    Each cell has an id that depends on the source alone; its role, names and rules stand in
    ``metadata.homework``, and which of the names are functions.

    Raises
    ------
    ValueError
        If a header has an unknown key, two cells have the same role and number, a check or an
        explanation has no points, or a check has no task.
    """
    notebook = jupytext.reads(text, fmt="md")
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        given = dict(cell.metadata)
        given.pop("lines_to_next_cell", None)  # what jupytext notes of blank lines
        if unknown := sorted(given.keys() - KEYS):
            raise ValueError(f"a cell may say {', '.join(sorted(KEYS))}, got {unknown[0]!r}")
        cell.id = _identity(given, cell.source)
        cell.metadata = nbformat.from_dict(_metadata(cell, given))
    tasks = {cell.id: cell for cell in notebook.cells}
    if len(tasks) < len(notebook.cells):
        identities = [cell.id for cell in notebook.cells]
        raise ValueError(f"{max(identities, key=identities.count)} stands twice")
    for cell in notebook.cells:
        if told(cell, "role") == "check":
            _follow(cell, tasks.get(cell.id.replace("check", "solve")))
    return notebook


def told(cell: NotebookNode, key: str):
    """Return what the source says of a cell: its ``role``, ``names``, ``without`` …, or nothing."""
    return cell.metadata.get("homework", {}).get(key, ())


def unanswered(cell: NotebookNode) -> str:
    """Return the text of an explanation's cell as students get it."""
    solution = r"### BEGIN SOLUTION\n.*?### END SOLUTION"
    return re.sub(solution, TEXT_STUB, cell.source, flags=re.DOTALL).strip()


def sources() -> dict[str, str]:
    """Return the texts of the instructor sources by assignment."""
    paths = sorted((HOMEWORK / "sources").glob("[0-9]*.md"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def _identity(given: dict, text: str) -> str:
    for role in ("solve", "check", "explain"):
        if role in given:
            return f"{role}-{given[role]}".replace(".", "-")
    # Of other cells some may come and go before it.
    return "token" if "token" in given else f"cell-{zlib.crc32(text.encode()):08x}"


def _metadata(cell: NotebookNode, given: dict) -> dict:
    usual = "given" if cell.cell_type == "code" else ""
    role = next((role for role in ROLES if role in given), usual)
    if not role:
        return {}
    made = {"homework": {"role": role}}
    if role == "solve":
        names, rules = (given.get(key, "").split() for key in ("names", "without"))
        defined = {one.name for one in ast.parse(cell.source).body if type(one) is ast.FunctionDef}
        functions = [name for name in names if name in defined]
        made["homework"] |= {"names": names, "functions": functions}
        made["homework"] |= {"without": rules} if rules else {}
    if role in ("given", "check"):
        made |= {"deletable": False, "editable": False}
    if role in ("solve", "check", "explain"):  # nbgrader need not know of the others
        flags = {"grade": role != "solve", "solution": role != "check", "locked": role == "check"}
        made["nbgrader"] = {"schema_version": 3, "grade_id": cell.id, "task": False} | flags
    if role in ("check", "explain"):
        if not isinstance(given.get("points"), int):
            came = given.get("points")
            raise ValueError(f"{role} {given[role]}: expected whole points, got {came!r}")
        made["nbgrader"]["points"] = given["points"]
    return made


def _follow(check: NotebookNode, task: NotebookNode | None) -> None:
    """Put a check into ``with checks.task(…):``, which says by which rules its task is written."""
    if task is None:
        raise ValueError(f"{check.id}: expected a task of this number, got none: solve=…")
    check.metadata.homework |= {key: told(task, key) for key in ("names", "functions")}
    functions = told(task, "functions")
    if functions and len(functions) < len(told(task, "names")):
        raise ValueError(f"{task.id}: expected functions or measured values, got both")
    words = [check.id.removeprefix("check-").replace("-", "."), *functions]
    given = ", ".join(f'"{word}"' for word in words)
    if functions and told(task, "without"):
        given += f', without="{" ".join(told(task, "without"))}"'
    check.source = f"with checks.task({given}):\n{textwrap.indent(check.source, '    ')}"
