"""Grading a folder of submissions: states, resuming, nothing lost, and the commands around it."""

import functools
import json
import pickle
import resource
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from pathlib import Path

import nbformat
import pytest

from grader import __main__ as homework

pytest.importorskip("nbgrader")

from grader import ROOT, course, export, keys, marks, run, shard
from grading import (
    Inline,
    exported,
    mini_course,
    mini_graded,
    mini_hand_in,
    mini_notebook,
)
from shards import as_before, dying
from submissions import MINI, hand_in

WRONG = "def double(x):\n    return x\n"


def contents(root, folder):
    return {path: path.read_bytes() for path in (root / folder).rglob("*") if path.is_file()}


def give(root, student, points, cell="explain-9-3"):
    """Grade an explanation by hand, as nbgrader's formgrader does."""
    with course.gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        grade = book.find_grade(cell, "mini", "mini", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """Make one released course; a test takes a copy."""
    root = tmp_path_factory.mktemp("blank") / "course"
    mini_course(root)
    return root


@pytest.fixture
def root(blank, tmp_path):
    return shutil.copytree(blank, tmp_path / "course")


@pytest.fixture
def grade(request, root):
    """Grade as one submission was before; with ``--whole`` anew, by nbgrader in new processes.

    For tests of what is around it, in processes that would first have to load all that it takes.
    """
    if request.config.getoption("--whole"):
        return shard.grade
    results = []

    def kept(job):
        results.append(shard.grade(job))
        return results[-1]

    mini_hand_in(root, "before")
    mini_graded(root, executor=Inline(instead=kept))
    shutil.rmtree(root / "submitted" / "before")
    return functools.partial(as_before, *results)


# -- what is earned


def test_model_solution_earns_all_and_waits_for_a_person(root):
    mini_hand_in(root, "ann")
    row = mini_graded(root)["ann"]
    assert (row.points, row.maximum, row.state, row.notes) == (5, 10, "needs manual", "")
    give(root, "ann", 4)
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (9, "graded")


def test_an_unanswered_explanation_waits_for_nobody(root):
    stub = next(
        cell.source
        for cell in nbformat.read(root / "release/mini/mini.ipynb", as_version=4).cells
        if cell.id == "explain-9-3"
    )
    mini_hand_in(root, "ann", explain_9_3=stub)
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (5, "graded")


def test_the_released_notebook_itself_earns_nothing(root):
    hand_in(root, "ann", "mini", (root / "release/mini/mini.ipynb").read_bytes())
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (0, "graded")
    assert row.notes == "TOKEN is still 'practice': measured parts are not right"


def test_numbers_of_somebody_else_fail(root):
    theirs = mini_notebook(root, "bob")
    hand_in(root, "ann", "mini", nbformat.writes(theirs).encode())
    mini_hand_in(root, "bob")
    rows = mini_graded(root)
    assert (rows["bob"].points, rows["ann"].points) == (5, 3)
    assert rows["ann"].state == "suspicious"
    assert rows["ann"].notes == "TOKEN is not the one of this student"


def test_copied_numbers_fail_with_the_own_token_too(root):
    secret = keys.read_secret(root / "secret")
    copied = f'mine = checks.personal("{keys.token(secret, "bob")}").integer("9.2", 0, 10**6)'
    mini_hand_in(root, "ann", solve_9_2=copied)
    assert mini_graded(root)["ann"].points == 3


def test_feedback_says_what_was_expected_and_what_came(root):
    mini_hand_in(root, "ann", solve_9_1=WRONG)
    mini_graded(root)
    graded = nbformat.read(root / "autograded/ann/mini/mini.ipynb", as_version=4)
    (output,) = next(cell for cell in graded.cells if cell.id == "check-9-1").outputs
    assert output.output_type == "error"
    assert output.evalue.startswith("double(x): expected x + x, came values up to 50 % of")
    # The explanation would stand there with 0 points, as if somebody had given them.
    assert course.feedback(root, ["mini"]) == (0, 1)
    assert not (root / "feedback/ann/mini").exists()
    assert course.feedback(root, ["mini"], early=True) == (1, 0)
    page = (root / "feedback/ann/mini/mini.html").read_text(encoding="utf-8")
    assert "expected x + x" in page


# -- one run after the other


def test_a_second_run_grades_nothing_again(root):
    for student in ("ann", "bob"):
        mini_hand_in(root, student)
    first = Inline()
    rows = mini_graded(root, executor=first)
    second = Inline()
    assert mini_graded(root, executor=second) == rows
    assert (first.done, second.done) == (2, 0)


def test_an_interrupted_run_grades_only_what_is_left(root):
    students = [f"s{i}" for i in range(5)]
    for student in students:
        mini_hand_in(root, student)
    with pytest.raises(KeyboardInterrupt):
        mini_graded(root, executor=Inline(stop_after=3))
    done = len(list((root / "records").glob("*/mini.json")))
    assert 0 < done <= 3
    again = Inline()
    rows = mini_graded(root, executor=again)
    assert again.done == len(students) - done
    assert {row.points for row in rows.values()} == {5}


def test_killed_in_the_middle_and_started_again(root, grade):
    for i in range(6):
        mini_hand_in(root, f"s{i}")
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "import os, pathlib, pickle, grading\n"
        "from grader import marks\n"
        "enter, count = marks.Marks.enter, []\n"
        "def dying(self, result, *, mark):\n"
        "    count.append(1)\n"
        "    if len(count) == 3: marks.write = lambda *a: os._exit(9)\n"
        "    return enter(self, result, mark=mark)\n"
        "marks.Marks.enter = dying\n"
        "grade = pickle.loads(pathlib.Path(sys.argv[4]).read_bytes())\n"
        "executor = grading.Inline(instead=grade)\n"
        "grading.mini_graded(pathlib.Path(sys.argv[3]), executor=executor)\n"
    )
    (root / "grade").write_bytes(pickle.dumps(grade))
    paths = [str(ROOT), str(Path(__file__).parent), str(root), str(root / "grade")]
    died = subprocess.run([sys.executable, "-c", script, *paths], check=False, capture_output=True)
    assert died.returncode == 9, died.stderr.decode()[-500:]
    again = Inline()
    rows = mini_graded(root, executor=again)
    assert again.done == 4
    assert {row.points for row in rows.values()} == {5}


