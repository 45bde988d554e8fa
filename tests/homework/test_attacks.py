"""Attacks: none gains a point, hangs the run, or touches another's work or the course."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import attacks
from attacks import ASSIGNMENT, ATTACKS, KEPT
from grader import course, keys, marks, sandbox
from grading import QUICK, graded, new_course
from submissions import SOURCES, hand_in, solved

KINDS = [kind for kind in sandbox.KINDS if sandbox.strongest(allowed=(kind,)).name == kind]
HONEST = ("attacked-neighbour", "zz-last-neighbour")


def test_at_least_one_sandbox_works_here():
    if not KINDS:
        pytest.skip("neither bubblewrap nor namespaces: only limits hold here")


def chosen(config):
    """Return the attacks that are tried: without the slow ones unless all are asked for."""
    return [one for one in ATTACKS if config.getoption("--whole-bank") or not one.slow]


def pytest_generate_tests(metafunc):
    if "attacked" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole-bank")
        kinds = (KINDS if whole else KINDS[:1]) or ["limits only"]
        metafunc.parametrize("attacked", kinds, indirect=True, scope="module")
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", chosen(metafunc.config), ids=lambda one: one.name)


@pytest.fixture(scope="module")
def attacked(request, tmp_path_factory):
    """Grade every attack, with honest work before and after it in the same processes."""
    root = tmp_path_factory.mktemp("attacks") / "course"
    secret = new_course(root, ASSIGNMENT)
    for student in HONEST:
        token = keys.token(secret, student)
        content = attacks.nbformat.writes(solved(ASSIGNMENT, token, {})).encode()
        hand_in(root, student, ASSIGNMENT, content)
    for one in chosen(request.config):
        one.hand_in(root, secret)
    before, ran = snapshot(root / "submitted"), zygotes()
    limits = replace(QUICK, cell_seconds=6.0, total_seconds=40.0)
    rows = graded(root, ASSIGNMENT, jobs=2, sandbox=(request.param,), limits=limits)
    assert snapshot(root / "submitted") == before
    return root, rows, ran


def snapshot(folder):
    """Return the bytes of every file."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_gains_no_point_and_is_named(attacked, attack):
    root, rows, _ = attacked
    row = rows[attack.name, ASSIGNMENT]
    scores = marks.Marks(root).record(attack.name, ASSIGNMENT)["scores"]
    earned = {name for name, points in scores.items() if points and name.startswith("check")}
    assert earned <= attack.keeps
    assert row.state in attack.states
    if row.state == "unreadable":
        assert row.points is None
    if row.state not in ("graded", "needs manual"):
        assert row.notes


def test_honest_work_is_graded_as_if_nothing_were(attacked):
    _, rows, _ = attacked
    for student in HONEST:
        row = rows[student, ASSIGNMENT]
        assert (row.points, row.maximum, row.state, row.notes) == (16, 20, "needs manual", "")


def test_most_attacks_keep_what_they_earned_honestly(attacked, request):
    root, *_ = attacked
    kept, tried = 0, chosen(request.config)
    for attack in tried:
        scores = marks.Marks(root).record(attack.name, ASSIGNMENT)["scores"]
        kept += bool(scores.get("check-2-2")) and attack.keeps == KEPT
    assert kept > len(tried) // 2


@pytest.mark.skipif(not KINDS, reason="no sandbox on this machine")
def test_nothing_was_written_outside(attacked):
    places = ["/etc", "/usr", "/var/tmp", "/", Path.home(), Path(__file__).parents[2], "/tmp"]
    assert not [place for place in places if os.path.exists(f"{place}/homework-was-here")]


def test_the_secret_was_not_printed(attacked):
    root, *_ = attacked
    secret = keys.read_secret(root / "secret")
    for path in (root / "autograded").rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert secret not in text
        assert keys.exam_key(secret, path.parent.parent.name, ASSIGNMENT) not in text


def test_no_page_of_feedback_holds_a_script_of_a_student(attacked):
    root, *_ = attacked
    course.feedback(root, [ASSIGNMENT], early=True)
    pages = list((root / "feedback").glob("attack-script-in-words/*/*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "fetch('/api/contents" in text
        assert "<script>fetch" not in text
        assert "<img src=x" not in text
        assert 'href="javascript:alert' not in text


def test_no_process_is_left(attacked):
    assert zygotes() <= attacked[2]


def zygotes():
    """Return the zygotes of this session of the system's that run, orphans too."""
    return {
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"grader.zygote" in _read(path) and _session(path.parent) == os.getsid(0)
    }


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _session(process):
    try:
        return int(process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[3])
    except OSError:
        return None


def test_bank_of_attacks_is_long_enough():
    assert len(ATTACKS) >= 12
    assert len({one.name for one in ATTACKS}) == len(ATTACKS)
    assert ASSIGNMENT in SOURCES
