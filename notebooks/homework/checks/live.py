"""What a function in a student's notebook does that `rules` refuses in graded code.

The student's own look at the rules: it starts from the live function, and asks of every statement
what the grader asks (`refusals`).
"""

import ast
import functools
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator

from checks.reading import aliases_of, attributes_of, classes_of, statements_of
from checks.refusals import Reader


def of_function(function, without=(), allow=()) -> Iterator[str]:
    """Yield what a function of a notebook, and what it calls there, does that it may not.

    Starts from the live function: for the student's own notebook.
    """
    waiting, seen, owned = [function], set(), frozenset()
    while waiting:
        one = waiting.pop()
        waiting += _parts_of_thing(one)
        owned |= _attributes(one)
        if not isinstance(one, types.FunctionType) or one.__module__ != "__main__" or one in seen:
            continue  # (a set of functions: other things need not even be comparable)
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
            own = attributes_of([statement.node]) | owned
            classes = classes_of([statement.node])
            free = "rnnviz" in allow
            found = Reader(statement, aliases, own, classes, without, rnnviz=free).found
            yield from (f"{one.__name__} {what} (line {line})" for line, what in found)
            waiting += live.values()


def _parts_of_thing(one) -> list:
    """Return the functions that an object, a partial or a cache in a notebook is made of."""
    if isinstance(one, functools.partial):
        return [one.func]
    kind = one if isinstance(one, type) else type(one)
    if kind.__module__ == "__main__":
        return [part for part in vars(kind).values() if isinstance(part, types.FunctionType)]
    wrapped = getattr(one, "__wrapped__", None)
    return [wrapped] if isinstance(wrapped, types.FunctionType) else []


def _attributes(one) -> frozenset:
    """Return the attributes of a class that was written in the notebook, or of such an object."""
    kind = one if isinstance(one, type) else type(one)
    if kind.__module__ != "__main__":
        return frozenset()
    named = [*vars(kind), *getattr(kind, "__annotations__", ())]
    methods = (part for part in vars(kind).values() if isinstance(part, types.FunctionType))
    set_there = (name for part in methods for name in _set_on_self(part))
    return frozenset([*named, *set_there])


def _set_on_self(method) -> frozenset:
    try:
        return attributes_of([ast.parse(textwrap.dedent(inspect.getsource(method)))])
    except (OSError, SyntaxError):
        return frozenset()


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
