"""Grading a folder of submissions: states, resuming, nothing lost, and the commands around it."""

import functools
import json
import pickle
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grader import __main__ as homework
from grader import collect
from grader.roster import Roster
from grader.table import STATES, Row, rows_of, table

pytest.importorskip("nbgrader")

from grader import ROOT, course, export, files, keys, marks, run, shard
from grading import Inline, exported, mini_course, mini_hand_in, mini_notebook
from grading import mini_graded as really_graded
from shards import dying_at
from submissions import MINI, hand_in

WRONG = "def double(x):\n    return x\n"
BREAKS = "double = None"
SCORES = {"check-9-1": 3.0, "check-9-2": 2.0, "explain-9-3": None}


def quick(job):
    """Grade as the grader would, for tests of what is around it; other events stand in the file."""
    try:
        cells = {cell["id"]: cell["source"] for cell in json.loads(job.content)["cells"]}
    except ValueError:
        return shard.Result(job.student, job.assignment, events=[("unreadable", "no notebook")])
    wrong = "".join(cells["solve-9-1"]) == WRONG or BREAKS in "".join(cells["solve-9-2"])
    events = [("note", "wrong")] if wrong else []
    scores = SCORES | {"check-9-1": 0.0} if wrong else SCORES
    return shard.Result(job.student, job.assignment, scores, events, job.content.decode())


def mini_graded(root, **options):
    """Grade a course of the small assignment; return its rows by student."""
    return really_graded(root, **{"executor": Inline(instead=quick)} | options)


def contents(root, folder):
    return {path: path.read_bytes() for path in (root / folder).rglob("*") if path.is_file()}


def give(root, student, points, cell="explain-9-3"):
    """Grade a cell by hand, as nbgrader's formgrader does."""
    with course.gradebook(root) as book:
        grade = book.find_grade(cell, "mini", "mini", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def shown(row):
    return (row.points, row.state, row.waits)


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """Make one released course; a test takes a copy."""
    root = tmp_path_factory.mktemp("blank") / "course"
    mini_course(root)
    return root


@pytest.fixture
def root(blank, tmp_path):
    return shutil.copytree(blank, tmp_path / "course")


# -- what is earned


def test_what_is_earned_and_what_waits(root):
    """The grader itself, on the model solution, the stub, and numbers of somebody else."""
    stub = nbformat.read(root / "release/mini/mini.ipynb", as_version=4)
    mini_hand_in(root, "ann")
    hand_in(root, "stub", "mini", nbformat.writes(stub).encode())
    hand_in(root, "thief", "mini", nbformat.writes(mini_notebook(root, "ann")).encode())
    token = keys.token(keys.read_secret(root / "secret"), "ann")
    copied = f'mine = checks.personal("{token}").integer("9.2", 0, 10**6)'
    mini_hand_in(root, "copy", solve_9_2=copied)
    rows = really_graded(root)
    assert {name: shown(row) for name, row in rows.items()} == {
        "ann": (5, "graded", 1),
        "stub": (0, "graded", 0),
        "thief": (3, "graded", 1),
        "copy": (3, "graded", 1),
    }
    assert rows["ann"].tasks == {"9.1": 3, "9.2": 2, "9.3": None}
    assert "TOKEN" in rows["thief"].odd + rows["thief"].notes
    assert "TOKEN" in rows["stub"].notes
    give(root, "ann", 4)
    (row,) = (one for one in rows_of(root) if one.student == "ann")
    assert (shown(row), row.maximum, row.tasks["9.3"]) == ((9, "graded", 0), 10, 4)


# -- what a person gave


BETTER = "Because it is so."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (9, "graded", 0)),
        (
            {"text": MINI.replace("# A small assignment", "# A very small assignment")},
            (9, "graded", 0),
        ),
        ({"solve_9_1": WRONG}, (6, "graded", 0)),
        ({"explain_9_3": BETTER}, (9, "graded", 1)),
        ({"text": MINI.replace("points=5", "points=6")}, (9, "graded", 1)),
    ],
    ids=["anew", "typo", "another task", "another answer", "another maximum"],
)
def test_what_a_person_gave_stands_and_waits_only_if_it_was_for_something_else(
    root, change, expected
):
    mini_hand_in(root, "ann")
    mini_graded(root)
    give(root, "ann", 4)
    text, cells = change.get("text", MINI), {k: v for k, v in change.items() if k != "text"}
    course.generate(root, {"mini": text})
    mini_hand_in(root, "ann", **cells)
    for again in range(2):
        path = root / "records/ann/mini.json"
        path.write_text(path.read_text().replace('"digest": "', '"digest": "x'))
        run.grade_all(root, {"mini": text}, executor=Inline(instead=quick))
        (row,) = rows_of(root)
        assert shown(row) == expected, again
    give(root, "ann", 4)
    assert shown(mini_graded(root)["ann"])[2] == 0


