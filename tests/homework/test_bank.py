"""The bank: every right solution gets full marks, every wrong one loses the points of its task.

Part of it by default, a right and two wrong solutions of each task; all of it with ``--whole-bank``
(`make bank`).
"""

from collections import defaultdict

import pytest

pytest.importorskip("nbgrader")

from grader import marks
from grading import graded, new_course
from submissions import SOURCES, cases, hand_in

CASES = [case for name in SOURCES for case in cases(name)]


def part_of(everything):
    """Return one of the right solutions of each task and two of the wrong ones."""
    tasks = defaultdict(list)
    for case in everything:
        tasks[*case.cells, bool(case.lost)].append(case)
    return [
        case
        for number, ((_, wrong), found) in enumerate(sorted(tasks.items()))
        for case in ([found[0], found[len(found) // 2]] if wrong else [found[number % len(found)]])
    ]


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole-bank")
        chosen = CASES if whole else part_of(CASES)
        metafunc.parametrize("case", chosen, ids=lambda case: case.student)


@pytest.fixture(scope="module")
def bank(request, tmp_path_factory):
    """Grade the bank once, on two processes, as a teaching assistant does."""
    root = tmp_path_factory.mktemp("bank") / "course"
    secret = new_course(root)
    for case in CASES if request.config.getoption("--whole-bank") else part_of(CASES):
        hand_in(root, case.student, case.assignment, case.content(secret))
    return graded(root, jobs=2), marks.Marks(root)


def test_loses_the_points_of_its_task_or_none(bank, case):
    rows, entered = bank
    row = rows[case.student, case.assignment]
    scores = entered.record(case.student, case.assignment)["scores"]
    lost = {name for name, points in scores.items() if points == 0}
    if case.lost:
        assert case.lost <= lost, row.notes
    else:
        assert not lost
        assert row.state == "needs manual", row.notes
        assert row.notes == ""
        assert row.points == sum(points for points in scores.values() if points is not None)
        assert row.maximum == 20


def test_whoever_did_not_solve_it_loses_nothing_else_by_computed_tasks(bank, case):
    """A wrong function costs its own points, and measurements that were made with it."""
    _, entered = bank
    scores = entered.record(case.student, case.assignment)["scores"]
    lost = {name for name, points in scores.items() if points == 0}
    (solved,) = case.cells
    number = int(solved.rsplit("-", 1)[1])
    assert all(int(name.rsplit("-", 1)[1]) >= number for name in lost)
