import ast
import subprocess
import sys
from pathlib import Path

import jaxtyping
import pytest
import torch

import rnnviz

PACKAGE = Path(rnnviz.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
NUMBERS = [
    path for path in SOURCES if path.relative_to(PACKAGE).parts[0] not in ("plots", "widgets")
]
PLOTS = sorted(PACKAGE.glob("plots/**/*.py"))

DRAWING = {"matplotlib", "rnnviz.plots"}
CONTROLS = {"ipywidgets", "IPython", "rnnviz.widgets"}
# Each of these takes longer to load than the numbers take to compute.
HEAVY = {"matplotlib", "ipywidgets", "IPython", "sympy", "torch._dynamo"}

TOPICS = ("bptt", "clipping", "flow", "growth", "surface", "tasks")
CALL_EVERYTHING = """
import torch
from rnnviz import bptt, clipping, flow, growth, surface, tasks

W_R, inputs, h0 = torch.eye(3), torch.ones(5, 2), torch.zeros(3)
states = bptt.run_rnn(torch.ones(3, 2), W_R, inputs, h0)
steps = bptt.step_jacobians(W_R, states)
bptt.jacobian_product(steps, 5, 0)
bptt.log_norms(steps), bptt.log_norms(steps, ord="fro"), bptt.lag_log_norms(steps)
bptt.gradient_terms(torch.ones(3, 2), W_R, torch.ones(1, 3), inputs, h0, torch.sum)
bptt.lyapunov_exponents(steps)
growth.compound(1.01, 5), growth.matrix_growth(W_R, 5)
surface.error_surface(inputs[0], inputs[0]), surface.fixed_points(5.0, -2.5)
surface.wall(inputs), surface.folds(inputs)
surface.descend(5.0, -2.0, learning_rate=0.1, updates=2, threshold=1.0)
clipping.clip_by_norm([W_R], 1.0), clipping.clip_by_value([W_R], 1.0)
clipping.suggest_threshold([1.0, 2.0])
W_R.grad = W_R.clone()
clipping.GradientNormMonitor([W_R], threshold=1.0).clip()
lstm = torch.nn.LSTM(2, 3)
flow.gradient_flow(lstm, inputs), flow.jacobian_flow(lstm, inputs)
flow.gradient_map(lstm, inputs), str(flow.report(lstm, inputs))
flow.FlowRecorder(lstm).record(inputs)
tasks.temporal_order(2, 20, generator=torch.Generator())
"""


def in_a_fresh_process(code):
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "code",
    ["import rnnviz", CALL_EVERYTHING],
    ids=["importing the package", "calling every number"],
)
def test_the_numbers_load_nothing_that_draws_or_is_slow_to_load(code):
    loaded = in_a_fresh_process(f"{code}\nimport sys\nprint(*sys.modules)")
    assert {f"rnnviz.{name}" for name in TOPICS} <= set(loaded)
    assert HEAVY.intersection(loaded) == set()


def test_what_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'pictures'"):
        _ = rnnviz.pictures
    assert {*TOPICS, "plots", "widgets"} <= set(dir(rnnviz))


def test_annotations_are_checked_in_tests():
    # This holds the import hook of conftest.py: without it the annotations could say anything.
    with pytest.raises(jaxtyping.TypeCheckError):
        rnnviz.growth.matrix_growth(torch.ones(3, 4), 2)


@pytest.mark.usefixtures("unchecked")
def test_but_not_where_a_test_asks_for_the_packages_own_errors():
    with pytest.raises(ValueError, match="must be square"):
        rnnviz.growth.matrix_growth(torch.ones(3, 4), 2)


def test_and_are_checked_again_after_it():
    test_annotations_are_checked_in_tests()


def imported(path):
    """Name every module that a source file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reaches(path, forbidden):
    return sorted(
        {name for name in imported(path) for f in forbidden if f"{name}.".startswith(f"{f}.")}
    )


def name_of(path):
    return str(path.relative_to(PACKAGE.parent))


def test_the_import_walker_sees_every_way_to_import(tmp_path):
    ways = [
        "import rnnviz.plots.style",
        "from rnnviz import plots",
        "from rnnviz.plots import bptt",
    ]
    for way in ways:
        path = tmp_path / "module.py"
        path.write_text(f"def late():\n    {way}\n")
        assert reaches(path, DRAWING), way
    path.write_text("import matplotlibish, rnnviz.plotsomething\nfrom rnnviz import bptt\n")
    assert not reaches(path, DRAWING)


@pytest.mark.parametrize("path", NUMBERS, ids=name_of)
def test_numbers_import_neither_plots_nor_widgets(path):
    assert reaches(path, DRAWING | CONTROLS) == []


@pytest.mark.parametrize("path", PLOTS, ids=name_of)
def test_plots_import_no_widgets(path):
    assert reaches(path, CONTROLS) == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 250, f"{name_of(path)} has {lines} lines"