def test_points_given_to_a_check_wait_again_when_its_code_or_its_points_change(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    give(root, "ann", 1, "check-9-1")
    mini_hand_in(root, "ann", solve_9_2="mine = -1")
    assert shown(mini_graded(root)["ann"]) == (3, "graded", 1)
    for cells in ({"solve_9_2": BREAKS}, {"solve_9_2": BREAKS, "solve_9_1": "double = sum"}):
        mini_hand_in(root, "ann", **cells)
        assert shown(mini_graded(root)["ann"]) == (3, "graded", 2)
        give(root, "ann", 1, "check-9-1")


def test_a_record_of_before_is_read(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    give(root, "ann", 4)
    path = root / "records/ann/mini.json"
    record = json.loads(path.read_text())
    del record["answers"]
    path.write_text(json.dumps(record | {"digest": "x"}))
    assert shown(mini_graded(root)["ann"]) == (9, "graded", 0)


# -- one run after the other


def test_a_second_run_grades_nothing_again(root):
    for student in ("ann", "bob"):
        mini_hand_in(root, student)
    first = Inline(instead=quick)
    rows = mini_graded(root, executor=first)
    second = Inline(instead=quick)
    assert mini_graded(root, executor=second) == rows
    assert (first.done, second.done) == (2, 0)


def test_an_interrupted_run_grades_only_what_is_left(root):
    students = [f"s{i}" for i in range(5)]
    for student in students:
        mini_hand_in(root, student)
    with pytest.raises(KeyboardInterrupt):
        mini_graded(root, executor=Inline(stop_after=3, instead=quick))
    done = len(list((root / "records").glob("*/mini.json")))
    assert 0 < done <= 3
    again = Inline(instead=quick)
    rows = mini_graded(root, executor=again)
    assert again.done == len(students) - done
    assert {row.points for row in rows.values()} == {5}


def test_killed_in_the_middle_and_started_again(root):
    for i in range(6):
        mini_hand_in(root, f"s{i}")
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "import functools, os, pathlib, pickle, grading, shards\n"
        "from grader import marks\n"
        "enter, count = marks.Marks.enter, []\n"
        "def dying(self, result, *, mark):\n"
        "    count.append(1)\n"
        "    if len(count) == 3: marks.write = lambda *a: os._exit(9)\n"
        "    return enter(self, result, mark=mark)\n"
        "marks.Marks.enter = dying\n"
        "grade = functools.partial(shards.as_before, pickle.loads(bytes.fromhex(sys.argv[4])))\n"
        "executor = grading.Inline(instead=grade)\n"
        "grading.mini_graded(pathlib.Path(sys.argv[3]), executor=executor)\n"
    )
    before = pickle.dumps(graded_before(root)).hex()
    paths = [str(ROOT), str(Path(__file__).parent), str(root), before]
    died = subprocess.run([sys.executable, "-c", script, *paths], check=False, capture_output=True)
    assert died.returncode == 9, died.stderr.decode()[-500:]
    again = Inline(instead=quick)
    rows = mini_graded(root, executor=again)
    assert again.done == 4
    assert {row.points for row in rows.values()} == {5}


def graded_before(root):
    """Return the result of a submission, for processes that load nothing else."""
    content = nbformat.writes(mini_notebook(root, "ann"))
    return shard.Result("ann", "mini", SCORES, [], content)


def test_a_changed_source_is_graded_again(root):
    mini_hand_in(root, "ann")
    mini_graded(root)
    again = Inline(instead=quick)
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
    mini_hand_in(root, "zero", solve_9_1=WRONG)
    hand_in(root, "broken", "mini", b"{")
    hand_in(root, "renamed", "mini", mini_bytes(root, "renamed"), "my homework.ipynb")
    (root / "submitted" / "empty").mkdir()
    rows = mini_graded(root)
    export.write_csv(root)
    lines = {line["folder"]: line for line in exported(root)}
    assert rows["zero"].points == 2
    assert rows["zero"].state == lines["zero"]["state"] == "graded"
    assert (lines["zero"]["points"], lines["zero"]["maximum"]) == ("2", "10")
    for student in ("broken", "empty"):
        assert rows[student].points is None
        assert rows[student].state == lines[student]["state"] == "unreadable"
        assert lines[student]["points"] == ""
        assert lines[student]["notes"]
    assert rows["renamed"].points == 5
    assert rows["renamed"].notes == "handed in as my homework.ipynb"


def mini_bytes(root, student):
    return nbformat.writes(mini_notebook(root, student)).encode()


def test_the_table_has_everybody_and_forgets_nobody(root):
    (root / "students.csv").write_text("id,name\nann,Ann Ä\nbob,Bob\ncyn,Cyn\neve,Eve\n")
    Roster(root)
    (root / "students.csv").write_text("id,name\nann,Ann Ä\nbob,Bob\ncyn,Cyn\n")
    for student in ("ann", "dan", "eve", "fay"):
        mini_hand_in(root, student)
    hand_in(root, ".dot", "mini", b"{}")
    hand_in(root, "..hidden", "mini", b"{}")
    hand_in(root, "bob", "mini", b"%PDF", name="report.pdf")
    mini_graded(root)
    shutil.rmtree(root / "submitted/fay")
    mini_hand_in(root, "cyn")
    rows = {row.id: row for row in rows_of(root)}
    assert {name: (row.state, row.odd, row.notes) for name, row in rows.items()} == {
        "'..hidden'": ("unreadable", "not in the class list", rows["'..hidden'"].notes),
        "'.dot'": ("unreadable", "not in the class list", rows["'.dot'"].notes),
        "ann": ("graded", "", ""),
        "bob": ("unreadable", "", "expected mini.ipynb, got report.pdf"),
        "cyn": ("not graded yet", "", "run `make grade`"),
        "dan": ("graded", "not in the class list", ""),
        "eve": ("graded", "removed from the class list", ""),
        "fay": ("graded", "not in the class list", "no longer in submitted/"),
    }
    assert rows["ann"].name == "Ann Ä"
    export.write_csv(root)
    lines = {line["folder"]: line for line in exported(root)}
    assert len(lines) == len(rows)
    assert (lines["ann"]["points"], lines["ann"]["9.1"], lines["ann"]["9.3"]) == ("5", "3", "")
    assert (lines["cyn"]["points"], lines["cyn"]["state"]) == ("", "not graded yet")


def test_what_came_as_another_assignment_asks_nobody_else_for_it(root):
    (root / "students.csv").write_text("ann\nbob\n")
    mini_hand_in(root, "ann")
    for version, missing in (("0.00.000", []), ("1.00.000", ["bob"])):
        collect.keep(root, {("ann", "mini"): collect.HandIn("ann", "mini", version=version)})
        ann, *others = rows_of(root)
        assert [row.student for row in others] == missing
        assert ann.notes.startswith("it was handed in as another") is not bool(missing)


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
    executor = Inline(instead=quick)
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
    files.write(path, "old")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_fault_of_the_grader_is_no_mark_and_is_tried_again(root):
    mini_hand_in(root, "ann")
    row = mini_graded(root, executor=Inline(instead=lambda job: 1 / 0))["ann"]
    assert (row.points, row.state) == (None, "not graded")
    assert "the grader failed: division by zero" in row.notes
    assert mini_graded(root)["ann"].points == 5


def test_a_shard_that_dies_costs_only_what_killed_it(root, monkeypatch):
    for student in ("ann", "bob", "cho", "dev"):
        mini_hand_in(root, student)
    grade = functools.partial(dying_at, "bob", graded_before(root))
    monkeypatch.setattr(run, "grade", grade)
    rows = mini_graded(root, executor=None, jobs=2)
    assert [rows[student].points for student in ("ann", "cho", "dev")] == [5, 5, 5]
    assert (rows["bob"].points, rows["bob"].state) == (None, "not graded")


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


def test_table_has_a_column_each():
    rows = [
        Row("ann", "mini", "graded", "", 5.0, 10.0, waits=1, late="yes", id="a n", name="Ann"),
        Row("bob", "mini", "unreadable", "no JSON", name="李 小"),
    ]
    assert table(rows).splitlines() == [
        "student    name    assignment    points    state       waits    late    odd    notes",
        "a n        Ann     mini          5 of 10   graded      1        yes",
        "bob        李 小   mini          –         unreadable                          no JSON",
    ]


def test_a_files_name_forges_no_line_of_the_table():
    forged = Row("eve", "mini", "unreadable", "got x\nzoe  mini  10\x1b[8m.ipynb")
    assert len(table([forged]).splitlines()) == 2
    assert "\x1b" not in table([forged])


@pytest.mark.parametrize("kinds", [["unreadable", "crashed", "timed out", "odd"], ["odd", "note"]])
def test_the_state_is_the_gravest_of_what_happened_and_odd_is_none(root, kinds):
    for n in range(len(kinds)):
        result = shard.Result("ann", "mini", {}, [(kind, kind) for kind in kinds[n:][::-1]])
        marks.Marks(root).enter(result, mark="")
        (row,) = rows_of(root)
        assert row.state == (kinds[n] if kinds[n] in STATES else "graded")
        assert row.odd == ("odd" if "odd" in kinds[n:] else "")


def test_a_download_is_taken_by_its_name_or_a_pattern(tmp_path, capsys):
    for name in ("a b.zip", "c.zip"):
        (tmp_path / name).write_bytes(b"")
    root = tmp_path / "course"
    for word in (
        f"{tmp_path}/a b.zip",
        f"{tmp_path}/*.zip",
        f"{tmp_path}/a b.zip {tmp_path}/c.zip",
    ):
        assert homework.main(["--course", str(root), "collect", word]) == 0
        assert capsys.readouterr().out.count("expected a zip") == 1 + (word[-7:] != "a b.zip")
    code, said = command(capsys, root, "collect", "")
    assert (code, said) == (1, "homework: expected a download: make collect ZIP=FILE.zip, got ''")


def test_the_old_place_of_the_course_still_works(tmp_path, monkeypatch):
    monkeypatch.setattr(homework, "HOMEWORK", tmp_path)
    assert homework.default_course() == ROOT.parent / "rnnviz-course"
    (tmp_path / "course").mkdir()
    (tmp_path / "course/gradebook.db").touch()
    assert homework.default_course() == tmp_path / "course"
