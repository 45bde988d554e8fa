"""Ways round a rule: a plain one loses the points of its task, an exotic one is noted.

A third of them by default, all with ``--whole``.
"""

from collections import Counter

import nbformat
import pytest

import ways
from grader import keys, shard
from grading import AMPLE
from submissions import SOURCES

SECRET = "0123456789abcdef" * 2


def tried(config, kind):
    """Return the ways of a kind that are tried: of each three in a row one, of those of a rule."""
    chosen = sorted((way for way in ways.WAYS if way.kind == kind), key=lambda way: way.rule)
    return chosen if config.getoption("--whole") else chosen[::3]


def pytest_generate_tests(metafunc):
    for kind in {"plain", "exotic"}.intersection(metafunc.fixturenames):
        found = tried(metafunc.config, kind)
        metafunc.parametrize(kind, found, ids=lambda way: way.name)


@pytest.fixture(scope="module")
def graded():
    """Return what grades a way, with points of its task, what its check said, and what is odd."""

    def grade(way):
        token, exam_key = keys.token(SECRET, way.name), keys.exam_key(SECRET, way.name, "")
        source, content = SOURCES[way.assignment], ways.content(way, token)
        job = shard.Job(way.name, way.assignment, source, content, token, exam_key, limits=AMPLE)
        result = shard.grade(job)
        cells = {cell.id: cell for cell in nbformat.reads(result.graded, as_version=4).cells}
        said = [out.evalue for out in cells[way.check].outputs if out.output_type == "error"]
        return (
            result.scores,
            " ".join(said),
            [line for kind, line in result.events if kind == "odd"],
        )

    return grade


def test_a_plain_way_loses_the_points_of_its_task_and_is_told_why(graded, plain):
    scores, said, _ = graded(plain)
    lost = {name for name, points in scores.items() if points == 0}
    assert plain.check in lost
    assert plain.said in said or "No module named" in said  # which is not installed here
    assert min(lost) == plain.check  # what was solved above it keeps its points


def test_an_exotic_way_is_noted_for_a_person(graded, exotic):
    assert graded(exotic)[2]


def test_there_are_enough_of_them_and_each_is_one():
    names = Counter(way.name for way in ways.WAYS)
    assert max(names.values()) == 1
    for kind, number in {"plain": 25, "exotic": 10}.items():
        assert sum(way.kind == kind for way in ways.WAYS) >= number
    assert {way.rule for way in ways.WAYS} == {"autograd", "clip", "lstm", "rnnviz"}
