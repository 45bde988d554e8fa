"""Grading homework: submissions a minute with one, two and four shards, and nbgrader's own loop.

All grade the same submissions in the same run; the marks must agree to the point. Each shard and
its student's processes have one thread.
"""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import torch

pytest.importorskip("nbgrader")

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "homework"), str(ROOT)]

import submissions  # noqa: E402
from checks.process import Process  # noqa: E402
from checks.worker import start_beside  # noqa: E402
from grader import course, keys, shard  # noqa: E402
from grader.source import read  # noqa: E402

ASSIGNMENT = "02_bptt"
SECRET = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def in_full(pytestconfig):
    return pytestconfig.getoption("--in-full")


@pytest.fixture(scope="module")
def work(in_full):
    """Return a class: right and wrong solutions from the bank."""
    size = 12 if in_full else 4
    bank = submissions.cases(ASSIGNMENT)
    source = {ASSIGNMENT: submissions.SOURCES[ASSIGNMENT]}
    return [
        shard.Job(
            student=case.student,
            assignment=ASSIGNMENT,
            source=source[ASSIGNMENT],
            content=case.content(SECRET),
            token=keys.token(SECRET, case.student),
            exam_key=keys.exam_key(SECRET, case.student, ASSIGNMENT),
        )
        for case in bank[:: len(bank) // size][:size]
    ]


@pytest.fixture(scope="module")
def marks():
    """Collect the marks of each way of grading."""
    return {}


@pytest.mark.parametrize("shards", [1, 2, 4])
def test_shards(benchmark, remark, work, in_full, marks, shards):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(shards, mp_context=spawn) as pool:
        list(pool.map(shard.grade, work))  # warm: each shard has its torch
        results = benchmark.pedantic(
            lambda: list(pool.map(shard.grade, work)), rounds=3 if in_full else 1, iterations=1
        )
    marks[shards] = {one.student: one.scores for one in results}
    remark(rate(benchmark, f"{shards} shards", len(work)))


def test_nbgraders_own_loop(benchmark, remark, work, marks, tmp_path):
    from nbgrader.converters import Autograde

    course.generate(tmp_path, {ASSIGNMENT: submissions.SOURCES[ASSIGNMENT]})
    for job in work:
        folder = tmp_path / "submitted" / job.student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(job.content)

    def loop():
        for job in work:
            os.environ["HOMEWORK_EXAM"] = job.exam_key
            course.convert(Autograde, tmp_path, ASSIGNMENT, job.student)

    try:
        benchmark.pedantic(loop, rounds=1, iterations=1)
    finally:
        del os.environ["HOMEWORK_EXAM"]
    remark(rate(benchmark, "nbgrader's own loop", len(work)))
    with course.gradebook(tmp_path) as book:
        theirs = {
            job.student: {
                grade.name: None if grade.needs_manual_grade else grade.auto_score
                for part in book.find_submission(ASSIGNMENT, job.student).notebooks
                for grade in part.grades
            }
            for job in work
        }
    assert {cell.id for cell in read(submissions.SOURCES[ASSIGNMENT]).cells} >= set(
        next(iter(theirs.values()))
    )
    for shards, ours in marks.items():
        assert ours == theirs, f"marks of {shards} shards"


def test_a_check_behind_the_fence(benchmark, remark):
    """Call a function as a check does in a notebook, against the function itself."""
    cells = {c.id: c.source for c in read(submissions.SOURCES[ASSIGNMENT]).cells}
    solution, names = "import torch\n" + cells["solve-2-1"], {}
    exec(solution, names)
    process = Process(start_beside, ("autograd",))
    process.run("solution", solution)
    fenced, plain = process.fetch("step_jacobian"), names["step_jacobian"]
    data = torch.eye(8, dtype=torch.float64), torch.ones(8, dtype=torch.float64) / 2
    began = time.perf_counter()
    for _ in range(1000):
        plain(*data)
    each = (time.perf_counter() - began) / 1000
    benchmark.pedantic(fenced, data, rounds=50, warmup_rounds=5)
    process.close()
    seconds = benchmark.stats.stats.median
    remark(f"a call behind the fence: {1000 * seconds:.1f} ms, {seconds / each:.0f}× the function")


def rate(benchmark, name, size):
    """Say submissions a minute and seconds of a submission."""
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["submissions a minute"] = round(60 * size / seconds, 1)
    return f"{name}: {60 * size / seconds:.0f} a minute, {seconds / size:.2f} s a submission"
