"""What a statement does that `rules` refuses in graded code.

The grader asks for every statement that a graded function is made of (`grader.code`); in a
student's notebook `live` asks for the function at hand, so that both say the same.
"""

import ast
import itertools
import re

from checks import rules
from checks.reading import Statement, changed_by, parts_of, root_of


class Reader(ast.NodeVisitor):
    """Collects what a statement does that graded code may not, as (line, what).

    Parameters
    ----------
    one : Statement
        The statement.
    aliases : dict of str to set of str
        As from `aliases_of`.
    own, classes : frozenset
        As from `attributes_of` and `classes_of`.
    without : sequence of str
        The categories that the task is to be written without.
    rnnviz : bool
        Whether it may use `rnnviz`.
    """

    def __init__(
        self, one: Statement, aliases: dict, own: frozenset, classes: frozenset, without, *, rnnviz
    ):
        self.found = []
        self._uses, self._own, self._rnnviz = one.now | one.later | one.binds, own, rnnviz
        self._classes, self._statement = classes, one.node
        self._aliases = {name: aliases[name] for name in self._uses if name in aliases}
        self._without = rules.banned(without)
        plain = isinstance(one.node, ast.Assign)
        plain = plain and all(isinstance(target, ast.Name) for target in one.node.targets)
        # `nn = torch.nn` only gives a library another name, which the aliases hold.
        self._renamed = one.node.value if plain else None
        for name, place in changed_by(one.node):
            if name in self._aliases:
                self._say(place, f"changes {name}.{getattr(place, 'attr', '…')}")
        try:
            self.visit(one.node)
        except RecursionError:
            self._say(one.node, "is nested too deeply to be read")

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

    def _places(self, node):
        """Return the dotted names that an expression may stand for."""
        return {".".join([top, *parts_of(node)]) for top in self._aliases.get(root_of(node), "?")}

    def _object(self, node, name):
        self._say(node, rules.of_object(name, self._without, self._own))

    def visit(self, node):
        """Refuse names with two underscores in whatever binds one, then look at the node itself."""
        for field in ("name", "asname", "arg", "rest", "id"):
            name = getattr(node, field, None)
            if isinstance(name, str) and name.startswith("__") and not self._may_be(node, name):
                self._say(node, f"names {name}")
        return super().visit(node)

    def _may_be(self, node, name):
        method = isinstance(node, ast.FunctionDef | ast.ImportFrom) or name == "__slots__"
        return name in rules.DUNDERS and (method or name == "__name__")

    def visit_Attribute(self, node):
        """Look a library's name up as a whole, else the attribute alone."""
        if node.attr == "__name__" and self._asks_type(node.value):
            return
        mine = isinstance(node.value, ast.Name) and node.value.id == "self"
        if mine and node.attr in self._own and rules.of_self(node.attr, self._without):
            return
        if (root := root_of(node)) in self._aliases:
            self._library(node, root, parts_of(node))
        else:
            self._object(node, node.attr)
            self.generic_visit(node)

    def visit_Name(self, node):
        """Refuse names that reach anything, and libraries that are passed on."""
        if isinstance(node.ctx, ast.Store):
            return
        if node.id in rules.DYNAMIC and node.id in self._uses:
            self._say(node, f"uses {node.id}")
        elif node.id == "type" and node.id in self._uses:
            self._say(node, "uses type other than to ask for one")
        elif node.id in self._aliases:
            self._library(node, node.id, [])

    def visit_Call(self, node):
        """Let ``type(x)`` ask for a type, and not make one."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                if re.search(r"\{[^}:!]*[.\[]", text):
                    self._say(node, "formats a part of something")
                self.visit_parts(node.args, node.keywords)
            case ast.Call(func=ast.Attribute(attr="format" | "format_map")):
                self._say(node, "formats with a text that is not written there")
            case ast.Call(func=ast.Call(func=ast.Name(id="type")), args=[made], keywords=[]) if (
                not isinstance(made, ast.Starred)
            ):
                self.visit_parts(node.func.args, node.func.keywords, [made])
            case _:
                self.generic_visit(node)

    def visit_parts(self, *parts):
        """Visit lists of nodes."""
        for part in itertools.chain(*parts):
            self.visit(part)

    def visit_Compare(self, node):
        """Let ``type(x) is list`` ask for a type."""
        for one in (node.left, *node.comparators):
            if not self._asks_type(one):
                self.visit(one)

    def visit_FormattedValue(self, node):
        """Let a message name a type."""
        if not self._asks_type(node.value):
            self.generic_visit(node)

    def _asks_type(self, node):
        asks = isinstance(node, ast.Name) and node.id == "type"
        call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if call and node.func.id == "type" and len(node.args) == 1 and not node.keywords:
            self.visit_parts(node.args)
            return not isinstance(node.args[0], ast.Starred)
        return asks

    def visit_ClassDef(self, node):
        """Refuse modules as attributes, and bases that bring more than is listed."""
        for part in ast.walk(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                self._say(part, "imports inside a class")
        for base in node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            made = isinstance(base, ast.Call)  # namedtuple("Step", "h slope")
            if made and self._places(base.func) == {"collections.namedtuple"}:
                continue
            root = root_of(base)
            # Inside a function a name may be one of its own.
            known = node is self._statement or root in rules.BASES
            own = known and isinstance(base, ast.Name) and root in self._classes
            if not own and not set(map(rules.usual_place, self._places(base))) <= rules.BASES:
                self._say(base, f"derives a class from {ast.unparse(base)}")
        for word in node.keywords:
            self._say(word.value, f"makes a class with {word.arg}=")
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
        if node.patterns and ast.unparse(node.cls) not in ("int", "float", "str", "list", "tuple"):
            self._say(node, "takes attributes by a pattern without their names")
        self.generic_visit(node)

    def visit_ImportFrom(self, node):
        """Refuse a star, or a place, that says nothing of what is imported."""
        if node.level or not node.module:
            self._say(node, "imports from beside itself")
        elif node.names[0].name == "*" and not (
            node.module in rules.LIBRARIES
            or (self._rnnviz and node.module.partition(".")[0] == "rnnviz")
        ):
            self._say(node, f"imports all of {node.module}")
        self.generic_visit(node)
