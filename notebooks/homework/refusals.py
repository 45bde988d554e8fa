"""What a statement does that `rules` refuses in graded code.

The grader asks for every statement that a graded function is made of (`grader.code`); in a
student's notebook `checks` asks for the function at hand, so that both say the same.
"""

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator

import rules
from reading import (
    Statement,
    aliases_of,
    attributes_of,
    changed_by,
    imported_by,
    parts_of,
    root_of,
    statements_of,
)


class Reader(ast.NodeVisitor):
    """Collects what a statement does that graded code may not, as (line, what).

    Parameters
    ----------
    one : Statement
        The statement.
    aliases : dict of str to set of str
        As from `aliases_of`.
    own : frozenset
        As from `attributes_of`.
    without : sequence of str
        The categories that the task is to be written without.
    rnnviz : bool
        Whether it may use `rnnviz`.
    """

    def __init__(self, one: Statement, aliases: dict, own: frozenset, without, *, rnnviz=False):
        self.found = []
        self._uses, self._own, self._rnnviz = one.now | one.later | one.binds, own, rnnviz
        self._aliases = {name: aliases[name] for name in self._uses if name in aliases}
        self._without = frozenset().union(*(rules.CATEGORIES[name] for name in without))
        plain = isinstance(one.node, ast.Assign)
        plain = plain and all(isinstance(target, ast.Name) for target in one.node.targets)
        # `nn = torch.nn` only gives a library another name, which the aliases hold.
        self._renamed = one.node.value if plain else None
        for name, place in changed_by(one.node):
            if name in self._aliases:
                self._say(place, f"changes {name}.{getattr(place, 'attr', '…')}")
        self.visit(one.node)

    def _say(self, node, what):
        if what:
            self.found.append((getattr(node, "lineno", 0), what))

    def _library(self, node, root, parts):
        for place in sorted(self._aliases[root]):
            dotted = ".".join([place, *parts])
            if node is self._renamed and dotted in rules.LIBRARIES:
                continue
            why, rest = rules.in_library(dotted, self._without, self._rnnviz)
            self._say(node, why)
            for name in rest:
                self._object(node, name)

    def _object(self, node, name):
        self._say(node, rules.of_object(name, self._without, self._own))

    def _defines(self, node, name):
        if name.startswith("__") and name not in rules.DUNDERS:
            self._say(node, f"defines {name}")

    def visit_Attribute(self, node):
        """Look a library's name up as a whole, else the attribute alone."""
        if (root := root_of(node)) in self._aliases:
            self._library(node, root, parts_of(node))
        else:
            self._object(node, node.attr)
            self.generic_visit(node)

    def visit_Name(self, node):
        """Refuse names that reach anything, and libraries that are passed on."""
        if isinstance(node.ctx, ast.Store):
            self._defines(node, node.id)
        elif node.id in rules.DYNAMIC and node.id in self._uses:
            self._say(node, f"uses {node.id}")
        elif node.id in self._aliases:
            self._library(node, node.id, [])

    def visit_FunctionDef(self, node):
        """Refuse methods that change how an object is looked into."""
        self._defines(node, node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        """Refuse modules as attributes."""
        for part in ast.walk(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                self._say(part, "imports inside a class")
        self.generic_visit(node)

    def visit_keyword(self, node):
        """Refuse ``requires_grad=True`` and its like where the category is refused."""
        if node.arg in self._without:
            self._say(node.value, f"uses {node.arg}=, and is to be written without it")
        self.generic_visit(node)

    def visit_MatchClass(self, node):
        """Look at the attributes that a pattern takes."""
        for name in node.kwd_attrs:
            self._object(node, name)
        self.generic_visit(node)

    def visit_Import(self, node):
        """Refuse modules that are on no list."""
        for module in imported_by(node):
            if module.partition(".")[0] not in rules.IMPORTED:
                self._say(node, f"imports {module}")

    visit_ImportFrom = visit_Import  # noqa: N815


def of_function(function, without=(), allow=()) -> Iterator[str]:
    """Yield what a function of a notebook, and what it calls there, does that it may not.

    Starts from the live function: for the student's own notebook.
    """
    waiting, seen = [function], set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, types.FunctionType) or one.__module__ != "__main__" or one in seen:
            continue
        seen.add(one)
        try:
            source = textwrap.dedent(inspect.getsource(one))
        except OSError:
            continue  # it was not written in a cell
        for statement in statements_of("", source)[:1]:
            used = statement.now | statement.later
            live = {name: one.__globals__[name] for name in used if name in one.__globals__}
            aliases = aliases_of([statement.node])
            aliases |= {name: {place} for name, value in live.items() if (place := _place(value))}
            own, free = attributes_of([statement.node]), "rnnviz" in allow
            found = Reader(statement, aliases, own, without, rnnviz=free).found
            yield from (f"{one.__name__} {what} (line {line})" for line, what in found)
            waiting += live.values()


def _place(value) -> str:
    """Return the dotted name of a library, or of a thing in one that may stand under any name."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    module, name = getattr(value, "__module__", ""), getattr(value, "__name__", "")
    if str(module).partition(".")[0] == "rnnviz":
        return f"{module}.{name}"
    for place in ("torch", "torch.nn", "torch.nn.functional", "torch.nn.utils"):
        if callable(value) and getattr(sys.modules[place], str(name), None) is value:
            return f"{place}.{name}"
    return ""
