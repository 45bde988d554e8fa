"""Reading code: what its statements bind, change and use, and what libraries their names mean."""

import ast
import importlib
import re
import symtable
from collections import defaultdict
from dataclasses import dataclass

import rules

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
WHOLE = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
STARRED = ("math", "cmath", "itertools", "functools", "torch")


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a cell.

    Attributes
    ----------
    cell, place : str, int
        The cell, and which of its statements it is.
    binds : frozenset
        The names that it gives a value.
    changes : frozenset
        The names whose attributes or items it assigns, and those that functions in it bind.
    now, later : frozenset
        The names that it uses when it runs, and when a function in it is called.
    """

    cell: str
    place: int
    node: ast.stmt
    binds: frozenset
    changes: frozenset
    now: frozenset
    later: frozenset


def plain_python(source: str) -> str:
    """Return a cell without its lines of IPython, so that line numbers stay what they were."""
    return re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE)


def statements_of(cell: str, source: str) -> list[Statement]:
    """Return the top-level statements of a cell; none of one that is no Python."""
    try:
        tree = ast.parse(plain_python(source))
        return [
            Statement(cell, place, node, *map(frozenset, _names(node)))
            for place, node in enumerate(tree.body)
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # it will not run either


def _names(node: ast.stmt) -> tuple[set, set, set, set]:
    binds, now, later = set(), set(), set()
    changes = {root for root, _ in changed_by(node)}
    top = symtable.symtable(ast.unparse(node), "cell", "exec")
    waiting = [(top, now, binds)]
    while waiting:
        scope, uses, given = waiting.pop()
        for symbol in scope.get_symbols():
            name, outer = symbol.get_name(), scope is top or symbol.is_global()
            if outer and (symbol.is_assigned() or symbol.is_imported()):
                given.add(name)
            # An import inside a function still means the module that everybody else means.
            if (outer and symbol.is_referenced()) or symbol.is_imported():
                uses.add(name)
        for inner in scope.get_children():
            called = inner.get_type() == "function" and not inner.get_name().endswith("comp")
            waiting.append((inner, later, changes) if called else (inner, uses, given))
    return binds, changes, now, later


def changed_by(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """Return the names whose attributes or items some code assigns or deletes, with the place."""
    changed = []
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(one.ctx, ast.Load):
            root = one
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
                root = root.func if isinstance(root, ast.Call) else root.value
            if isinstance(root, ast.Name):
                changed.append((root.id, one))
    return changed


def aliases_of(nodes: list[ast.AST]) -> dict[str, set[str]]:
    """Return the dotted names of libraries, and of things in them, that names may stand for."""
    known = defaultdict(set)
    everything = [one for node in nodes for one in ast.walk(node)]
    for one in everything:
        match one:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    known[alias.asname or top].add(alias.name if alias.asname else top)
            case ast.ImportFrom(module=str(module), names=[ast.alias(name="*")]):
                if module in STARRED:
                    for name in dir(importlib.import_module(module)):
                        known[name].add(f"{module}.{name}")
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    known[alias.asname or alias.name].add(f"{module}.{alias.name}")
    for one in everything:
        if isinstance(one, ast.Assign) and (root := root_of(one.value)) in known:
            for target in one.targets:
                if isinstance(target, ast.Name) and target.id != root:
                    whole = {".".join([place, *parts_of(one.value)]) for place in known[root]}
                    known[target.id] |= whole & rules.LIBRARIES
    return {name: places for name, places in known.items() if places}


def imported_by(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the modules that an import names."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or "."]
    return [alias.name for alias in node.names]


def attributes_of(nodes: list[ast.AST]) -> frozenset:
    """Return the attributes that the classes in some code have."""
    own = set()
    for node in nodes:
        for one in ast.walk(node):
            match one:
                case ast.Attribute(attr=name, ctx=ast.Store(), value=ast.Name(id="self")):
                    own.add(name)
                case ast.ClassDef(body=body):
                    own |= {part.name for part in body if isinstance(part, ast.FunctionDef)}
                    fields = (part for part in body if isinstance(part, ast.Assign | ast.AnnAssign))
                    own |= {n.id for f in fields for n in ast.walk(f) if isinstance(n, ast.Name)}
    return frozenset(own)


def root_of(node: ast.AST) -> str | None:
    """Return ``x`` for the expression ``x.y.z``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def parts_of(node: ast.AST) -> list[str]:
    """Return ``["y", "z"]`` for the expression ``x.y.z``."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return parts[::-1]
