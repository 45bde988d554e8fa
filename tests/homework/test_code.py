"""Checks of the code: what is refused in graded code, and what an honest student may do."""

import ast
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import checks
from checks import reading, rules
from grader import code, source, worker
from submissions import MINI

SOLUTION = "def double(x):\n    return 2 * x\n"


def read(solution=SOLUTION, *added, without="autograd", allow=""):
    """Return the code of a solution of the small assignment, with cells added before it."""
    text = MINI.replace('without="autograd"', f'without="{without}" allow="{allow}"')
    notebook = source.read(text)
    cells = {cell.id: cell for cell in notebook.cells}
    cells["solve-9-1"].source = solution
    at = notebook.cells.index(cells["solve-9-1"])
    for number, extra in enumerate(added):
        cell = source.read("```python\n1\n```").cells[0]
        cell.id, cell.source, cell.metadata = f"added-{number}", extra, {}
        notebook.cells.insert(at + number, cell)
    return code.Code(notebook)


def refused(*arguments, **options):
    """Return the lines for which the points of `double` are withheld."""
    return read(*arguments, **options).made(["double"], "check-9-1").refused


def built(*arguments, **options):
    """Return what `double` comes out as when it is built from its statements alone."""
    made = read(*arguments, **options).made(["double"], "check-9-1")
    texts = {"solve-9-1": arguments[0]} | {f"added-{n}": t for n, t in enumerate(arguments[1:])}
    namespace = {"torch": torch, "checks": checks}
    worker.FLAGS[:] = [0]
    for cell in sorted(made.places):  # added cells stand before the solution, as their names do
        request = {"source": texts[cell], "name": cell, "keep": made.places[cell]}
        worker._run(namespace, request)
    return namespace.get("double")


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
        "nn = torch.nn\nF = nn.functional\nlinear = nn.Linear(1, 1)\n"
        "def double(x):\n    return F.relu(x) - F.relu(-x) + x",
        "import torch.nn.functional as F\ndouble = lambda x: x + F.relu(x) - F.relu(-x)",
        "@torch.no_grad()\ndef double(x):\n    return torch.einsum('i->i', x) * 2",
        "def double(input, open=2):\n    vars = open * input\n    return vars",
        "from dataclasses import dataclass\n@dataclass\nclass Step:\n    time: float\n"
        "    _code: int\n\n"
        "def double(x):\n    step = Step(2.0, 1)\n    return step.time * step._code * x",
        "from collections import Counter\nimport random\n"
        "def double(x):\n    return Counter('ab')['a'] * 2 * x + 0 * random.Random(1).random()",
        "def double(x):\n    def helper(y):\n        return y + y\n    return helper(x)",
        "def double(x: torch.Tensor) -> torch.Tensor:\n    return x.T.mT + x.data",
        "from __future__ import annotations\ndef double(x: Unknown) -> Unknown:\n    return 2 * x",
        "from torch.nn.functional import *\ndouble = lambda x: x + relu(x) - relu(-x)",
        "class Base:\n    by = 2\nclass Double(Base, object):\n    def __init__(self):\n"
        "        self.__by = super().by\n    def __call__(self, x): return self.__by * x\n"
        "double = Double()",
        "from collections import namedtuple\nStep = namedtuple('Step', 'by signal')\n"
        "double = lambda x: Step(1, 0)._replace(by=2).by * x",
        "import enum, operator\nclass Kind(enum.Enum):\n    TWO = 2\n"
        "double = lambda x: operator.mul(Kind.TWO.value, x)",
        "import json, math, torch\ndef double(x):\n    return math.floor(2.5) * torch.clone(x)",
        "def double(x):\n    return type(x)(2 * x) if isinstance(x, (int, float)) else 2 * x",
        "from types import SimpleNamespace\nn = SimpleNamespace(by=2)\ndouble = lambda x: n.by * x",
        "class Step:\n    def __init__(self, x):\n        self._state, self._cache = x, x\n"
        "        self.time = self._size = 1\n    def _scale(self, by): return by * self._state\n"
        "def double(x):\n    return Step(x)._scale(2)",
        "class BadShape(ValueError): pass\ndef double(x):\n    if x is None:\n"
        "        raise BadShape(f'got {type(x)}, a {type(x).__name__}')\n    return 2 * x",
        "from collections import namedtuple\nclass Step(namedtuple('Step', 'by')):\n    pass\n"
        "double = lambda x: Step(2).by * x",
        "from torch.nn.modules.module import Module\nfrom torch.functional import norm\n"
        "class Double(Module):\n    def forward(self, x): return 2 * x\n"
        "def double(x):\n    return Double()(x) if norm(torch.ones(1)) else x",
        "from torch.nn.functional import *\nimport torch\n"
        "double = lambda x: torch.abs(x) + relu(x)",
        "def double(x):\n    if type(x) is int or type(x) == float:\n        return 2 * x\n"
        "    return 'a {} {:.2f}'.format(1, 2.0) and x + x",
        "def double(x, *, out=None):\n    return {f'{x}\u00a0{len(\"a\")}': 2 * x}.popitem()[1]",
    ],
)
def test_honest_code_is_left_alone(solution):
    assert refused(solution) == []
    assert read(solution).noted == []
    assert built(solution) is not None


