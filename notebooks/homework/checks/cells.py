"""Cells of a notebook as plain Python."""

import ast
import re
import textwrap

MAGIC = re.compile(
    r"%%?(?:time|timeit|capture)\b(?P<timed>.*)|%%?[a-zA-Z].*|[!?].*|[\w.]+ ?= ?[!%][a-zA-Z].*"
    r"|[\w.]+\?{1,2} *"
)
ELSEWHERE = re.compile(r"[ \t\n]*%%(?!time\b|timeit\b|capture\b)")
# Python's own limits: what is longer or deeper does not run in a notebook either.
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def plain_python(source: str) -> str:
    """Return a cell without what only IPython knows, so that line numbers stay what they were.

    ``%time f()`` is ``f()``; a cell that another program would run, ``%%bash``, is empty.
    """
    if ELSEWHERE.match(source):
        return ""
    try:
        ast.parse(source)
    except NO_PYTHON:
        return "\n".join(map(_plain_line, textwrap.dedent(source).split("\n")))
    return source


def _plain_line(line: str) -> str:
    code = line.lstrip(" \t")
    if not (found := MAGIC.fullmatch(code)):
        return line
    timed = re.sub(r"^(?: -\w+(?: \d+)?)*", "", found["timed"] or "").strip()
    indent = line[: len(line) - len(code)]
    return indent + (timed or ("pass" if indent else ""))


def statements(source: str) -> list[ast.stmt]:
    """Return the top-level statements of a cell; none of one that is no Python."""
    try:
        return ast.parse(plain_python(source)).body
    except NO_PYTHON:
        return []
