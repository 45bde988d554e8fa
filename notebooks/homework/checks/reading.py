"""Reading code: what its statements bind, change and use, and what libraries their names mean."""

import ast
import copy
import functools
import importlib
import re
import symtable
import textwrap
import types
from collections import defaultdict
from dataclasses import dataclass

from checks import rules

COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")
MAGIC = re.compile(
    r"%%?(?:time|timeit|capture)\b(?P<timed>.*)|%%?[a-zA-Z].*|[!?].*|[\w.]+ ?= ?[!%][a-zA-Z].*"
    r"|[\w.]+\?{1,2} *"
)
ELSEWHERE = re.compile(r"[ \t\n]*%%(?!time\b|timeit\b|capture\b)")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
WHOLE = (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


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
    """Return a cell without what only IPython knows, so that line numbers stay what they were.

    ``%time f()`` is ``f()``; a cell that another program would run, ``%%bash``, is empty.
    """
    if ELSEWHERE.match(source):
        return ""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(map(_plain_line, textwrap.dedent(source).split("\n")))
    return source


def _plain_line(line: str) -> str:
    code = line.lstrip(" \t")
    if not (found := MAGIC.fullmatch(code)):
        return line
    timed = re.sub(r"^(?: -\w+(?: \d+)?)*", "", found["timed"] or "").strip()
    indent = line[: len(line) - len(code)]
    return indent + (timed or ("pass" if indent else ""))


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
    binds, inside, now, later = set(), set(), set(), set()
    top = symtable.symtable(ast.unparse(_unjoined(node)), "cell", "exec")
    waiting = [(top, now, binds)]
    while waiting:
        scope, uses, given = waiting.pop()
        for symbol in scope.get_symbols():
            name, outer = symbol.get_name(), scope is top or symbol.is_global()
            if outer and (symbol.is_assigned() or symbol.is_imported()):
                given.add(name)
            # An import inside a function still means the module that everybody else means, and
            # a class looks outside for what it has not assigned yet.
            beyond = outer or scope.get_type() == "class"
            counted = symbol.is_global() and symbol.is_assigned() and scope is not top
            if (beyond and symbol.is_referenced()) or symbol.is_imported() or counted:
                uses.add(name)
        for inner in scope.get_children():
            called = inner.get_type() == "function" and inner.get_name() not in COMPREHENSIONS
            waiting.append((inner, later, inside) if called else (inner, uses, given))
    if isinstance(node, ast.AnnAssign) and node.value is None:
        binds = set()
    added = (one.target for one in ast.walk(node) if isinstance(one, ast.AugAssign))
    now |= {target.id for target in added if isinstance(target, ast.Name)} & binds
    for star in _stars(node):
        binds.update(star_names(star))
    changes = inside | ({root for root, _ in changed_by(node)} & (now | later | binds))
    return binds, changes, now, later


def _unjoined(node: ast.stmt) -> ast.stmt:
    """Return the code with tuples for its f-strings: not each that is valid can be written out."""

    class Unjoin(ast.NodeTransformer):
        def visit_JoinedStr(self, joined):
            values = [one.value for one in ast.walk(joined) if isinstance(one, ast.FormattedValue)]
            return ast.Tuple([self.visit(value) for value in values], ast.Load())

    if not any(isinstance(one, ast.JoinedStr) for one in ast.walk(node)):
        return node
    return ast.fix_missing_locations(Unjoin().visit(copy.deepcopy(node)))


def _stars(node: ast.AST) -> list[str]:
    return [
        one.module or ""
        for one in ast.walk(node)
        if isinstance(one, ast.ImportFrom) and one.names[0].name == "*"
    ]


@functools.cache
def star_names(module: str) -> tuple[str, ...]:
    """Return what ``from module import *`` brings, of the libraries that may be read."""
    if module not in rules.LIBRARIES and module.partition(".")[0] != "rnnviz":
        return ()
    try:
        found = importlib.import_module(module)
    except ImportError:
        return ()
    if listed := getattr(found, "__all__", None):
        return tuple(listed)
    public = ((name, one) for name, one in vars(found).items() if not name.startswith("_"))
    return tuple(name for name, one in public if not isinstance(one, types.ModuleType))


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
                for name in star_names(module):
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


def classes_of(nodes: list[ast.AST]) -> frozenset:
    """Return the names that stand for nothing but harmless built-in classes and the code's own."""
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    others = (bound_by(node) for node in nodes if not isinstance(node, ast.ClassDef))
    builtin = {name for name in rules.BASES if "." not in name} - classes
    inside = (bound_by(part) for node in nodes for part in ast.iter_child_nodes(node))
    return frozenset(classes.difference(*others) | builtin.difference(*inside))


def bound_by(node: ast.AST) -> set[str]:
    """Return every name that some code gives a value, at any depth."""
    names = set()
    for one in ast.walk(node):
        for field in ("name", "asname", "rest"):
            names.add(getattr(one, field, None))
        if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load):
            names.add(one.id)
    return names - {None}


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
