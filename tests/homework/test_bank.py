"""The bank: every right solution gets full marks, every wrong one loses the points of its task.

Part of it by default: a wrong and a right solution of each task, the right ones of an assignment in
one submission. With ``--whole`` (`make bank`) all of it, and each in a submission of its own.
"""

import functools
import operator
from collections import defaultdict

import pytest

pytest.importorskip("nbgrader")

from grader import marks
from grading import graded, new_course
from submissions import SOURCES, Case, cases, hand_in

CASES = [case for name in SOURCES for case in cases(name)]


def part_of(everything):
    """Return a wrong solution of each task, and right ones in a submission for each assignment."""
    tasks = defaultdict(list)
    for case in everything:
        tasks[case.assignment, *case.cells, bool(case.lost)].append(case)
    chosen = [found[n % len(found)] for n, (_, found) in enumerate(sorted(tasks.items()))]
    right = defaultdict(list)
    for case in chosen:
        if not case.lost:
            right[case.assignment].append(case.cells)
    together = [
        Case(f"{name[:2]}-right-together", name, functools.reduce(operator.or_, cells), frozenset())
        for name, cells in right.items()
    ]
    return [*together, *(case for case in chosen if case.lost)]


def tried(config):
    """Return the cases that are tried."""
    return CASES if config.getoption("--whole") else part_of(CASES)


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", tried(metafunc.config), ids=lambda case: case.student)


@pytest.fixture(scope="module")
def bank(request, tmp_path_factory):
    """Grade the bank once, in a process of its own; all of it in two, as an assistant does."""
    root = tmp_path_factory.mktemp("bank") / "course"
    secret = new_course(root)
    for case in tried(request.config):
        hand_in(root, case.student, case.assignment, case.content(secret))
    jobs = 2 if request.config.getoption("--whole") else 1
    return graded(root, jobs=jobs), marks.Marks(root)


def test_loses_the_points_of_its_task_or_none(bank, case):
    rows, entered = bank
    row = rows[case.student, case.assignment]
    scores = entered.record(case.student, case.assignment)["scores"]
    lost = {name for name, points in scores.items() if points == 0}
    if case.lost:
        assert case.lost <= lost, row.notes
    else:
        assert not lost
        assert row.state == "graded", row.notes
        assert (row.notes, row.odd) == ("", "")
        assert row.points == sum(points for points in scores.values() if points is not None)
        assert row.maximum == 20


def test_whoever_did_not_solve_it_loses_nothing_else_by_computed_tasks(bank, case):
    """A wrong function costs its own points, and measurements that were made with it."""
    _, entered = bank
    scores = entered.record(case.student, case.assignment)["scores"]
    lost = {name for name, points in scores.items() if points == 0}
    number = min(int(solved.rsplit("-", 1)[1]) for solved in case.cells)
    assert all(int(name.rsplit("-", 1)[1]) >= number for name in lost)
