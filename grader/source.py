"""Instructor sources: Markdown text with a role on each cell, and nbgrader notebooks from it.

A cell says its role in its header:

- ``token=true``: where the student writes the token;
- ``solve="2.1" names="step_jacobian" without="autograd"``: the student writes it. ``names`` are
  what it must define, ``without`` a rule of `checks.fence`;
- ``check="2.1" points=4 tests="step_jacobian"``: graded by running it, in a scope of its own (it
  is put into ``with checks.task(…):``, which brings the functions from behind the fence);
- ``explain="2.5" points=3`` (a Markdown region): graded by hand;
- ``show=true``: a drawing, left out when a submission is graded;
- none: given code, run as it stands.
"""

import ast
import re
import textwrap
import zlib
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

ROLES = ("token", "solve", "check", "explain", "show")
KEPT = ("names", "without", "functions")
KEYS = {*ROLES, "names", "without", "tests", "points"}
TEXT_STUB = "*Your answer here.*"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}


class SourceError(ValueError):
    """An instructor source that does not say what it must."""


def read(text: str) -> NotebookNode:
    """Return the instructor's notebook, with nbgrader's metadata, of a source.

    Parameters
    ----------
    text : str
        The Markdown of an assignment.

    Returns
    -------
    NotebookNode
        Each cell has an id that depends on the source alone; its role, names and rules stand in
        ``metadata.homework``.

    Raises
    ------
    SourceError
        If a header has an unknown key, two cells have the same role and number, a check or an
        explanation has no points, or a check tests a name that no cell is asked to define.
    """
    notebook = jupytext.reads(text, fmt="md")
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        given = dict(cell.metadata)
        given.pop("lines_to_next_cell", None)  # what jupytext notes of blank lines
        if unknown := sorted(given.keys() - KEYS):
            raise SourceError(f"a cell may say {', '.join(sorted(KEYS))}, got {unknown[0]!r}")
        cell.id = _identity(given, cell.source)
        cell.metadata = nbformat.from_dict(_metadata(cell.cell_type, given, cell.id))
        if "explain" in given:
            cell.source = _rubric_into_answer(cell.source)
        if "solve" in given:
            cell.metadata.homework.functions = _functions(cell)
    _refuse_inconsistent(notebook)
    for cell in notebook.cells:
        if told(cell, "role") == "check":
            cell.source = _in_a_scope(cell, tasks(notebook))
    return notebook


def _functions(cell: NotebookNode) -> list[str]:
    """Return which of the names that a cell is to define are functions."""
    defined = {one.name for one in ast.parse(cell.source).body if isinstance(one, ast.FunctionDef)}
    return [name for name in cell.metadata.homework.get("names", []) if name in defined]


def _in_a_scope(cell: NotebookNode, everything: list["Task"]) -> str:
    """Put a check into ``with checks.task(…):``, which says by which rules the task is written."""
    names = cell.metadata.homework.get("tests", [])
    tested = [task for task in everything if set(task.functions) & set(names)]
    words = [f'"{cell.id.removeprefix("check-").replace("-", ".")}"']
    words += [f'"{name}"' for name in names if any(name in task.functions for task in tested)]
    if listed := sorted({one for task in tested for one in task.without}):
        words.append(f'without="{" ".join(listed)}"')
    return f"with checks.task({', '.join(words)}):\n{textwrap.indent(cell.source, '    ')}"


def _identity(given: dict, text: str) -> str:
    if "token" in given:
        return "token"
    for role in ("solve", "check", "explain"):
        if role in given:
            return f"{role}-{given[role]}".replace(".", "-")
    return f"cell-{zlib.crc32(text.encode()):08x}"  # others may come and go before it


def _metadata(kind: str, given: dict, identity: str) -> dict:
    role = next((role for role in ROLES if role in given), "given" if kind == "code" else "text")
    if role == "text":
        return {}
    protect = {"deletable": False, "editable": False}
    if role in ("show", "token", "given"):
        # nbgrader need not know of these: one more does no harm to what was handed in.
        return (protect if role == "given" else {}) | {"homework": {"role": role}}
    if role in ("check", "explain") and not isinstance(given.get("points"), int):
        raise SourceError(
            f"{role} {given[role]}: expected whole points, got {given.get('points')!r}"
        )
    nbgrader = {
        "schema_version": 3,
        "grade_id": identity,
        "grade": role in ("check", "explain"),
        "solution": role in ("solve", "explain"),
        "locked": role == "check",
        "task": False,
    }
    if nbgrader["grade"]:
        nbgrader["points"] = given["points"]
    lists = {key: given.get(key, "").split() for key in ("names", "without", "tests")}
    homework = {"role": role} | {key: value for key, value in lists.items() if value}
    return (protect if role == "check" else {}) | {"nbgrader": nbgrader, "homework": homework}


def _rubric_into_answer(text: str) -> str:
    """Move the mark scheme into the solution region.

    nbgrader knows an answer that was never written by its text, which must be that of the student
    version; it remembers the text with a mark scheme, and without a solution.
    """
    scheme = re.search(r"### BEGIN MARK SCHEME\n(.*?)### END MARK SCHEME\n+", text, re.DOTALL)
    if scheme is None:
        return text
    begin = "### BEGIN SOLUTION\n"
    rest = text.replace(scheme[0], "")
    return rest.replace(begin, f"{begin}*Rubric.* {scheme[1]}\n*Model answer.* ", 1)


def told(cell: NotebookNode, key: str):
    """Return what the source says of a cell: its ``role``, ``names``, ``tests`` …, or nothing."""
    return cell.metadata.get("homework", {}).get(key, ())


def unanswered(cell: NotebookNode) -> str:
    """Return the text of an explanation's cell as students get it."""
    solution = r"### BEGIN SOLUTION\n.*?### END SOLUTION"
    return re.sub(solution, TEXT_STUB, cell.source, flags=re.DOTALL).strip()


def _refuse_inconsistent(notebook: NotebookNode) -> None:
    identities = [cell.id for cell in notebook.cells]
    if twice := sorted({one for one in identities if identities.count(one) > 1}):
        raise SourceError(f"{twice[0]} stands twice")
    asked = {name for task in tasks(notebook) for name in task.names}
    functions = {name for task in tasks(notebook) for name in task.functions}
    for cell in notebook.cells:
        tested = set(told(cell, "tests"))
        if unknown := sorted(tested - asked):
            raise SourceError(f"{cell.id} tests {unknown[0]}, which no cell is asked to define")
        if tested & functions and tested - functions:
            raise SourceError(f"{cell.id}: expected functions or measured values, got both")


@dataclass(frozen=True)
class Task:
    """One cell that the student writes: its id, what it must define, and without what.

    `functions` are those of the names that are functions; the others are measured.
    """

    identity: str
    names: tuple[str, ...]
    without: tuple[str, ...]
    functions: tuple[str, ...]


def tasks(notebook: NotebookNode) -> list[Task]:
    """Return the tasks of a notebook in order."""
    return [
        Task(cell.id, *(tuple(told(cell, key)) for key in KEPT))
        for cell in notebook.cells
        if told(cell, "role") == "solve"
    ]


def sources(folder: Path) -> dict[str, Path]:
    """Return the instructor sources in a folder by the name of their assignment."""
    return {path.stem: path for path in sorted(folder.glob("[0-9]*.md"))}
