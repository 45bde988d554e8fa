"""CONTRIBUTING says where a thing is: each of its answers is looked up."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| `([^`|]+)` \| `([^`|]+)` \|$", TEXT, flags=re.MULTILINE)


def defined(tree):
    """Name every function and class at the top of a file, and every method as Class.method."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
            if isinstance(node, ast.ClassDef):
                yield from (f"{node.name}.{name}" for name in defined(node))


@pytest.mark.parametrize(("question", "file", "name"), ROWS, ids=[row[0] for row in ROWS])
def test_the_thing_is_where_the_page_says(question, file, name):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in set(defined(tree)), f"{question}: no {name} in {file}"


def test_fifteen_questions_are_answered_on_one_screen():
    table = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert len(ROWS) == len(table) - 2 >= 15
    assert len(TEXT.splitlines()) <= 30
    assert len(TEXT) <= 5000


def test_every_make_target_that_it_names_is_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make (\w+)", TEXT))
    assert len(targets) > 5
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