def test_a_new_hand_in_is_graded_and_what_a_person_gave_stands(root):
    mini_hand_in(root, "ann", solve_9_1=WRONG)
    assert mini_graded(root)["ann"].points == 2
    give(root, "ann", 4)
    mini_hand_in(root, "ann")
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (9, "needs manual")  # 5 and the 4, to be looked at again


def test_a_changed_source_is_graded_again(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    again = Inline()
    run.grade_all(root, {"mini": MINI + "\nOne more word.\n"}, executor=again)
    assert again.done == 1


def test_nothing_handed_in_is_changed(root):
    mini_hand_in(root, "ann")
    mini_hand_in(root, "bob", solve_9_1="open('mini.ipynb', 'w').write('x')\n" + WRONG)
    hand_in(root, "cyn", "mini", b"no notebook")
    before = contents(root, "submitted")
    mini_graded(root)
    assert contents(root, "submitted") == before


# -- what cannot be graded


def test_a_zero_that_is_not_earned_never_looks_like_one(root):
    mini_hand_in(root, "zero", solve_9_1=WRONG, solve_9_2="mine = -1", explain_9_3="")
    hand_in(root, "broken", "mini", b"{")
    hand_in(root, "renamed", "mini", mini_bytes(root, "renamed"), "my homework.ipynb")
    (root / "submitted" / "empty").mkdir()
    rows = mini_graded(root)
    export.write_csv(root)
    lines = {line["student"]: line for line in exported(root)}
    assert rows["zero"].points == 0
    assert rows["zero"].state != "unreadable"
    assert (lines["zero"]["points"], lines["zero"]["maximum"]) == ("0", "10")
    for student in ("broken", "empty"):
        assert rows[student].points is None
        assert rows[student].state == lines[student]["state"] == "unreadable"
        assert lines[student]["points"] == ""
        assert lines[student]["notes"]
    assert rows["renamed"].points == 5
    assert rows["renamed"].notes == "handed in as my homework.ipynb"


def mini_bytes(root, student):
    return nbformat.writes(mini_notebook(root, student)).encode()


def test_export_says_what_was_not_graded_yet(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    mini_hand_in(root, "bob")
    export.write_csv(root)
    lines = {line["student"]: line for line in exported(root)}
    assert lines["ann"]["points"] == "5"
    assert (lines["bob"]["points"], lines["bob"]["notes"]) == (
        "",
        "not graded yet: run `make grade`",
    )


def test_a_readable_hand_in_after_an_unreadable_one_is_graded(root):
    hand_in(root, "ann", "mini", b"{")
    assert mini_graded(root)["ann"].state == "unreadable"
    mini_hand_in(root, "ann")
    assert mini_graded(root)["ann"].points == 5


def test_an_unreadable_hand_in_after_a_graded_one_is_not_a_zero(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    hand_in(root, "ann", "mini", b"{")
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (None, "unreadable")


@pytest.mark.parametrize("room", [0, 400, 3000])
def test_a_full_disk_ends_in_one_line_and_intact_marks(root, room):
    mini_hand_in(root, "ann")
    mini_graded(root)
    before = contents(root, "records") | contents(root, "autograded")
    mini_hand_in(root, "bob")
    mini_hand_in(root, "ann", solve_9_1=WRONG)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    executor = Inline()
    results = {}

    class Ready(Inline):
        """Grades with room, and hands the result over when there is none."""

        def submit(self, function, job):
            future = executor.submit(function, job)
            results[job.student] = future.result()
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
            return future

    try:
        with pytest.raises(OSError, match=r"gradebook could not be written|File too large"):
            mini_graded(root, executor=Ready())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert results
    assert contents(root, "records") | contents(root, "autograded") == before
    with sqlite3.connect(root / "gradebook.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    rows = mini_graded(root)
    assert (rows["ann"].points, rows["bob"].points) == (2, 5)


def test_writing_in_one_step_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    marks.write(path, "old")
    monkeypatch.setattr(marks.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        marks.write(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_fault_of_the_grader_is_no_mark_and_is_tried_again(root, monkeypatch):
    mini_hand_in(root, "ann")
    monkeypatch.setattr(shard.ShardCourse, "autograde", lambda *a: 1 / 0)
    row = mini_graded(root)["ann"]
    assert (row.points, row.state) == (None, "crashed")
    assert "the grader failed, run it again: division by zero" in row.notes
    monkeypatch.undo()
    assert mini_graded(root)["ann"].points == 5


def test_a_shard_that_dies_costs_only_what_killed_it(root, grade, monkeypatch):
    for student in ("ann", "bob", "cho", "dev"):
        mini_hand_in(root, student)
    real, pools = run._pool, []

    class Dying(ProcessPoolExecutor):
        def submit(self, function, job):
            return super().submit(dying if job.student == "bob" else grade, job)

    def pool(jobs):
        made = real(jobs)
        made.__class__ = Dying
        pools.append(made)
        return made

    monkeypatch.setattr(run, "_pool", pool)
    rows = mini_graded(root, executor=None, jobs=1)
    assert [rows[student].points for student in ("ann", "cho", "dev")] == [5, 5, 5]
    assert (rows["bob"].points, rows["bob"].state) == (None, "crashed")
    assert len(pools) >= 2


def test_what_a_broken_pool_does_not_take_is_not_lost(root, grade, monkeypatch):
    """A process may die between two submissions that are handed to it."""
    for student in ("ann", "bob", "cho"):
        mini_hand_in(root, student)
    pools = []

    class Breaking(Inline):
        def submit(self, function, job):
            if self.done == 1 and len(pools) == 1:
                raise BrokenExecutor
            return super().submit(function, job)

    def pool(jobs):
        pools.append(Breaking(instead=grade))
        return pools[-1]

    monkeypatch.setattr(run, "_pool", pool)
    rows = mini_graded(root, executor=None, jobs=1)
    assert [row.points for row in rows.values()] == [5, 5, 5]
    assert len(pools) == 2


# -- the commands


def command(capsys, root, *words):
    """Run the command line; return its exit code and what it said of an error."""
    code = homework.main(["--course", str(root), *words])
    return code, capsys.readouterr().err.strip()


@pytest.mark.parametrize("name", ["grade", "export"])
def test_before_anything_is_released(tmp_path, capsys, name):
    code, said = command(capsys, tmp_path, name)
    assert code == 1
    assert said.startswith("homework: no gradebook in")
    assert said.endswith("run `make homework` first")


def test_grading_without_hand_ins(root, capsys):
    (root / "submitted").rmdir()
    code, said = command(capsys, root, "grade")
    assert code == 1
    assert "expected hand-ins in" in said


@pytest.mark.parametrize("jobs", ["0", "-1"])
def test_no_processes_is_refused(root, capsys, jobs):
    code, said = command(capsys, root, "grade", "--jobs", jobs)
    assert (code, said) == (1, f"homework: jobs must be at least 1, got {jobs}")


def test_grading_elsewhere_than_on_linux_is_refused(root, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(OSError, match=r"grading needs Linux .*, this is darwin"):
        mini_graded(root)


def test_students_are_read_one_a_line(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("\ufeffid,name\nann,Ann\n\n bob ,Bob\n", encoding="utf-8")
    assert homework.read_students(path) == ["ann", "bob"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ann\nan n\n", "got 'an n'"),
        ("ann\nann\n", "expected each student once, got ann more often"),
        ("../../etc\n", "got '../../etc'"),
    ],
)
def test_students_that_cannot_be_are_refused(tmp_path, text, message):
    path = tmp_path / "students.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        homework.read_students(path)


def test_table_has_a_column_each():
    rows = [
        marks.Row("ann", "mini", 5.0, 10.0, "needs manual", ""),
        marks.Row("bob", "mini", None, None, "unreadable", "no JSON"),
    ]
    assert marks.table(rows).splitlines() == [
        "student  assignment  points   state         notes",
        "ann      mini        5 of 10  needs manual",
        "bob      mini        –        unreadable    no JSON",
    ]


def test_a_files_name_forges_no_line_of_the_table():
    forged = marks.Row("eve", "mini", None, None, "unreadable", "got x\nzoe  mini  10\x1b[8m.ipynb")
    assert len(marks.table([forged]).splitlines()) == 2
    assert "\x1b" not in marks.table([forged])


def test_states_are_the_seven_of_the_table():
    events = [("unreadable", ""), ("suspicious", ""), ("timed out", ""), ("crashed", "")]
    assert shard.Result("a", "b", {}, events).state == "unreadable"
    assert shard.Result("a", "b", {"x": 1.0}, events[1:]).state == "crashed"
    assert shard.Result("a", "b", {"x": 1.0}, events[1:3]).state == "timed out"
    assert shard.Result("a", "b", {"x": None}, [("note", "")]).state == "needs manual"
    assert shard.Result("a", "b", {"x": 0.0}).state == "graded"
    assert json.dumps(shard.STATES)
