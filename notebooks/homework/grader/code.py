"""Checks of the code: what is graded may not call what it was asked to write.

Each name that a task asks for is followed through the notebook: the statements that define it, the
names that these use, and so on. What is found there withholds the points of the task; what is found
in other cells of the student's is only noted, since to compare with `rnnviz` is a good idea.
"""

import ast
import builtins
from dataclasses import dataclass, field

from nbformat import NotebookNode

from grader.names import (
    Statement,
    aliases_of,
    changed_by,
    dotted_name,
    imported_by,
    reachable,
    starred,
    statements_of,
)
from grader.rules import CATEGORIES, DYNAMIC, MODULES, NEVER, PRIVATE_ALLOWED
from grader.source import tasks

GIVEN = ("given", "check", "show")


@dataclass(frozen=True)
class Finding:
    """One line about one thing in the code."""

    line: str


@dataclass
class Findings:
    """What was found: per name that is asked for, elsewhere, and names that no statement binds."""

    withheld: dict = field(default_factory=dict)
    noted: list = field(default_factory=list)
    unbound: set = field(default_factory=set)


def findings(notebook: NotebookNode) -> Findings:
    """Return what the code of a submission, put into the instructor's notebook, uses.

    Parameters
    ----------
    notebook : NotebookNode
        With the roles and rules of the source on its cells.
    """
    students, given = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            mine = cell.metadata.get("homework", {}).get("role") not in GIVEN
            (students if mine else given).extend(statements_of(cell.id, cell.source))
    aliases = aliases_of([one.node for one in [*given, *students]])
    known = frozenset(dir(builtins)).union(*(one.binds for one in [*given, *students]))
    known |= starred(students) | DYNAMIC  # these are named by `_in_statement`
    patches = [one for one in students if _patched(one, aliases)]
    found = Findings()
    for task in tasks(notebook):
        banned = frozenset().union(*(CATEGORIES[one] for one in task.without))
        for name in task.names:
            reached = reachable(name, students)
            # What changes a library can change anything that uses it.
            lines = [line for one in patches for line in _patched(one, aliases)]
            if not reached:
                found.unbound.add(name)
            for one in reached:
                lines += _in_statement(one, aliases, banned, "rnnviz" in task.allow)
                lines += _undefined(one, known)
            found.withheld[name] = [Finding(f"{name}: {line}") for line in dict.fromkeys(lines)]
    noted = [line for one in students for line in _noted(one, aliases)]
    found.noted = [Finding(line) for line in dict.fromkeys(noted)]
    return found


def _in_statement(one: Statement, aliases: dict, banned: frozenset, rnnviz: bool) -> list[str]:
    """Return what code that is graded may not do, with the line of the cell."""
    lines = []

    def say(node, what):
        lines.append(f"{what} ({one.cell}, line {getattr(node, 'lineno', '?')})")

    for node in ast.walk(one.node):
        match node:
            case ast.Name(id=name) if name in DYNAMIC:
                say(node, f"uses {name}")
            case ast.Name(id=name) if name in aliases and name in one.uses:
                dotted = aliases[name]
                if dotted.partition(".")[0] == "rnnviz" and not rnnviz:
                    say(node, f"uses {dotted}, and is to be written without rnnviz")
                for part in dotted.split("."):
                    if part in banned | NEVER:
                        say(node, f"uses {dotted}, and is to be written without it")
            case ast.Attribute(attr=attribute) if attribute in banned | NEVER:
                say(node, f"uses .{attribute}, and is to be written without it")
            case ast.Attribute(attr=attribute) if (
                attribute.startswith("__") and attribute not in PRIVATE_ALLOWED
            ):
                say(node, f"uses .{attribute}")
            case ast.Attribute(attr=attribute) if (
                attribute.startswith("_")
                and dotted_name(node, aliases).partition(".")[0] in MODULES
            ):
                say(node, f"uses the inside of a library, .{attribute}")
            case ast.keyword(arg=str(keyword)) if keyword in banned:
                say(node.value, f"uses {keyword}=, and is to be written without it")
            case ast.MatchClass(kwd_attrs=attributes) if set(attributes) & (banned | NEVER):
                say(node, "takes an attribute by a pattern that it may not use")
            case ast.Import() | ast.ImportFrom():
                for module in imported_by(node):
                    if not _known(module):
                        say(node, f"imports {module}")
    return lines


def _known(module: str) -> bool:
    return module.partition(".")[0] in MODULES


def _patched(one: Statement, aliases: dict) -> list[str]:
    """Return the attributes of libraries that it replaces (matplotlib's settings aside)."""
    return [
        f"changes {name}.{getattr(place, 'attr', '…')} ({one.cell}, line {place.lineno})"
        for name, place in changed_by(one.node)
        if name in aliases and not aliases[name].startswith("matplotlib")
    ]


def _undefined(one: Statement, known: frozenset) -> list[str]:
    """Return the names that nothing in the notebook defines: they came in by a side door."""
    unknown = sorted(one.uses - known)
    return [f"uses {name}, which no cell defines ({one.cell})" for name in unknown]


def _noted(one: Statement, aliases: dict) -> list[str]:
    """Return what is odd in any cell of the student's, graded or not."""
    lines = _patched(one, aliases)
    for node in ast.walk(one.node):
        line = f"({one.cell}, line {getattr(node, 'lineno', '?')})"
        match node:
            case ast.Name(id=name) if name in DYNAMIC:
                lines.append(f"uses {name} {line}")
            case ast.Attribute(attr="__class__" | "__globals__" | "__subclasses__" as attribute):
                lines.append(f"uses .{attribute} {line}")
            case ast.Import() | ast.ImportFrom():
                imported = [
                    one for one in imported_by(node) if one.partition(".")[0] not in MODULES
                ]
                lines += [f"imports {module} {line}" for module in imported]
    return lines