@pytest.mark.parametrize(
    "added",
    [
        "from rnnviz import growth\nprint(growth.compound(2.0, 3))",
        "import rnnviz.bptt as b\nours = b.step_jacobians",
        "import matplotlib.pyplot as plt\nplt.rcParams['font.size'] = 20\nplt.plot([1])",
        "x = torch.ones(2, requires_grad=True)\n(x * x).sum().backward()",
        "torch.manual_seed(0)\nW = torch.randn(3, 3)\nW[0] = 0",
        "import rnnviz.growth\nx = torch.ones(1)\n"
        "print(torch.equal(double(x), rnnviz.growth.compound(2.0, 1)[1] * x))",
        "this is no python",
    ],
)
def test_other_cells_may_compare_and_try(added):
    for cells in ((SOLUTION, added), (SOLUTION + added, "1")):
        if "this is" not in cells[0]:
            assert refused(*cells) == []
            assert read(*cells).noted == []
            assert built(*cells)(3) == 6


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
            "torch.func",
        ),
        ("from torch import *\ndouble = lambda x: vmap(lambda y: 2 * y)(x)", "torch.vmap"),
        ("def double(x):\n    return eval('2 * x')", "uses eval"),
        ("def double(x):\n    return getattr(torch, 'a' + 'dd')(x, x)", "uses getattr"),
        ("def double(x):\n    return torch.sys.modules['torch'].add(x, x)", "sys.modules"),
        ("def double(x):\n    return torch._C._jit_script_compile(x)", "torch._C"),
        ("def double(x):\n    return x._backward_hooks", "inside of something"),
        ("def double(x):\n    return x.__class__.__base__.__add__(x, x)", "uses .__class__"),
        ("import operator\ndouble = operator.methodcaller('mul', 2)", "operator"),
        ("import os\ndouble = lambda x: 2 * x if os else x", "uses os"),
        ("match torch:\n    case object(autograd=a):\n        double = a", "passes on torch"),
        (
            "class A:\n    pass\nmatch A():\n    case A(grad_fn=a):\n        double = a",
            ".grad_fn",
        ),
        (
            "torch.square = lambda x: 2 * x\ndef double(x):\n    return torch.square(x)",
            "changes torch.square",
        ),
        ("double = torch.serialization.pickle.loads", "torch.serialization"),
        ("m = torch.jit.CompilationUnit('')\ndef double(x):\n    return m.f(x)", "CompilationUnit"),
        ("def double(x):\n    return torch.load(x, weights_only=False)", "torch.load"),
        ("import numpy as np\ndouble = np.testing.runstring", "numpy.testing"),
        ("import numpy\nd = numpy.load\ndouble = lambda x: d(x)", "numpy.load"),
        (
            "import string\ndouble = lambda x: string.Formatter().get_field('0.T', (x,), {})[0]",
            "string.Formatter",
        ),
        ("def double(x, modules=[torch]):\n    return modules[0].add(x, x)", "passes on torch"),
        ("class A:\n    t = torch\ndouble = lambda x: A.t.add(x, x)", "passes on torch"),
        ("class A:\n    import torch\ndouble = lambda x: A.torch.add(x, x)", "inside a class"),
        ("t, u = torch, 1\ndouble = lambda x: t.autograd.grad(x, x)", "passes on torch"),
        ("def double(x):\n    return (y for y in x).gi_frame.f_builtins", ".gi_frame"),
        (
            "class A:\n    def __getattr__(self, name): return 2\ndouble = lambda x: A().y * x",
            "names __getattr__",
        ),
        ("class A:\n    __dict__ = {}\ndouble = lambda x: A()", "names __dict__"),
        (
            "import functools\nclass A: pass\na = functools.update_wrapper(A(), torch.Tensor)\n"
            "double = lambda x: a",
            "update_wrapper",
        ),
        (
            "import typing\nclass A:\n    x: '2'\n"
            "double = lambda x: typing.get_type_hints(A)['x'] * x",
            "get_type_hints",
        ),
        ("def double(x):\n    return checks.torch.add(x, x)", "uses checks"),
        ("import numpy as np\ndouble = lambda x: np.ones(1).ctypes", ".ctypes"),
        ("if True:\n    from rnnviz.growth import *\ndouble = compound", "all of rnnviz.growth"),
        ("from torch.autograd.functional import *\ndouble = jacobian", "torch.autograd"),
        ("class A:\n    go = staticmethod(eval('2'))\n    eval = None\ndouble = A.go", "uses eval"),
        (
            "class A:\n    whole = torch\n    torch = None\ndouble = lambda x: A.whole.add(x, x)",
            "passes on torch",
        ),
        (
            "import rnnviz.growth as _A__b\n"
            "class A:\n    def go(self, x): return __b.compound(x, 1)\ndouble = A().go",
            "names __b",
        ),
        (
            "try:\n    torch.nn.functional.missing\n"
            "except AttributeError as e:\n    whole = e.obj\ndouble = lambda x: whole",
            "functional.missing",
        ),
        ("import torch.nn.utils.prune as P\ndouble = P.torch.load", "uses torch"),
        (
            "from torch import __name__ as __package__\ndouble = lambda x: __package__",
            "__package__",
        ),
        ("from .random import torch as t\ndouble = t.square", "from beside itself"),
        ("class T(torch.Tensor):\n    pass\ndouble = lambda x: T(x)", "derives a class from"),
        ("B = torch.Tensor\nclass T(B):\n    pass\ndouble = T", "derives a class from B"),
        (
            "class B: pass\nB = torch.Tensor\nclass T(B): pass\ndouble = T",
            "derives a class from B",
        ),
        (
            "object = torch.Tensor\nclass T(object): pass\ndouble = T",
            "derives a class from object",
        ),
        ("class T(metaclass=type): pass\ndouble = T", "with metaclass="),
        ("double = type('T', (torch.Tensor,), {})", "uses type"),
        ("t = type\ndouble = t('T', (torch.Tensor,), {})", "uses type"),
        ("double = type(torch.Tensor)('T', (torch.Tensor,), {})", "uses type"),
        ("meta = type(torch.Tensor)\ndouble = meta('T', (torch.Tensor,), {})", "uses type"),
        ("double = type(torch.Tensor)(*('T', (torch.Tensor,), {}))", "uses type"),
        ("import numbers\ndouble = numbers.ABCMeta('M', (), {})", "numbers.ABCMeta"),
        (
            "class A: pass\nmatch 1:\n    case A(x): pass\ndouble = lambda y: x",
            "without their names",
        ),
        ("double = lambda x: '{0.__globals__}'.format(print)", "formats a part"),
        ("text = '{0.T}'\ndouble = lambda x: text.format(x)", "formats with a text"),
        ("import numpy as np\ndouble = np.frombuffer", "numpy.frombuffer"),
        (
            "class Own:\n    def __init__(self): self._grad_fn = 1\n"
            "def double(self):\n    return self._grad_fn",
            "._grad_fn",
        ),
        ("class A:\n    match 1:\n        case __dict__: pass\ndouble = A", "names __dict__"),
        ("class A:\n    async def __getattr__(self): pass\ndouble = A", "names __getattr__"),
        ("class A:\n    class __torch_function__: pass\ndouble = A", "names __torch_function__"),
        ("class A:\n    x: int = 0\n    __annotations__['y'] = int\ndouble = A", "__annotations__"),
        ("class Own:\n    _grad_fn = None\ndouble = lambda x: x._grad_fn", "._grad_fn"),
        ("class Own:\n    _evaluate = 1\ndouble = lambda x: x._evaluate()", "._evaluate"),
        ("double = lambda x: torch.nn.ParameterDict.__getitem__(x, 'T')", "ParameterDict"),
        ("import functools\ndouble = functools.wraps(torch.Tensor)(print)", "functools.wraps"),
        ("import warnings\ndouble = warnings.formatwarning", "warnings.formatwarning"),
        ("import numpy\ndouble = numpy.test", "numpy.test"),
        ("import sys\ndouble = lambda x: sys.modules", "sys.modules"),
    ],
)
def test_what_is_not_written_by_hand_is_refused_and_named(solution, said):
    lines = refused(solution)
    assert any(said in line for line in lines), lines
    assert all(line.startswith("double: ") for line in lines)


