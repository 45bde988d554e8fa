"""Attacks: none gains a point, hangs the run, or touches another's work or the course."""

import ctypes
import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import attacks
from attacks import ASSIGNMENT, ATTACKS, KEPT, LEFT_BEHIND
from grader import keys, marks, sandbox
from grader.feedback import feedback
from grading import graded, new_course
from submissions import SOURCES, hand_in, solved

HERE = sandbox.strongest()
CHILD_SUBREAPER = 36
HONEST = ("attacked-neighbour", "zz-last-neighbour")


def test_at_least_one_sandbox_works_here():
    if HERE == sandbox.OPEN:
        pytest.skip("no bubblewrap: only limits hold here")


def chosen(config):
    """Return the attacks that are tried: without the slow ones unless all are asked for."""
    return [one for one in ATTACKS if config.getoption("--whole") or not one.slow]


def pytest_generate_tests(metafunc):
    if "attacked" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole")
        kinds = {HERE, sandbox.OPEN} if whole else {HERE}
        metafunc.parametrize("attacked", sorted(kinds), indirect=True, scope="module")
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
    # What a process of ours leaves behind is then below this one.
    ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    before, ran = snapshot(root / "submitted"), zygotes(os.getpid())
    hurried = [one.name for one in chosen(request.config) if one.endless]
    rows = graded(root, ASSIGNMENT, jobs=2, sandbox=request.param, hurried=hurried)
    assert snapshot(root / "submitted") == before
    return root, rows, ran


def all_but(student):
    """Return what leaves the graded notebooks of all other students out of a copy."""
    return lambda folder, names: {*names} - {student} if Path(folder).name == "autograded" else ()


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
    if row.state != "graded":
        assert row.notes


def test_honest_work_is_graded_as_if_nothing_were(attacked):
    _, rows, _ = attacked
    for student in HONEST:
        row = rows[student, ASSIGNMENT]
        assert (row.points, row.maximum, row.state, row.notes) == (16, 20, "graded", "")


def test_most_attacks_keep_what_they_earned_honestly(attacked, request):
    root, *_ = attacked
    kept, tried = 0, chosen(request.config)
    for attack in tried:
        scores = marks.Marks(root).record(attack.name, ASSIGNMENT)["scores"]
        kept += bool(scores.get("check-2-2")) and attack.keeps == KEPT
    assert kept > len(tried) // 2


def test_nothing_was_written_outside(attacked):
    places = ["/etc", "/usr", "/var/tmp", "/", Path.home(), Path(__file__).parents[2], "/tmp"]
    assert not [place for place in places if Path(place, LEFT_BEHIND).exists()]


def test_the_secret_was_not_printed(attacked):
    root, *_ = attacked
    secret = keys.read_secret(root / "secret")
    for path in (root / "autograded").rglob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert secret not in text
        assert keys.exam_key(secret, path.parent.parent.name, ASSIGNMENT) not in text


def test_no_page_of_feedback_holds_a_script_of_a_student(attacked, tmp_path, request):
    """A page a student is most of this file's time: all of them are written with ``--whole``."""
    root, *_ = attacked
    if not request.config.getoption("--whole"):
        root = shutil.copytree(root, tmp_path / "course", ignore=all_but("attack-script-in-words"))
    feedback(root, early=True)
    pages = list((root / "feedback").glob("attack-script-in-words/*/*.html"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "fetch('/api/contents" in text
        assert "<script>fetch" not in text
        assert "<img src=x" not in text
        assert 'href="javascript:alert' not in text


def test_no_process_is_left(attacked):
    assert zygotes(os.getpid()) <= attacked[2]


def zygotes(pid):
    """Return the zygotes, and what they forked, that run below a process."""
    found = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, _read(thread).split()):
            found |= zygotes(child)
            if b"grader.zygote" in _read(Path(f"/proc/{child}/cmdline")):
                found.add(child)
    return found


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_bank_of_attacks_is_long_enough():
    assert len(ATTACKS) >= 12
    assert len({one.name for one in ATTACKS}) == len(ATTACKS)
    assert ASSIGNMENT in SOURCES
