"""Checks of the code: what is refused in graded code, and what an honest student may do."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import code, source
from grading import MINI

SOLUTION = "def double(x):\n    return 2 * x\n"


def found(solution=SOLUTION, *added, without="autograd", allow=""):
    """Return the findings for a solution of the small assignment, with cells added before it."""
    text = MINI.replace('without="autograd"', f'without="{without}" allow="{allow}"')
    notebook = source.read(text)
    cells = {cell.id: cell for cell in notebook.cells}
    cells["solve-9-1"].source = solution
    at = notebook.cells.index(cells["solve-9-1"])
    for number, extra in enumerate(added):
        cell = source.read("```python\n1\n```").cells[0]
        cell.id, cell.source, cell.metadata = f"added-{number}", extra, {}
        notebook.cells.insert(at, cell)
    return code.findings(notebook)


def refused(*arguments, **options):
    """Return the lines for which the points of `double` are withheld."""
    return [one.line for one in found(*arguments, **options).withheld["double"]]


@pytest.mark.parametrize(
    "solution",
    [
        SOLUTION,
        "double = lambda x: x + x",
        "import torch\ndef double(x):\n    return torch.add(x, x)",
        "from torch import add\ndouble = lambda x: add(x, x)",
        "import numpy as np\ndef double(x):\n    return torch.as_tensor(np.multiply(x.numpy(), 2))",
        "from math import *\ndef double(x):\n    return (e / e + 1) * x",
        "import math, itertools, functools\ndouble = functools.partial(torch.mul, 2)",
        "class Double:\n    def __init__(self): self._by = 2\n"
        "    def __call__(self, x): return self._by * x\ndouble = Double()",
        "def double(x):\n    growth = 2\n    backward = growth * x\n    return backward",
        "def double(x):\n    out = x.clone()\n    out[:] = 2 * x\n    return out",
        "def double(x):\n    match x.ndim:\n        case 0: return x\n        case _: return 2 * x",
        "%matplotlib inline\n" + SOLUTION,
        "def double(x):\n    x = x.detach().clone()\n    return x.mul_(2)",
    ],
)
def test_honest_code_is_left_alone(solution):
    assert refused(solution) == []
    assert found(solution).noted == []


@pytest.mark.parametrize(
    "added",
    [
        "from rnnviz import growth\nprint(growth.compound(2.0, 3))",
        "import rnnviz.bptt as b\nours = b.step_jacobians",
        "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 20\nplt.plot([1])",
        "x = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()",
        "torch.manual_seed(0)\nW = torch.randn(3, 3)\nW[0] = 0",
        "this is no python",
    ],
)
def test_other_cells_may_compare_and_try(added):
    assert refused(SOLUTION, added) == []
    assert found(SOLUTION, added).noted == []


@pytest.mark.parametrize(
    ("solution", "said"),
    [
        (
            "def double(x):\n    import rnnviz.growth\n    return rnnviz.growth.compound(2, 1) * x",
            "rnnviz",
        ),
        (
            "from rnnviz.growth import compound as c\ndouble = lambda x: c(2, 1)[1] * x",
            "rnnviz.growth.compound",
        ),
        (
            "import rnnviz\nr = rnnviz\ndef double(x):\n    return r.growth.compound(2, 1)[1] * x",
            "rnnviz",
        ),
        ("def double(x):\n    return torch.autograd.grad((x * x).sum(), x)[0]", ".autograd"),
        (
            "def double(x):\n    y = x.clone()\n    (y * y).sum().backward()\n    return y.grad",
            ".backward",
        ),
        ("def double(x):\n    return torch.tensor(2.0, requires_grad=True) * x", "requires_grad="),
        (
            "from torch.func import jvp\ndouble = lambda x: jvp(torch.square, (x,), (x,))",
            "torch.func.jvp",
        ),
        ("def double(x):\n    return eval('2 * x')", "uses eval"),
        ("def double(x):\n    return getattr(torch, 'a' + 'dd')(x, x)", "uses getattr"),
        ("def double(x):\n    return torch.sys.modules['torch'].add(x, x)", ".sys"),
        ("def double(x):\n    return torch._C._VariableFunctions.add(x, x)", "inside of a library"),
        ("def double(x):\n    return x.__class__.__base__.__add__(x, x)", "uses .__class__"),
        ("import operator\ndouble = operator.methodcaller('mul', 2)", "imports operator"),
        ("import os\ndouble = lambda x: 2 * x if os else x", "uses os"),
        (
            "match torch:\n    case object(autograd=a):\n        double = a",
            "pattern",
        ),
        ("def double(x):\n    return helper(x)", "helper, which no cell defines"),
        (
            "torch.square = lambda x: 2 * x\ndef double(x):\n    return torch.square(x)",
            "changes torch.square",
        ),
    ],
)
def test_what_is_not_written_by_hand_is_refused_and_named(solution, said):
    lines = refused(solution)
    assert any(said in line for line in lines), lines
    assert all(line.startswith("double: ") for line in lines)


def test_helpers_in_other_cells_are_followed():
    helper = "def helper(x):\n    return deeper(x)\n"
    deeper = "def deeper(x):\n    return torch.autograd.grad(x.sum(), x)\n"
    assert "uses .grad" in refused("double = lambda x: helper(x)", helper, deeper)[0]
    assert refused("double = lambda x: helper(x)", helper, "def deeper(x):\n    return x + x") == []


def test_what_the_source_allows_is_allowed():
    solution = "from rnnviz import growth\ndouble = lambda x: growth.compound(2, 1)[1] * x"
    assert refused(solution) != []
    assert refused(solution, allow="rnnviz") == []


def test_categories_refuse_only_their_own():
    clip = "double = lambda x: torch.nn.utils.clip_grad_norm_([x], 2)"
    assert refused(clip) == []
    assert "clip_grad_norm_" in refused(clip, without="clip")[0]
    assert refused("double = lambda x: torch.clamp(2 * x, -9, 9)", without="clip") == []
    assert (
        "LSTMCell"
        in refused("import torch.nn as nn\ndouble = nn.LSTMCell(2, 2)", without="lstm")[0]
    )
    assert "lstm_cell" in refused("double = lambda x: torch.lstm_cell(x)", without="lstm")[0]


def test_a_library_changed_in_any_cell_withholds():
    assert refused(SOLUTION, "torch.Tensor.__mul__ = lambda a, b: a + a") != []
    assert refused(SOLUTION, "checks.HARNESSES['_observe'] = None") != []


def test_odd_things_in_other_cells_are_noted_and_cost_nothing():
    findings = found(SOLUTION, "import os\nprint(open('x').read())")
    assert [one.line for one in findings.noted] == [
        "imports os (added-0, line 1)",
        "uses open (added-0, line 2)",
    ]
    assert findings.withheld["double"] == []


def test_a_name_that_no_cell_binds_is_known():
    assert found("exec('def double(x): return 2 * x')").unbound == {"double"}
    assert found(SOLUTION).unbound == set()


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    found(text, text)


@pytest.mark.parametrize("depth", [50, 3000])
def test_deep_nesting_is_no_error(depth):
    found("double = " + "(" * depth + "1" + ")" * depth)
    found("double = " + "-" * depth + "1")
    found("double = x" + ".y" * depth)


def test_rules_name_only_what_python_can_name():
    for names in (code.DYNAMIC, code.NEVER, code.MODULES, *code.CATEGORIES.values()):
        for name in names:
            ast.parse(name)