@pytest.mark.parametrize(
    "added",
    [
        "import rnnviz.growth\ntable.append(rnnviz.growth.compound)",
        "import rnnviz.growth\ndef put(f):\n    table.append(f)\nput(rnnviz.growth.compound)",
        "import rnnviz.growth\nfor f in [rnnviz.growth.compound]:\n    table.append(f)",
        "globals()['table'] = [__import__('rnnviz.growth').growth.compound]",
        "import sys\nsys.modules['__main__'].table.append(torch.autograd.grad)",
        "import gc, rnnviz.growth\n[o.append(rnnviz.growth.compound) for o in gc.get_objects() "
        "if o is table]",
        "exec('table.append(torch.autograd.grad)')",
    ],
)
def test_nothing_that_was_not_read_reaches_a_function(added):
    """What changes a thing that the function uses counts only if it may; else it is not run."""
    solution = "table = []\ndef double(x):\n    return table[0]\n"
    parts = [solution, added] if "for f" not in added else [solution + added]
    if lines := refused(*parts):
        assert "rnnviz" in lines[0]
    else:
        with pytest.raises((IndexError, NameError)):
            built(*parts)(1)


@pytest.mark.parametrize(
    "added",
    [
        "by = []\nby.append(2)",
        "by = [0]\nby[0] = 2",
        "by = []\nfor n in (2, 3):\n    by.append(n)",
        "def fill(what):\n    what.append(2)\nby = []\nfill(by)",
        "by = [1]\nby = [2 * by[0]]",
        "def helper():\n    return 2\nby = [helper()]\ndef helper():\n    return 3",
        "by = [1]\nif len(by) == 1:\n    by = [2]",
        "import torch\nbase = 1\ndef make():\n    return base + 1\nby = [make()]\nbase = 5",
        "by = []\ndef register(f):\n    by.append(f())\n    return f\n@register\ndef two():\n"
        "    return 2",
        "by = [1, 2]\nfirst = by.pop(0)",
        "by = [1]\nother = by\nother[0] = 2",
        "by = {}\nput = by.update\nput({0: 2})",
        "by = [1]\nmatch len(by):\n    case 1:\n        by[0] = 2",
        "by = [2]\nby: list",
        "by = [0]\nby = by + [1]\nby[0] += 2",
        "by = [0]\ndef later_comp():\n    by[0] = two()\ndef two():\n    return 2\nlater_comp()",
        "n = 1\ndef count():\n    global n\n    n += 1\ncount()\nby = [n]",
        "%time by = [2]",
        "by = [2]\n%timeit -n 1 by\nby?\n!ls\nfiles = !ls",
        "by = [0]\nfor n in (1, 2):\n    %time by[0] = n",
        "from math import *\nby = [floor(2.5)]",
    ],
)
def test_what_a_function_needs_is_there(added):
    double = built("def double(x):\n    return by[0] * x", added)
    assert double(3) == 6
    assert refused("def double(x):\n    return by[0] * x", added) == []


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile x.py", "%%script echo", "%%html"])
def test_a_cell_for_another_program_is_no_python(magic):
    assert built(SOLUTION, f"{magic}\ndef double(x): return 0")(2) == 4
    assert reading.statements_of("a", f"{magic}\nx = 1") == []
    assert [one.binds for one in reading.statements_of("a", "%%time\nx = 1")] == [{"x"}]


