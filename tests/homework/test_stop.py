"""A run that is stopped leaves no process behind, and what was graded stands."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("nbgrader")

from grader import ROOT, marks
from grading import mini_course, mini_hand_in

SCRIPT = """
import pathlib, sys
sys.path[:0] = sys.argv[1:3]
import grading
from grader import __main__, run, sandbox
from submissions import MINI
__main__.stop_at_a_signal()
limits = sandbox.Limits(cell_seconds=600, total_seconds=600)
run.grade_all(pathlib.Path(sys.argv[3]), {"mini": MINI}, jobs=2, limits=limits)
"""


def below(pid):
    """Return the ids of all processes below one."""
    found = set()
    for line in read(f"/proc/{pid}/task/{pid}/children").split():
        found |= {int(line)} | below(int(line))
    return found


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def alive(pid, name):
    """Return whether a process still runs, and is no other of the same number."""
    status = read(f"/proc/{pid}/stat")
    return bool(status) and status.rpartition(")")[2].split()[0] != "Z" and name == command(pid)


def command(pid):
    return read(f"/proc/{pid}/cmdline")


def pytest_generate_tests(metafunc):
    whole = metafunc.config.getoption("--whole")
    others = [signal.SIGINT, signal.SIGKILL] if whole else []
    metafunc.parametrize("how", [signal.SIGTERM, *others], ids=lambda how: how.name)


def test_no_process_is_left(tmp_path, how):
    root = tmp_path / "course"
    mini_course(root, "ann")
    mini_hand_in(root, "endless", solve_9_1="def double(x):\n    while True: pass\n")
    words = [sys.executable, "-c", SCRIPT, str(ROOT), str(ROOT / "tests/homework"), str(root)]
    grading = subprocess.Popen(words, start_new_session=True, stderr=subprocess.PIPE)
    until = time.monotonic() + 300
    while not (root / "records" / "ann" / "mini.json").exists() and time.monotonic() < until:
        time.sleep(0.1)
    processes = {pid: command(pid) for pid in below(grading.pid)}
    assert len(processes) >= 4  # two shards and their zygotes at least
    os.kill(grading.pid, how)
    grading.communicate(timeout=300)
    assert grading.returncode != 0
    until = time.monotonic() + 60
    while (left := [p for p, n in processes.items() if alive(p, n)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert marks.Marks(root).record("ann", "mini")["scores"]["check-9-1"] == 3
