"""The exercises: each takes its right answers and refuses wrong ones.

Of a notebook only those cells run that an exercise stands on.
"""

import ast
import contextlib
import io
import symtable
from pathlib import Path

import matplotlib
import nbformat
import pytest
import torch

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = {int(path.name[:2]): path for path in NOTEBOOKS.glob("[0-9]*.ipynb")}


INNER = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Lambda


def bound(node):
    """Return the names that a statement gives."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Name):
        return set() if loads(node) else {node.id}
    inside = (one for one in ast.iter_child_nodes(node) if not isinstance(one, INNER))
    return set().union(*map(bound, inside))


def loads(name):
    return isinstance(name.ctx, ast.Load)


def used(node):
    """Return the names of others that a statement needs."""

    def free(table):
        outer = table.get_type() == "module"
        names = {one for one in table.get_symbols() if one.is_referenced()}
        names = {one.get_name() for one in names if outer or one.is_global()}
        return names.union(*map(free, table.get_children()))

    names = free(symtable.symtable(ast.unparse(node), "cell", "exec"))
    return names - bound(node) if isinstance(node, ast.For) else names


def needed(cells, exercise):
    """Return the statements before an exercise that it stands on, in order."""
    wanted, found = set(), []
    for node in reversed(exercise.body):
        wanted = wanted - bound(node) | used(node)
    for cell in reversed(cells):
        for node in reversed(ast.parse(cell.source).body):
            if bound(node) & wanted:
                wanted = wanted - bound(node) | used(node)
                found.append(node)
    return found[::-1]


def check_of(number):
    """Return the cells before the check of an exercise, and the check."""
    cells = nbformat.read(NAMES[int(number[0])], as_version=4).cells
    cells = [cell for cell in cells if cell.cell_type == "code"]
    at = next(n for n, cell in enumerate(cells) if f'"{number} right' in cell.source)
    return cells[:at], ast.parse(cells[at].source)


def said(number, answer):
    """Return what the check of an exercise prints with an answer in place of its stub."""
    before, cell = check_of(number)
    given = {name: node for node in ast.parse(answer).body for name in bound(node)}
    cell.body = [
        next((given[name] for name in bound(node) if name in given), node) for node in cell.body
    ]
    extra = [node for node in ast.parse(answer).body if isinstance(node, ast.Import)]
    module = ast.Module([*needed(before, cell), *extra, *cell.body], [])
    matplotlib.use("Agg")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.random.fork_rng():
        exec(compile(ast.fix_missing_locations(module), number, "exec"), {})
    return [line for line in printed.getvalue().splitlines() if f"{number} right" in line]


def answers(text):
    """Return number, whether it is right, and code of each answer."""
    parts = [part.partition("\n") for part in text.split("# %% ")[1:]]
    heads = [(head.split(), code) for head, _, code in parts]
    return [(head[0], head[1] == "right", code) for head, code in heads]


ANSWERS = answers((Path(__file__).parent / "answers.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("number", "right", "answer"),
    ANSWERS,
    ids=[
        f"{number}-{'right' if right else 'wrong'}-{n}"
        for n, (number, right, _) in enumerate(ANSWERS)
    ],
)
def test_an_exercise_takes_what_is_right_and_nothing_else(number, right, answer):
    lines = said(number, answer)
    assert lines
    assert all(line.endswith("True") for line in lines) is right


def test_each_exercise_has_a_right_answer_and_three_wrong_ones():
    for path in NAMES.values():
        text = (NOTEBOOKS / "text" / f"{path.stem}.md").read_text(encoding="utf-8")
        for number in {f"{int(path.name[:2])}.{n}" for n in (1, 2, 3)}:
            if f"**{number}** (" in text:
                kinds = [right for one, right, _ in ANSWERS if one == number]
                assert kinds.count(True) >= 1, number
                assert kinds.count(False) >= 3, number
