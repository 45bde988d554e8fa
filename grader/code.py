"""What a graded function is made of, and what in it is refused.

A graded function is built anew, in a process of its own, from the statements that its value comes
from: the one that defines it, those that define what it names, and so on. Just these are read
before; nothing else that a submission does can reach it. What is odd in other cells is only noted,
since to compare with `rnnviz` is a good idea.
"""

import ast
import bisect
from collections import defaultdict
from dataclasses import dataclass, field

from nbformat import NotebookNode

from checks.reading import (
    DEFINITIONS,
    WHOLE,
    Statement,
    aliases_of,
    attributes_of,
    changed_by,
    classes_of,
    imported_by,
    parts_of,
    root_of,
    statements_of,
)
from checks.refusals import Reader
from grader.source import tasks

IMPORTS = (ast.Import, ast.ImportFrom)
# Settings count although no function names them.
SETTINGS = frozenset(
    "torch.set_default_dtype torch.set_default_tensor_type torch.manual_seed torch.set_num_threads "
    "random.seed numpy.random.seed".split()
)
# What is read: no homework has more, and reading takes time.
STATEMENTS, CHARACTERS = 1500, 200_000
# In a cell beside the graded code these are a reason to look twice.
ODD_NAMES = frozenset("exec open __import__ __builtins__ globals breakpoint get_ipython".split())
PATCHED = frozenset("torch checks rnnviz nbgrader builtins".split())
ODD_MODULES = frozenset(
    "os subprocess socket ctypes importlib gc inspect signal multiprocessing threading pickle "
    "shutil pathlib glob builtins nbgrader grader mmap marshal code runpy site".split()
)


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
        self._all, self._mine, self._ends = [], set(), {}
        self.noted, characters = [], 0
        for cell in notebook.cells:
            self._ends[cell.id] = len(self._all)
            role = cell.metadata.get("homework", {}).get("role")
            # What a check or a drawing binds stays in it.
            if cell.cell_type == "code" and role not in ("check", "show"):
                characters += len(cell.source)
                if characters <= CHARACTERS and len(self._all) <= STATEMENTS:
                    found = statements_of(cell.id, cell.source)
                    if role != "given":
                        self._mine.update(range(len(self._all), len(self._all) + len(found)))
                        self.noted += [line for one in found for line in _noted(one)]
                    self._all += found
        self._too_long = characters > CHARACTERS or len(self._all) > STATEMENTS
        self._leads_to, self._used = {}, {}
        self._places = defaultdict(list)
        for n, one in enumerate(self._all):
            for name in one.binds | one.changes:
                self._places[name].append(n)
        self._tasks = {name: task for task in tasks(notebook) for name in task.names}
        self.noted = list(dict.fromkeys(self.noted))

    def made(self, names: list[str], check: str) -> Made:
        """Return what the functions with these names are made of, above a check cell."""
        end, found = self._ends[check], Made()
        if self._too_long:
            most = f"{STATEMENTS} statements in {CHARACTERS} characters"
            found.refused = [f"expected at most {most}, came more"]
            return found
        for name in names:
            task = self._tasks[name]
            reached, seen = self._reach([(name, end)])
            found.refused += [f"{name}: {line}" for line in self._refused(reached, reached, task)]
            for n in sorted(self._with_changes(reached, seen, end, task, found.left_out)):
                if n in self._mine:
                    found.places[self._all[n].cell].append(self._all[n].place)
        found.places = {cell: sorted(set(places)) for cell, places in found.places.items()}
        found.refused = list(dict.fromkeys(found.refused))
        found.left_out = list(dict.fromkeys(found.left_out))
        return found

    def _refused(self, read: set[int], together: set[int], task) -> list[str]:
        """Return what some of the statements that stand together do, and may not."""
        nodes = [self._all[n].node for n in sorted(together)]
        known = (aliases_of(nodes), attributes_of(nodes), classes_of(nodes), task.without)
        rnnviz = "rnnviz" in task.allow
        return [
            f"{what} ({self._all[n].cell}, line {line})"
            for n in sorted(read)
            for line, what in dict.fromkeys(Reader(self._all[n], *known, rnnviz=rnnviz).found)
        ]

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
        found, places = [], self._places.get(name, [])
        for n in reversed(places[: bisect.bisect_left(places, at)]):
            found.append(n)
            if name in self._all[n].binds and isinstance(self._all[n].node, WHOLE):
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
                for n in reached & self._mine
                if not isinstance(self._all[n].node, (*IMPORTS, ast.FunctionDef))
                for name in self._all[n].binds & seen
            }
            more = set()
            for n in sorted(self._mine - reached):
                one = self._all[n]
                changes = not isinstance(one.node, IMPORTS) and data & self._led_to(n)
                if n >= end or not (changes or self._is_setting(n)):
                    continue
                needed, named = self._reach([(name, n) for name in one.now])
                new = {n, *needed} - reached
                lines = self._refused(new, reached | new, task)
                left_out += [f"left out: {line}" for line in lines]
                if not lines:
                    more |= new
                    seen = seen | named | one.binds
            if not more:
                return reached
            reached = reached | more

    def _led_to(self, n: int) -> frozenset:
        """Return every name that a statement leads to, wherever these have their values from."""
        if n not in self._leads_to:
            waiting, seen = list(self._all[n].now), set()
            while waiting:
                name = waiting.pop()
                if name not in seen:
                    seen.add(name)
                    waiting += self._uses_of(name) - seen
            self._leads_to[n] = frozenset(seen)
        return self._leads_to[n]

    def _uses_of(self, name: str) -> set[str]:
        places = self._places.get(name, ())
        if name not in self._used:
            ones = [self._all[n] for n in places]
            self._used[name] = set().union(*(one.now | one.later for one in ones))
        return self._used[name]

    def _is_setting(self, n: int) -> bool:
        one = self._all[n]
        if isinstance(one.node, ast.ImportFrom):
            return one.node.module == "__future__"
        if not (isinstance(one.node, ast.Expr) and isinstance(one.node.value, ast.Call)):
            return False
        called = one.node.value.func
        imports = [self._all[k].node for k in self._sources(root_of(called) or "", n)]
        places = aliases_of(imports).get(root_of(called), ())
        return any(".".join([place, *parts_of(called)]) in SETTINGS for place in places)


def _noted(one: Statement) -> list[str]:
    """Return what is odd in any cell of the student's, graded or not."""
    lines = [
        f"changes {name}.{getattr(place, 'attr', '…')} ({one.cell}, line {place.lineno})"
        for name, place in changed_by(one.node)
        if name in one.changes
        and name in PATCHED
        and not ast.unparse(place).startswith("torch.backends.")
    ]
    for node in ast.walk(one.node):
        line = f"({one.cell}, line {getattr(node, 'lineno', '?')})"
        match node:
            case ast.Name(id=name) if name in ODD_NAMES & (one.now | one.later):
                lines.append(f"uses {name} {line}")
            case ast.Attribute(attr="__globals__" | "__subclasses__" | "f_builtins" as attribute):
                lines.append(f"uses .{attribute} {line}")
            case ast.Import() | ast.ImportFrom():
                odd = (m for m in imported_by(node) if m.partition(".")[0] in ODD_MODULES)
                lines += [f"imports {module} {line}" for module in odd]
    return lines
