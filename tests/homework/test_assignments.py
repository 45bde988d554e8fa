"""The homework as documents: sources, student versions, the bank beside them, personal numbers."""

import ast
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytest.importorskip("nbgrader")

import checks
import submissions
from checks import tokens
from checks.cells import plain_python
from grader import ROOT, course, keys, source
from grading import mini_course, mini_graded
from submissions import HOMEWORK, SOURCES

ASSIGNMENTS = list(SOURCES)
LESSONS = {"01": "growth", "02": "bptt", "03": "surface", "04": "clipping", "05": "flow"}
AUTOMATIC = [
    (name, cell.id, cell.metadata.nbgrader.points)
    for name in ASSIGNMENTS
    for cell in source.read(SOURCES[name]).cells
    if cell.id.startswith("check")
]


def test_one_assignment_to_each_of_the_five_lessons():
    assert [f"{number}_{topic}" for number, topic in LESSONS.items()] == ASSIGNMENTS


def test_student_versions_are_what_the_sources_give(tmp_path):
    course.generate(tmp_path, SOURCES)
    for name in SOURCES:
        made = course.released(tmp_path, name)
        committed = (HOMEWORK / f"{name}.ipynb").read_text(encoding="utf-8")
        assert committed == made, f"{name}: run `make homework`"


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_student_version_holds_no_solution_no_hidden_test_and_no_output(name):
    raw = (HOMEWORK / f"{name}.ipynb").read_text(encoding="utf-8")
    for mark in ("BEGIN SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "checks.exam", "END SOLUTION"):
        assert mark not in raw
    cells = {cell.id: cell for cell in submissions.released(name).cells}
    for cell in source.read(SOURCES[name]).cells:
        role = cell.metadata.get("homework", {}).get("role")
        released = cells[cell.id].source
        assert cells[cell.id].get("outputs", []) == []
        if role == "solve":
            assert 'raise NotImplementedError("this part is still to be written")' in released
        for kind, region in re.findall(
            r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, flags=re.DOTALL
        ):
            assert region.strip() not in released
            long = [line.strip() for line in region.splitlines() if len(line.strip()) > 30]
            assert kind != "SOLUTION" or not [line for line in long if line in released]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_student_version_runs_to_the_first_stub_and_says_what_is_missing(name):
    notebook = submissions.released(name)
    where = {"metadata": {"path": str(HOMEWORK)}}
    client = NotebookClient(notebook, timeout=600, startup_timeout=600, resources=where)
    with pytest.raises(CellExecutionError, match="this part is still to be written"):
        client.execute()
    ran = [cell for cell in notebook.cells if cell.get("execution_count")]
    assert len(ran) >= 4  # imports, token, personal numbers and something given


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_twenty_points_computed_measured_and_explained(name):
    cells = source.read(SOURCES[name]).cells
    points = {
        c.id: c.metadata.nbgrader.points
        for c in cells
        if "points" in c.metadata.get("nbgrader", {})
    }
    assert sum(points.values()) == 20
    assert 3 <= sum(value for one, value in points.items() if one.startswith("explain")) <= 6
    for cell in cells:
        if cell.id.startswith("explain"):
            assert "*Rubric.*" in cell.source
            assert len(cell.source.split("### BEGIN SOLUTION")[1].split()) > 40
        if cell.id.startswith("check"):
            assert cell.source.startswith(f'with checks.task("{cell.id[6:].replace("-", ".")}"')
            assert "### BEGIN HIDDEN TESTS" in cell.source
            assert cell.id.replace("check", "solve") in {other.id for other in cells}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_times_of_the_tasks_make_45_to_90_minutes(name):
    first = source.read(SOURCES[name]).cells[0].source
    minutes = [
        int(found) for found in re.findall(r"\|\s*(\d+)\s*\|\s*$", first, flags=re.MULTILINE)
    ]
    assert 45 <= sum(minutes) <= 90


@pytest.mark.parametrize(("name", "check", "points"), AUTOMATIC)
def test_bank_has_three_right_and_eight_wrong_of_every_task(name, check, points):
    path = submissions.BANK / name / f"{check.removeprefix('check-').replace('-', '_')}.py"
    kinds = [kind for kind, _, _ in submissions.snippets(path)]
    assert kinds.count("right") >= 3
    assert kinds.count("wrong") >= 8


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_bank_is_python_without_doubles(name):
    cases = submissions.cases(name)
    assert len({case.student for case in cases}) == len(cases)
    for case in cases:
        for code in case.cells.values():
            ast.parse(plain_python(code))
    assert len({json.dumps(case.cells) for case in cases}) == len(cases)


GOOD = """# Title

```python solve="1.1" names="f"
def f():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION
```

```python check="1.1" points=2
f()
```
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("points=2", ""), "expected whole points, got None"),
        (("points=2", 'points="two"'), "expected whole points, got 'two'"),
        (('check="1.1"', 'check="1.2"'), "check-1-2: expected a task of this number, got none"),
        (('names="f"', 'name="f"'), "got 'name'"),
        (('check="1.1"', 'check="1.2" solve="1.1"'), "solve-1-1 stands twice"),
        (('names="f"', 'names="f g"'), "functions or measured values"),
    ],
)
def test_a_source_that_is_inconsistent_is_refused(change, message):
    source.read(GOOD)
    text = GOOD.replace(*change[:2]).replace(*(change[2:] or ("", "")))
    with pytest.raises(ValueError, match=re.escape(message)):
        source.read(text)


def test_reading_a_source_twice_gives_the_same_ids():
    one, two = source.read(GOOD), source.read(GOOD)
    assert nbformat.writes(one) == nbformat.writes(two)


def test_a_released_folder_runs_by_itself(tmp_path):
    course.generate(tmp_path, {"mini": submissions.MINI})
    folder = tmp_path / "release" / "mini"
    code = (
        "import checks, rnnviz.plots, rnnviz.widgets.panel\nprint(checks.__file__, rnnviz.__file__)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=True)
    assert [Path(one).parents[1] for one in told.stdout.decode().split()] == [folder, folder]
    assert len((folder / "README.md").read_text().splitlines()) <= 10
    wanted = set(re.findall(r"^(\w+)", (folder / "requirements.txt").read_text(), re.MULTILINE))
    assert wanted == {"torch", "jaxtyping", "matplotlib", "ipywidgets", "jupyterlab"}


def test_a_source_may_grow_but_not_in_its_tasks_once_work_was_graded(tmp_path):
    mini_course(tmp_path, "ann")
    mini_graded(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    one_more = submissions.MINI + GOOD.replace("# Title\n\n", "")
    with pytest.raises(ValueError, match="check-1-1, solve-1-1"):
        course.generate(tmp_path, {"mini": one_more})
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    grown = submissions.MINI.replace("points=5", "points=4").replace("# A small", "# One small")
    course.generate(tmp_path, {"mini": f"{grown}\n```python\nmore = 1\n```\n"})
    assert "more = 1" in course.released(tmp_path, "mini")


# -- personal numbers


@given(st.text(min_size=1).filter(str.strip), st.text(), st.integers(-50, 50), st.integers(0, 50))
def test_personal_numbers_keep_their_bounds_and_repeat(token, name, low, width):
    mine, again = checks.Personal(token), checks.Personal(token)
    assert low <= mine.integer(name, low, low + width) <= low + width
    assert mine.integer(name, low, low + width) == again.integer(name, low, low + width)
    assert low <= mine.uniform(name, low, low + width) <= low + width
    assert mine.tensor(name, 2, 3).equal(again.tensor(name, 2, 3))


def test_personal_numbers_differ_between_students_and_names():
    seeds = {checks.Personal(f"t{i}").seed(name) for i in range(50) for name in ("a", "b")}
    assert len(seeds) == 100


@pytest.mark.parametrize("token", [None, 7, "", "  "])
def test_a_token_that_is_none_is_refused(token):
    with pytest.raises(ValueError, match="TOKEN must be the 12 characters that you were given"):
        checks.personal(token)


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 11), st.data())
def test_a_mistyped_token_is_refused(secret, place, data):
    token = keys.token(secret, "ann")
    assert checks.personal(f" {token.upper()} ").seed("a") == checks.Personal(token).seed("a")
    other = data.draw(st.sampled_from("0123456789abcdefgo").filter(lambda c: c != token[place]))
    mistyped = token[:place] + other + token[place + 1 :]
    # Two hexadecimal digits let one mistake in 256 through.
    if tokens.check_digits(mistyped[:10]) != mistyped[10:]:
        for wrong in (mistyped, token[:-1], token + "0"):
            with pytest.raises(ValueError, match="the 12 characters that you were given"):
                checks.personal(wrong)


def test_tokens_follow_from_the_secret_and_the_student():
    secret, other = "s" * 32, "t" * 32
    assert keys.token(secret, "ann") == keys.token(secret, "ann")
    made = {
        keys.token(secret, "ann"),
        keys.token(secret, "bob"),
        keys.token(other, "ann"),
        keys.exam_key(secret, "ann", "01_growth"),
        keys.exam_key(secret, "ann", "02_bptt"),
        keys.exam_key(secret, "bob", "01_growth"),
    }
    assert len(made) == 6


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path):
    path = tmp_path / "secret"
    with pytest.raises(FileNotFoundError, match="make homework"):
        keys.read_secret(path)
    keys.new_secret(path)
    assert os.name == "nt" or path.stat().st_mode & 0o077 == 0
    first = keys.read_secret(path)
    keys.new_secret(path)
    assert keys.read_secret(path) == first
    path.write_text("short\n")
    with pytest.raises(ValueError, match="at least 16 characters, got 5"):
        keys.read_secret(path)


def test_no_secret_is_committed():
    ignored = (HOMEWORK.parents[1] / ".gitignore").read_text(encoding="utf-8")
    assert "/notebooks/homework/course/" in ignored


# -- the files of the grader


def test_grader_files_stay_small():
    for path in [*ROOT.glob("grader/*.py"), *HOMEWORK.glob("checks/*.py")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path.name


def test_each_house_has_instructions_of_its_own_whose_commands_are_there():
    lengths = {HOMEWORK: 20, ROOT / "grader": 80, HOMEWORK / "sources": 20}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for house, length in lengths.items():
        text = (house / "README.md").read_text(encoding="utf-8")
        assert len(text.splitlines()) <= length
        for target in re.findall(r"(?:`|^)make (\w+)", text, flags=re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_model_solutions_are_quick(tmp_path):
    """A class of 300 is graded over night: no cell of a model solution may take seconds."""
    for name in ASSIGNMENTS:
        namespace, start = {"__name__": "__main__"}, time.process_time()
        for cell in source.read(SOURCES[name]).cells:
            role = cell.metadata.get("homework", {}).get("role")
            if cell.cell_type == "code" and role != "show":
                exec(compile(cell.source, f"{name} {cell.id}", "exec"), namespace)
        assert time.process_time() - start < 20, name  # a wide limit: it catches a wrong size


def test_paths_of_the_machine_are_nowhere():
    for path in [*HOMEWORK.glob("**/*.py"), *HOMEWORK.glob("**/*.md"), *HOMEWORK.glob("*.ipynb")]:
        if "course" not in path.parts:
            assert str(Path.home()) + "/" not in path.read_text(encoding="utf-8")