def test_names_mean_what_they_mean_in_the_code_that_is_graded():
    """An import in a cell that compares does not make a name of a function's refused."""
    helper = "def slope(x):\n    return 2 * x\n"
    compare = "from rnnviz.growth import compound as slope\nimport rnnviz.bptt as b"
    solution = "b = 2\ndef double(x):\n    return b * slope(x) / 2"
    assert refused(solution, compare, helper) == []
    assert "rnnviz" in refused("double = lambda x: slope(x)", helper, compare)[0]


def test_given_code_may_not_do_the_work():
    text = MINI.replace(
        "my = checks.personal(TOKEN)",
        "my = checks.personal(TOKEN)\n\ndef given(x):\n    return torch.autograd.grad(x, x)",
    )
    notebook = source.read(text)
    (solve,) = (cell for cell in notebook.cells if cell.id == "solve-9-1")
    solve.source = "def double(x):\n    return given(x)"
    lines = code.Code(notebook).made(["double"], "check-9-1").refused
    assert any("torch.autograd" in line for line in lines)


def test_what_is_too_deep_or_too_long_is_refused_at_once():
    deep = "def double(x):\n    if x == 0:\n        return 0\n" + "".join(
        f"    elif x == {n}:\n        return {2 * n}\n" for n in range(1, 3000)
    )
    assert any("read" in line for line in refused(deep)) or built(deep) is None
    for one in ("a = a + b\n" * 2_000, "a = 1;" * 2_000 + "\n", "#" * 300_000 + "\n"):
        long = f"a = b = 1\n{one}double = lambda x: a * x"
        (line,) = refused(long)
        assert line.startswith("expected at most 1500 statements in 200000 characters, came more")


