"""What a graded function is made of, and what in it is refused.

A graded function is built anew, in a process of its own, from the statements that its value comes
from: the one that defines it, those that define what it names, and so on. Just these are read
before; nothing else that a submission does can reach it. What is odd in other cells is only noted,
since to compare with `rnnviz` is a good idea.
"""

import ast
from collections import defaultdict
from dataclasses import dataclass, field

from nbformat import NotebookNode

import rules
from grader.source import tasks
from reading import (
    DEFINITIONS,
    WHOLE,
    Statement,
    aliases_of,
    attributes_of,
    changed_by,
    imported_by,
    statements_of,
)
from refusals import Reader

IMPORTS = (ast.Import, ast.ImportFrom)
# In a cell beside the graded code these are no reason to look twice.
USUAL = frozenset(("eval", "getattr", "setattr", "vars", "locals", "help", "input", "compile"))
# Settings count although no function names them.
SETTINGS = ("torch.set_default_dtype", "torch.manual_seed", "torch.set_num_threads", "random.seed")


@dataclass
class Made:
    """What functions are made of.

    Attributes
    ----------
    places : dict of str to list of int
        The statements, by cell.
    refused : list of str
        Why the functions are refused, a line each.
    left_out : list of str
        What else changes things that they use, and is refused, a line each.
    """

    places: dict = field(default_factory=lambda: defaultdict(list))
    refused: list = field(default_factory=list)
    left_out: list = field(default_factory=list)


class Code:
    """The code of a submission, put into the instructor's notebook.

    Parameters
    ----------
    notebook : NotebookNode
        With the roles and rules of the source on its cells.

    Attributes
    ----------
    noted : list of str
        What is odd in the student's cells, a line each.
    """

    def __init__(self, notebook: NotebookNode):
        students, given, self._ends = [], [], {}
        for cell in notebook.cells:
            self._ends[cell.id] = len(students)
            if cell.cell_type == "code":
                role = cell.metadata.get("homework", {}).get("role")
                if role == "given":
                    given.append(ast.parse(cell.source))
                elif role not in ("check", "show"):  # what these bind stays in them
                    students.extend(statements_of(cell.id, cell.source))
        self._all = students
        self._aliases = aliases_of([*given, *(one.node for one in students)])
        self._own = attributes_of([one.node for one in students])
        self._tasks = {name: task for task in tasks(notebook) for name in task.names}
        lines = (line for one in students for line in _noted(one, self._aliases))
        self.noted = list(dict.fromkeys(lines))

    def made(self, names: list[str], check: str) -> Made:
        """Return what the functions with these names are made of, above a check cell."""
        end, found = self._ends[check], Made()
        for name in names:
            task = self._tasks[name]
            reached, seen = self._reach([(name, end)])
            found.refused += [
                f"{name}: {line}" for n in sorted(reached) for line in self._refused(n, task)
            ]
            for n in sorted(self._with_changes(reached, seen, end, task, found.left_out)):
                found.places[self._all[n].cell].append(self._all[n].place)
        found.places = {cell: sorted(set(places)) for cell, places in found.places.items()}
        found.refused = list(dict.fromkeys(found.refused))
        found.left_out = list(dict.fromkeys(found.left_out))
        return found

    def _refused(self, n: int, task) -> list[str]:
        one = self._all[n]
        rnnviz = "rnnviz" in task.allow
        found = Reader(one, self._aliases, self._own, task.without, rnnviz=rnnviz).found
        return [f"{what} ({one.cell}, line {line})" for line, what in dict.fromkeys(found)]

    def _reach(self, wanted: list[tuple[str, int]]) -> tuple[set[int], set[str]]:
        """Return the statements that names have their values from, and the names of all of these.

        Each name is wanted as of a place: that is how a second definition replaces a first.
        """
        waiting, seen, reached = list(wanted), set(), set()
        while waiting:
            name, at = waiting.pop()
            if (name, at) in seen:
                continue
            seen.add((name, at))
            for n in self._sources(name, at):
                one = self._all[n]
                reached.add(n)
                waiting += [(used, n) for used in one.now]
                waiting += [(used, at) for used in one.later]
                if not isinstance(one.node, DEFINITIONS):
                    waiting += [(used, n) for used in one.later]
        return reached, {name for name, _ in seen}

    def _sources(self, name: str, at: int) -> list[int]:
        """Return the last statement above a place that surely binds a name, and what changes it."""
        found = []
        for n in range(at - 1, -1, -1):
            one = self._all[n]
            if name in one.binds or name in one.changes:
                found.append(n)
            if name in one.binds and isinstance(one.node, WHOLE):
                break
        return found

    def _with_changes(
        self, reached: set[int], seen: set[str], end: int, task, left_out: list[str]
    ) -> set[int]:
        """Add the statements that may change what was reached, such as ``table.append(…)``.

        Those that are refused are left out: what compares with `rnnviz` names the same things.
        """
        while True:
            data = {
                name
                for n in reached
                if not isinstance(self._all[n].node, (*IMPORTS, ast.FunctionDef))
                for name in self._all[n].binds & seen
            }
            more = set()
            for n in range(end):
                if n not in reached and self._may_change(self._all[n], data):
                    wanted = self._all[n].now | self._all[n].later
                    needed, named = self._reach([(name, n) for name in wanted])
                    new = {n, *needed} - reached
                    lines = [line for k in sorted(new) for line in self._refused(k, task)]
                    left_out += [f"left out: {line}" for line in lines]
                    if not lines:
                        more |= new
                        seen = seen | named
            if not more:
                return reached
            reached = reached | more

    def _may_change(self, one: Statement, data: set[str]) -> bool:
        if isinstance(one.node, ast.Expr) and isinstance(one.node.value, ast.Call):
            called = ast.unparse(one.node.value.func)
            root, _, rest = called.partition(".")
            if any(f"{top}.{rest}" in SETTINGS for top in self._aliases.get(root, ())):
                return True
        compound = (ast.Expr, ast.For, ast.While, ast.With, ast.If, ast.Try)
        return isinstance(one.node, compound) and bool(one.now & data)


def _noted(one: Statement, aliases: dict) -> list[str]:
    """Return what is odd in any cell of the student's, graded or not."""
    lines = [
        f"changes {name}.{getattr(place, 'attr', '…')} ({one.cell}, line {place.lineno})"
        for name, place in changed_by(one.node)
        if any(not top.startswith("matplotlib") for top in aliases.get(name, ()))
    ]
    for node in ast.walk(one.node):
        line = f"({one.cell}, line {getattr(node, 'lineno', '?')})"
        match node:
            case ast.Name(id=name) if name in (rules.DYNAMIC - USUAL) & (one.now | one.later):
                lines.append(f"uses {name} {line}")
            case ast.Attribute(attr="__class__" | "__globals__" | "__subclasses__" as attribute):
                lines.append(f"uses .{attribute} {line}")
            case ast.Import() | ast.ImportFrom():
                odd = (m for m in imported_by(node) if m.partition(".")[0] not in rules.IMPORTED)
                lines += [f"imports {module} {line}" for module in odd]
    return lines
