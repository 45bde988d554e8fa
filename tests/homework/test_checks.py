"""Checks as a student sees them: one line that names what was expected and what came."""

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

pytest.importorskip("nbgrader")

import checks
from checks import calls
from grader import course
from submissions import HOMEWORK, MINI

STEPS = {
    "right": "def double(x):\n    return x + x",
    "stub": None,
    "wrong": "def double(x):\n    return 3 * x",
    "raises": "def deeper(x):\n    return 1 / 0\n\ndef double(x):\n    return deeper(x)",
    "in place": "def double(x):\n    return x.mul_(2)",
    "by rnnviz": "from rnnviz.growth import compound\ndef double(x):\n"
    "    return compound(2.0, 1)[1] * x",
    "by autograd in a helper": "import torch as t\ndef slope(x):\n"
    "    return t.autograd.functional.jacobian(t.square, x).diag()\n\n"
    "def double(x):\n    return slope(x)",
    "by getattr": "double = lambda x: getattr(torch, 'add')(x, x)",
    "ends the process": "import os\ndef double(x):\n    os._exit(3)",
    "settings": "def double(x):\n    torch.manual_seed(0)\n    return 2 * x",
    "right, with a class and numpy": "import numpy as np\nBY = np.array([2.0, 2.0])\n\n"
    "class Step:\n    def __init__(self, x):\n        self._state, self.time = x, 1\n\n"
    "    def scaled(self, by):\n        return self._state * by * self.time\n\n"
    "def double(x):\n    return Step(x).scaled(torch.as_tensor(BY[0]))",
}
EXPECTED = {
    "right": "9.1: every check here passed",
    "stub": "double(a tensor (2)): expected a value, came NotImplementedError: "
    "this part is still to be written",
    "wrong": "double(x): expected x + x, came values up to 50 % of the largest off "
    "(most at entry [0])",
    "raises": "double([1.0, 1.0]): expected a value, came ZeroDivisionError: division by zero",
    "in place": "double: expected its arguments unchanged, it changed number 1 of them",
    "by rnnviz": "double([1.0, 1.0]): expected a value, came NameError: name 'compound' is not "
    "defined (cell 15: rnnviz is not there: a function that is graded is to be written "
    "without rnnviz)",
    "by autograd in a helper": "double([1.0, 1.0]): torch.autograd.functional.jacobian is not "
    "there: 9.1 is to be written without autograd",
    "by getattr": "9.1: every check here passed",
    "ends the process": "9.1: expected an answer, came none: double: the process ended (exit 3)",
    "settings": "double: expected torch's settings unchanged, it changed "
    "torch's global random numbers",
    "right, with a class and numpy": "9.1: every check here passed",
}
EXPECTED["stub"] = EXPECTED["stub"].replace("a tensor (2)", "[1.0, 1.0]")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run a student's notebook, each solution followed by the check; return what is shown."""
    root = tmp_path_factory.mktemp("course")
    course.generate(root, {"mini": MINI})
    notebook = nbformat.reads(course.released(root, "mini"), as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    given = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]
    stub, check = cells["solve-9-1"].source, cells["check-9-1"].source
    made = [*given, new_code_cell("x, mine = 'kept', None\ndel mine")]
    for solution in STEPS.values():
        made += [new_code_cell(solution or stub), new_code_cell(check)]
    made += [new_code_cell(cells["check-9-2"].source), new_code_cell("print(x)")]
    notebook.cells = made
    where = {"metadata": {"path": str(HOMEWORK)}}
    NotebookClient(
        notebook, timeout=600, startup_timeout=600, allow_errors=True, resources=where
    ).execute()
    texts = [
        "".join(o.get("text", "") or "\n".join(o.get("traceback", [])) for o in cell.outputs)
        for cell in made
    ]
    return dict(zip(STEPS, texts[5::2], strict=False)), texts


@pytest.mark.parametrize("name", STEPS)
def test_one_line_says_what_was_expected_and_what_came(shown, name):
    lines = shown[0][name].strip().splitlines()
    assert lines[-1] == EXPECTED[name]
    if "error" not in shown[0][name].lower():
        assert len(lines) == 1


def test_an_error_shows_the_students_own_lines_only(shown):
    text = shown[0]["raises"]
    assert "return deeper(x)" in text
    assert "return 1 / 0" in text
    assert "calls.py" not in text
    assert "checks.py" not in text


def test_what_is_not_defined_is_named_and_a_check_leaves_nothing_behind(shown):
    *_, undefined, x = shown[1]
    assert undefined.strip() == "9.2: expected mine, came none: no cell defines it"
    assert x.strip() == "kept"


def test_an_error_derived_from_the_one_asked_for_will_do():
    class BadError(ValueError):
        pass

    def bad(x):
        raise BadError

    checks.refuses(bad, 1)
    with pytest.raises(calls.CheckFailedError, match="expected a KeyError, came BadError"):
        checks.refuses(bad, 1, error="KeyError")
    with pytest.raises(calls.CheckFailedError, match="expected a ValueError, came a value"):
        checks.refuses(lambda x: x, 1)


def test_a_task_gives_back_what_its_check_named():
    namespace = {"checks": checks, "torch": torch, "x": "kept"}
    exec("with checks.task('1'):\n    x, y = 1, 2\n    def f(): pass", namespace)
    assert namespace["x"] == "kept"
    assert not {"y", "f"} & namespace.keys()
    with pytest.raises(ZeroDivisionError):
        exec("with checks.task('1'):\n    x = y = 1 / 0", namespace)
    assert namespace["x"] == "kept"


@pytest.mark.parametrize(
    ("came", "expected", "message"),
    [
        (torch.tensor([1.0, 3.0]), [1.0, 2.0], "values up to 50 % of the largest off"),
        (torch.tensor([1.0, 2.001]), [1.0, 2.0], r"values up to 0.05 % .*at entry \[1\]"),
        (2.5, 2.0, "a value 25 % off$"),
        (torch.tensor([0.25]), [0.0], "expected it, came a value 0.25 off$"),
        (torch.tensor([0.25, 0.0]), [0.0, 0.0], r"values up to 0.25 off \(most at entry \[0\]\)"),
        (torch.tensor([1.0, torch.nan]), [0.0, 0.0], "expected finite numbers, came 1 that are"),
    ],
)
def test_how_far_off_is_said_and_not_the_value(came, expected, message):
    came = came.double() if isinstance(came, torch.Tensor) else came
    with pytest.raises(calls.CheckFailedError, match=message):
        checks.agree("f(x)", came, torch.tensor(expected).double(), by="it")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (torch.tensor(0.12345), "0.123"),
        (torch.ones(2, 3), "a tensor (2, 3)"),
        (torch.zeros(5), "a tensor (5,)"),
        (torch.tensor([1, 2]), "[1, 2]"),
        ("a" * 50, "'" + 36 * "a" + "…"),
        ([1.5, "b"], "[1.5, 'b']"),
        ([torch.ones(2), torch.tensor(3.0)], "[[1.0, 1.0], 3.0]"),
        ([torch.ones(9, 9)] * 3, "a list of 3"),
    ],
)
def test_arguments_are_shown_briefly(value, shown):
    assert calls.brief(value) == shown