@pytest.mark.parametrize(
    "added",
    [
        "x = 0\n" + "x += 1\n" * 1400,
        "x = [0]\n" + "x.append(1)\ny = x\n" * 700,
        "$\n" + " " * 50_000 + "=" + " " * 50_000 + "x",
        "$\n" + "a" * 100_000 + "?x",
        "$\nx" + " =" * 50_000,
        "$\n%time" + " -a" * 30_000 + "!",
    ],
)
def test_reading_takes_no_time_that_matters(added):
    before = time.process_time()
    refused("def double(x):\n    return 2 * x[0]", added)
    assert time.process_time() - before < 20  # a wide limit: hours were possible


def test_what_is_left_out_is_told():
    added = "import rnnviz.growth as g\ntable = [2]\ntable.append(g.compound)"
    made = read("double = lambda x: table[-1] * x", added).made(["double"], "check-9-1")
    assert made.refused == []
    assert made.places == {"added-0": [1], "solve-9-1": [0]}
    assert len(made.left_out) == 1
    assert "left out: uses rnnviz.growth.compound" in made.left_out[0]


def test_settings_count_although_no_function_names_them():
    submission = read(SOLUTION, "import torch as t\nprint(1)\nt.manual_seed(5)")
    assert submission.made(["double"], "check-9-1").places["added-0"] == [0, 2]


