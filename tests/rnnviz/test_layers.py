import ast
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

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
flow.step_jacobian(lstm, inputs[0], None)
flow.gradient_map(lstm, inputs), str(flow.report(lstm, inputs))
flow.FlowRecorder(lstm).record(inputs)
tasks.temporal_order(2, 20, generator=torch.Generator())
"""


def in_a_fresh_process(code):
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
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


# Imports run one way: numbers ← plots ← widgets, and inside them from the general to the special.


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
    return path.relative_to(PACKAGE.parent).as_posix()


def module_of(path, package=PACKAGE):
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(package):
    """Return, of every module of a package, which of its modules it imports.

    ``from rnnviz import flow`` imports rnnviz.flow, and does not count as an import of the root.
    """
    paths = {module_of(path, package): path for path in package.rglob("*.py")}
    return {
        module: {name for name in imported(path) if name in paths} - {package.name, module}
        for module, path in paths.items()
    }


def rooms(graph):
    """Return the graph of the first names below the root: rnnviz.flow.cells stands in flow."""
    found = defaultdict(set)
    for module, names in graph.items():
        if "." in module:  # the root itself stands above all rooms
            room = module.split(".")[1]
            found[room] |= {name.split(".")[1] for name in names} - {room}
    return found


def circles(graph):
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


GRAPH = import_graph(PACKAGE)


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


@pytest.mark.parametrize("late", ["import p.b.two", "from p.b import two", "from p import b"])
def test_the_graph_sees_a_circle_between_files_and_between_rooms(tmp_path, late):
    sources = {
        "p/__init__.py": "from p import a, b",
        "p/a/__init__.py": "from p.a.one import f",
        "p/a/one.py": "",
        "p/b/__init__.py": "from p.b.two import g",
        "p/b/two.py": "from p.a import f",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    graph = import_graph(tmp_path / "p")
    assert graph["p.b.two"] == {"p.a"}
    assert not circles(graph)
    assert not circles(rooms(graph))
    # Another file of room a looks into room b: no circle of files yet, one of rooms.
    (tmp_path / "p/a/other.py").write_text(late)
    assert circles(rooms(import_graph(tmp_path / "p")))
    (tmp_path / "p/a/one.py").write_text(f"def f():\n    {late}")
    assert circles(import_graph(tmp_path / "p"))


def test_no_import_runs_in_a_circle_or_back_up():
    assert circles(GRAPH) == []
    assert circles(rooms(GRAPH)) == []


@pytest.mark.parametrize("path", NUMBERS, ids=name_of)
def test_numbers_import_neither_plots_nor_widgets(path):
    assert reaches(path, DRAWING | CONTROLS) == []


@pytest.mark.parametrize("path", PLOTS, ids=name_of)
def test_plots_import_no_widgets(path):
    assert reaches(path, CONTROLS) == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_layer_imports_what_is_declared_for_it_and_no_other_package(path):
    """The wheel's dependencies are torch, jaxtyping and matplotlib, which brings numpy and PIL."""
    allowed = {"rnnviz", "torch", "jaxtyping"}
    if path not in NUMBERS:
        allowed |= {"matplotlib", "numpy", "PIL"}
    if path.is_relative_to(PACKAGE / "widgets"):
        allowed |= {"ipywidgets"}
    named = {name.partition(".")[0] for name in imported(path)}
    assert named - set(sys.stdlib_module_names) <= allowed


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_can_be_read_in_one_sitting(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 250, f"{name_of(path)} has {lines} lines"


# A topic is a folder, and a name has one place.


def test_at_the_root_stand_public_modules_and_the_checks():
    private = [path.name for path in PACKAGE.iterdir() if path.name.startswith("_")]
    assert set(private) - {"__pycache__"} == {"__init__.py", "_checks.py"}


def test_what_one_topic_alone_uses_stands_in_its_room():
    for path in PACKAGE.glob("*.py"):
        if path.stem not in ("__init__", *TOPICS):
            users = [room for room, names in rooms(GRAPH).items() if path.stem in names]
            assert len(users) > 1, f"{path.name} is used by {users} alone"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*/__init__.py")), ids=name_of)
def test_a_topics_folder_says_what_is_where(path):
    text = importlib.import_module(module_of(path)).__doc__
    if path.parent.name not in ("plots", "widgets"):
        named = set(re.findall(r"``(\w+)``", text))
        assert {other.stem for other in path.parent.glob("[a-z]*.py")} <= named
    assert text.count("\n") <= 30


def test_no_two_modules_of_the_numbers_define_the_same_name():
    places = defaultdict(list)
    for path in NUMBERS:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                places[node.name].append(name_of(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


# Others import these from there.
PUBLIC = {
    "rnnviz": "bptt clipping flow growth plots surface tasks widgets __version__",
    "rnnviz.activations": "ACTIVATIONS Activation get_activation",
    "rnnviz.bptt": "gradient_terms jacobian_product lag_log_norms log_norms lyapunov_exponents "
    "run_rnn step_jacobians",
    "rnnviz.clipping": "GradientNormMonitor Threshold clip_by_norm clip_by_value suggest_threshold",
    "rnnviz.flow": "FlowRecorder GradientFlow JacobianFlow Report gradient_flow gradient_map "
    "jacobian_flow report set_gate_bias step_jacobian",
    "rnnviz.growth": "MatrixGrowth compound matrix_growth",
    "rnnviz.products": "chain_log_norms frobenius_table log_norm rescale spectral_table",
    "rnnviz.surface": "CUSP Descent ErrorSurface FixedPoints descend error_surface error_surfaces "
    "fixed_points folds wall",
    "rnnviz.tasks": "SHORTEST SYMBOLS temporal_order",
    "rnnviz.plots": "EXPLODES NEUTRAL OTHERS VANISHES array bptt clipping figure flow growth style "
    "surface tone unrolled use_style",
    "rnnviz.plots.bptt": "exponents lag_profile norm_table table_image term_shares",
    "rnnviz.plots.clipping": "histogram history learned monitor",
    "rnnviz.plots.flow": "norms report training_map weight_term",
    "rnnviz.plots.growth": "compound eigenvalues matrix_growth",
    "rnnviz.plots.surface": "basins bifurcation contour descent history landscape outcome "
    "return_map staircase wall",
    "rnnviz.plots.unrolled": "unrolled",
    "rnnviz.widgets": "Panel bptt clipping flow growth surface",
    "rnnviz.widgets.bptt": "product",
    "rnnviz.widgets.clipping": "threshold",
    "rnnviz.widgets.flow": "animation forget_bias",
    "rnnviz.widgets.growth": "compound random_matrix",
    "rnnviz.widgets.panel": "Canvas Panel choice log_slider slider",
    "rnnviz.widgets.surface": "descent fixed_points horizon window",
}
FOLDERS = {"rnnviz", "rnnviz.plots", "rnnviz.widgets"}  # these also offer modules


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in PUBLIC for name in PUBLIC[module].split()]
)
def test_every_public_name_is_where_it_was(module, name):
    found = getattr(importlib.import_module(module), name)
    # A file may be called like the function in it: then the name must give the function.
    is_module = isinstance(found, ModuleType)
    assert is_module == (module in FOLDERS and name in {*TOPICS, "plots", "unrolled", "widgets"})
