"""The fence: what a function is to be written without says so, and nothing else is missed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import fence, worker
from checks.calls import CheckFailedError
from checks.cells import plain_python, statements
from checks.process import EndedError, Process
from checks.worker import start_beside


@pytest.fixture(scope="module", params=["autograd", "clip", "lstm", ""])
def fenced(request):
    """Start a process behind the fence of one rule, or of `rnnviz` alone."""
    made = Process(start_beside, tuple(request.param.split()), cell_seconds=60)
    made.label, made.rule = "task 9.1", request.param
    made.run("imports", "import torch\nx = torch.ones(2, dtype=torch.float64)")
    yield made
    made.close()


def came(fenced, expression, *before):
    """Return what an expression in a graded function comes to, or the error's text."""
    for number, cell in enumerate(before):
        fenced.run(f"before {number}", cell)
    fenced.run("graded", f"def graded():\n    return {expression}")
    try:
        return fenced.fetch("graded")()
    except CheckFailedError as error:
        return str(error)


def test_each_name_that_is_taken_away_says_so_and_names_the_task(fenced):
    rule = fenced.rule
    for place, names in fence.FUNCTIONS.get(rule, {}).items():
        for name in names.split():
            said = came(fenced, f"{place}.{name}(x, x)", f"import {place}" if "." in place else "")
            if "has no attribute" not in said:  # older and newer PyTorch
                assert f"{place}.{name} is not there: task 9.1 is to be written without" in said


WAYS = {
    "autograd": [
        "torch.func.jacrev(torch.tanh)(x)",
        "(lambda y: y.sum().backward() or y.grad)(x.clone().requires_grad_())",
        "getattr(torch, 'auto' + 'grad').functional.jacobian(torch.tanh, x)",
        "__import__('torch.autograd').autograd.grad(x.sum(), x)",
        "__import__('sympy').diff('x')",
        "__import__('importlib').import_module('jax.numpy')",
        "torch.autograd.functional.__dict__['jacobian'](torch.tanh, x)",
    ],
    "clip": ["torch.nn.utils.clip_grad.clip_grad_norm_([x], 1)"],
    "lstm": ["torch._VF.lstm_cell(x)", "torch.nn.modules.rnn.LSTM(1, 1)", "torch.nn.GRU(1, 1)"],
    "": ["__import__('rnnviz.growth')"],
}


def test_other_names_for_them_are_gone_too(fenced):
    for way in WAYS[fenced.rule]:
        assert "is not there: task 9.1 is to be written without" in came(fenced, way)


def test_an_import_that_may_fail_is_left_to_the_student(fenced):
    cell = "try:\n    import rnnviz as r\nexcept ImportError:\n    r = 3"
    assert came(fenced, "r", cell) == 3


def test_all_that_is_not_meant_works(fenced):
    module = "class M(torch.nn.Module):\n    grad = 1\n    def backward(self): return 2"
    cases = {
        "M().backward() + M.grad": 3,
        "torch.vmap(torch.tanh)(x).shape[0]": 2,
        "torch.ones(2, requires_grad=False).sum().item()": 2,
        "isinstance(M(), torch.nn.LSTM)": False,
        "torch.is_grad_enabled()": True,
        "hasattr(torch.nn.functional, 'silu') and eval('1 + 1')": 2,
    }
    for expression, value in cases.items():
        assert came(fenced, expression, module) == value


def test_nothing_is_recorded_where_autograd_is_left_out(fenced):
    code = "torch.tanh(torch.nn.Parameter(x)).requires_grad"
    assert came(fenced, code) is (fenced.rule != "autograd")


def test_what_stands_beside_is_run_whatever_fails(fenced):
    cell = "by = [1]\nimport rnnviz.growth\nby.append(rnnviz.growth.compound)\nby.append(2)"
    assert came(fenced, "by", cell) == [1, 2]
    assert any("before 0: rnnviz is not there: a function" in one for one in fenced.refused)
    assert came(fenced, "undefined", "1 / 0").endswith("name 'undefined' is not defined")


def test_a_process_that_is_replaced_is_fenced_again(fenced):
    fenced.run("kept", "kept = 7")
    fenced.run("end", "import os\ndef end(): os._exit(1)")
    with pytest.raises(EndedError):
        fenced.fetch("end")()
    for way in WAYS[fenced.rule][:1]:
        assert "is not there" in came(fenced, way)
    assert came(fenced, "kept") == 7


def test_a_notebook_that_is_run_as_a_script_is_run_once(tmp_path):
    script = tmp_path / "notebook.py"
    script.write_text(
        "from checks.process import Process\nfrom checks.worker import start_beside\n"
        "print('once')\nprocess = Process(start_beside, ())\nprocess.run('a', 'x = 3')\n"
        "print(process.fetch('x'))\nprocess.close()\n"
    )
    path = os.environ | {"PYTHONPATH": str(Path(worker.__file__).parents[1])}
    told = subprocess.run([sys.executable, script], env=path, capture_output=True, check=True)
    assert told.stdout.split() == [b"once", b"3"]


# -- cells


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("%time by = 2", 2),
        ("by = 2\n%timeit -n 1 by\nby?\n!ls\nfiles = !ls", 2),
        ("by = [0]\nfor n in (1, 2):\n    %time by = n", 2),
        ("%%time\nby = 2", 2),
        ("    by = 2\n    %matplotlib inline", 2),
        ("by = 2", 2),
    ],
)
def test_what_only_ipython_knows_is_left_out(cell, value):
    names = {}
    exec(plain_python(cell), names)
    assert names["by"] == value


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile x.py", "%%script echo", "%%html"])
def test_a_cell_for_another_program_is_no_python(magic):
    assert statements(f"{magic}\nx = 1") == []


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text):
    statements(text)
    plain_python(text)


@pytest.mark.parametrize(
    "cell",
    [
        "$\n" + " " * 50_000 + "=" + " " * 50_000 + "x",
        "$\n" + "a" * 100_000 + "?x",
        "$\nx" + " =" * 50_000,
        "$\n%time" + " -a" * 30_000 + "!",
        "double = " + "(" * 3000 + "1" + ")" * 3000,
        "double = " + "-" * 3000 + "1",
    ],
)
def test_reading_takes_no_time_that_matters(cell):
    before = time.process_time()
    statements(cell)
    assert time.process_time() - before < 20  # a wide limit: hours were possible