def test_the_last_definition_counts_and_not_an_earlier_attempt():
    first = "def double(x):\n    return torch.autograd.grad(x, x)\n"
    assert refused(SOLUTION, first) == []
    assert built(SOLUTION, first)(2) == 4
    assert refused(first, SOLUTION) != []
    kept = "first = double\ndef double(x):\n    return first(x)\n"
    assert refused(kept, first) != []


def test_what_stands_below_the_check_does_not_count():
    notebook = source.read(MINI)
    later = source.read("```python\n1\n```").cells[0]
    later.id, later.source = "added-9", "double = torch.autograd.grad"
    notebook.cells.append(later)
    assert code.Code(notebook).made(["double"], "check-9-1").refused == []


def test_helpers_in_other_cells_are_followed():
    helper = "def helper(x):\n    return deeper(x)\n"
    deeper = "def deeper(x):\n    return torch.autograd.grad(x.sum(), x)\n"
    assert "torch.autograd" in refused("double = lambda x: helper(x)", helper, deeper)[0]
    assert refused("double = lambda x: helper(x)", helper, "def deeper(x):\n    return x + x") == []


def test_what_the_source_allows_is_allowed():
    solution = "from rnnviz import growth\ndouble = lambda x: growth.compound(2, 1)[1] * x"
    assert refused(solution) != []
    assert refused(solution, allow="rnnviz") == []
    graph = "double = lambda x: torch.autograd.grad((x * x).sum(), x)[0]"
    assert refused(graph) != []
    assert refused(graph, without="clip") == []


def test_categories_refuse_only_their_own():
    clip = "double = lambda x: torch.nn.utils.clip_grad_norm_([x], 2)"
    assert refused(clip) == []
    assert "clip_grad_norm_" in refused(clip, without="clip")[0]
    assert refused("double = lambda x: torch.clamp(2 * x, -9, 9)", without="clip") == []
    cell = "import torch.nn as nn\ndouble = nn.LSTMCell(2, 2)"
    assert "LSTMCell" in refused(cell, without="lstm")[0]
    for call in ("torch.lstm_cell(x)", "torch.quantized_lstm_cell(x)", "torch.nn.LSTM(2, 2)(x)"):
        assert "lstm" in refused(f"double = lambda x: {call}", without="lstm")[0].lower()
    star = "from torch import *\ndouble = lambda x: lstm_cell(x)"
    assert "lstm_cell" in refused(star, without="lstm")[0]


def test_odd_things_in_other_cells_are_noted_and_cost_nothing():
    submission = read(SOLUTION, "import os\nprint(open('x').read())", "torch.Tensor.abs = None")
    assert submission.noted == [
        "imports os (added-0, line 1)",
        "uses open (added-0, line 2)",
        "changes torch.abs (added-1, line 1)",
    ]
    assert submission.made(["double"], "check-9-1").refused == []


def test_a_name_that_no_cell_binds_is_not_there():
    assert built("exec('def double(x): return 2 * x')") is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    read(text, text).made(["double"], "check-9-1")


@pytest.mark.parametrize("depth", [50, 3000])
def test_deep_nesting_is_no_error(depth):
    refused("double = " + "(" * depth + "1" + ")" * depth)
    refused("double = " + "-" * depth + "1")
    refused("double = x" + ".y" * depth)


def test_rules_name_only_what_python_can_name():
    lists = (rules.DYNAMIC, rules.NEVER, rules.OUT_OF_BOUNDS, rules.TORCH, rules.DUNDERS)
    for names in (*lists, rules.LIBRARIES, *rules.CATEGORIES.values()):
        for name in names:
            ast.parse(name)
