"""Reading code: which names a statement binds, changes and uses, and what they stand for."""

import ast
import importlib
import symtable
from collections import defaultdict
from dataclasses import dataclass

from grader.rules import MODULES
from grader.worker import plain_python


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a cell: where it stands, what it binds and what it uses."""

    cell: str
    node: ast.stmt
    binds: frozenset
    uses: frozenset


def statements_of(cell: str, source: str) -> list[Statement]:
    """Return the top-level statements of a cell; none of one that is no Python."""
    try:
        tree = ast.parse(plain_python(source))
        return [Statement(cell, node, *map(frozenset, _names(node))) for node in tree.body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # it will not run either


def _names(node: ast.stmt) -> tuple[set, set]:
    """Return what a statement binds (or changes) for the notebook, and what it takes from there.

    Names that are local to a function are neither.
    """
    binds, uses = {root for root, _ in changed_by(node)}, set()
    waiting = [symtable.symtable(ast.unparse(node), "cell", "exec")]
    top = waiting[0]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        for symbol in scope.get_symbols():
            outer = scope is top or symbol.is_global()
            if outer and (symbol.is_assigned() or symbol.is_imported()):
                binds.add(symbol.get_name())
            # An import inside a function still means the module that everybody else means.
            if (outer and symbol.is_referenced()) or symbol.is_imported():
                uses.add(symbol.get_name())
    return binds, uses


def changed_by(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """Return the names whose attributes or items a statement assigns or deletes, with the place."""
    changed = []
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(one.ctx, ast.Load):
            root = one
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
                root = root.func if isinstance(root, ast.Call) else root.value
            if isinstance(root, ast.Name):
                changed.append((root.id, one))
    return changed


def reachable(name: str, statements: list[Statement]) -> list[Statement]:
    """Return the statements that a name's value comes from."""
    binding = defaultdict(list)
    for one in statements:
        for bound in one.binds:
            binding[bound].append(one)
    waiting, seen, reached = [name], set(), {}
    while waiting:
        wanted = waiting.pop()
        if wanted not in seen:
            seen.add(wanted)
            for one in binding[wanted]:
                reached[id(one)] = one
                waiting.extend(one.uses)
    return list(reached.values())


def aliases_of(nodes: list[ast.stmt]) -> dict[str, str]:
    """Return the dotted names that imports and plain assignments give to names."""
    known = {}
    everything = [one for node in nodes for one in ast.walk(node)]
    for one in everything:
        match one:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.split(".")[0]
                    known[alias.asname or top] = alias.name if alias.asname else top
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    known[alias.asname or alias.name] = f"{module}.{alias.name}"
    for one in everything:
        if isinstance(one, ast.Assign) and (dotted := dotted_name(one.value, known)):
            for target in one.targets:
                if isinstance(target, ast.Name) and dotted.partition(".")[0] in MODULES:
                    known.setdefault(target.id, dotted)
    return known


def dotted_name(node: ast.AST, aliases: dict[str, str]) -> str:
    """Return ``torch.linalg.norm`` for the expression that means it, else an empty text."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return ""
    return ".".join([aliases[node.id], *reversed(parts)])


def imported_by(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import names."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return [alias.name for alias in node.names]


def starred(students: list[Statement]) -> frozenset:
    """Return the names that ``from math import *`` and its like bring."""
    brought = defaultdict(list)
    for one in students:
        for node in ast.walk(one.node):
            star = isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            if star and node.module in ("math", "torch", "itertools", "functools", "cmath"):
                brought[node.module] = dir(importlib.import_module(node.module))
    return frozenset(name for names in brought.values() for name in names)
