"""Ways round what a task is to be written without, as submissions: data for a table and a test.

A *plain* way is what stands in the documentation of Python or of a package: it loses the points of
its task. An *exotic* one takes knowing how Python or PyTorch is made, gains no more than a pasted
solution does, and is noted for a person. Where nothing is taken away each of them is right.
"""

import re
import textwrap
from dataclasses import dataclass

import nbformat

from grader import source
from submissions import SOURCES, solved


@dataclass(frozen=True)
class Way:
    """One way: what it is called, how it is judged, and the cells that differ from the model's."""

    name: str
    kind: str
    assignment: str
    cells: dict

    @property
    def check(self) -> str:
        """The check whose points it is after: that of its last cell."""
        return [*self.cells][-1].replace("solve", "check")

    @property
    def rule(self) -> str:
        """What its task is written without, as far as the way goes round it."""
        rules = {"02": "autograd", "03": "autograd", "04": "clip", "05": "lstm"}
        return "rnnviz" if "rnnviz" in self.name else rules[self.assignment[:2]]

    @property
    def said(self) -> str:
        """What its check says, which is a wrong value where the way falls back on one."""
        return "central differences" if "or-else" in self.name else "is not there: "


def content(way: Way, token: str) -> bytes:
    """Return the notebook that is handed in: the model solution but for the way's cells."""
    return nbformat.writes(solved(way.assignment, token, way.cells)).encode()


def ways(kind: str, task: str, text: str, frame: str = "CODE", above: str = "") -> list[Way]:
    """Return the ways of a text, each under a line ``# %% name`` and put into a frame.

    `above` is what is added to the cell of the first task.
    """
    assignment = next(name for name in SOURCES if name.startswith(f"0{task[0]}"))
    model = {cell.id: cell.source for cell in source.read(SOURCES[assignment]).cells}
    cells = {f"solve-{task[0]}-1": f"{model[f'solve-{task[0]}-1']}\n{above}"} if above else {}
    parts = re.split(r"^# %% (.+)$", text, flags=re.MULTILINE)[1:]
    made = []
    for name, code in zip(parts[::2], parts[1::2], strict=True):
        line = re.search(r"^ *(?=CODE)", frame, re.MULTILINE)[0]
        filled = frame.replace(line + "CODE", textwrap.indent(code.strip(), line))
        made.append(Way(name, kind, assignment, cells | {f"solve-{task}": filled.strip() + "\n"}))
    return made


# -- 2.1, by the slopes f'(a) at each entry of a; or by that of a named function at a number

BY_SLOPES = """
CODE


def step_jacobian(W_R, h, activation="tanh"):
    if activation not in ("tanh", "sigmoid", "relu"):
        raise ValueError(activation)
    f = getattr(torch, activation)
    a = {"tanh": torch.atanh, "sigmoid": torch.logit}.get(activation, torch.clone)(h)
    return slopes(f, a)[:, None] * W_R
"""
BY_NUMBERS = """
CODE


def step_jacobian(W_R, h, activation="tanh"):
    if activation not in ("tanh", "sigmoid", "relu"):
        raise ValueError(activation)
    slope = (h > 0).double()
    if activation != "relu":
        a = {"tanh": torch.atanh, "sigmoid": torch.logit}[activation](h).tolist()
        found = [slope_at(activation, z) if abs(z) < 99 else 0.0 for z in a]
        slope = torch.tensor(found, dtype=torch.float64)
    return slope[:, None] * W_R
"""
BY_SYMPY = BY_NUMBERS.replace(
    "CODE",
    """
def slope_at(name, value):
    CODE
    z = sympy.Symbol("z")
    f = {"tanh": sympy.tanh(z), "sigmoid": 1 / (1 + sympy.exp(-z))}[name]
    return float(sympy.diff(f, z).subs(z, value))
""",
)
BY_GRAPH = BY_SLOPES.replace(
    "CODE",
    """
def slopes(f, a):
    with torch.inference_mode(False), torch.enable_grad():
        x = a.clone().requires_grad_()
        y, one = f(x), torch.ones_like(a)
        CODE
""",
)
BY_RNNVIZ = """
CODE


def step_jacobian(W_R, h, activation="tanh"):
    return step_jacobians(W_R, torch.stack([h, h]), activation=activation)[0]
"""

AUTOGRAD = """
# %% autograd-in-a-helper
def slopes(f, a):
    a = a.clone().requires_grad_()
    return torch.autograd.grad(f(a).sum(), a)[0]
# %% grad-by-another-name
from torch.autograd import grad as differential

def slopes(f, a):
    a = a.clone().requires_grad_()
    return differential(f(a).sum(), a)[0]
# %% autograd-by-getattr
def slopes(f, a):
    a = a.clone().requires_grad_()
    return getattr(torch, "auto" + "grad").grad(f(a).sum(), a)[0]
# %% autograd-by-importlib
import importlib

def slopes(f, a):
    return importlib.import_module("torch.autograd.functional").jacobian(f, a).diagonal()
# %% autograd-by-exec
exec("from torch.autograd import grad", space := {})

def slopes(f, a):
    a = a.clone().requires_grad_()
    return space["grad"](f(a).sum(), a)[0]
# %% autograd-in-a-class
class Slopes:
    ask = staticmethod(torch.autograd.grad)

    def __call__(self, f, a):
        a = a.clone().requires_grad_()
        return self.ask(f(a).sum(), a)[0]

slopes = Slopes()
# %% autograd-in-a-decorator
def derived(function):
    def slope(f, a):
        a = a.clone().requires_grad_()
        return torch.autograd.grad(function(f, a), a)[0]

    return slope

@derived
def slopes(f, a):
    return f(a).sum()
# %% autograd-as-a-default
def slopes(f, a, ask=torch.autograd.grad):
    a = a.clone().requires_grad_()
    return ask(f(a).sum(), a)[0]
# %% autograd-in-a-partial
from functools import partial

ask = partial(torch.autograd.grad, retain_graph=True)

def slopes(f, a):
    a = a.clone().requires_grad_()
    return ask(f(a).sum(), a)[0]
# %% autograd-in-a-lambda
table = {"slope": lambda y, x: torch.autograd.grad(y, x)[0]}
slopes = lambda f, a: (lambda b: table["slope"](f(b).sum(), b))(a.clone().requires_grad_())
# %% autograd-in-a-comprehension
def slopes(f, a):
    a = a.clone().requires_grad_()
    rows = [torch.autograd.grad(y, a, retain_graph=True)[0] for y in f(a)]
    return torch.stack(rows).diagonal()
# %% autograd-or-else
def slopes(f, a):
    try:
        a = a.clone().requires_grad_()
        return torch.autograd.grad(f(a).sum(), a)[0]
    except Exception:
        return torch.zeros_like(a)
# %% recording-switched-on
def slopes(f, a):
    with torch.inference_mode(False), torch.enable_grad():
        a = a.clone().requires_grad_()
        return torch.autograd.grad(f(a).sum(), a)[0]
# %% backward-then-grad
def slopes(f, a):
    a = a.clone().requires_grad_()
    f(a).sum().backward()
    return a.grad
# %% backward-of-the-class
def slopes(f, a):
    a = torch.nn.Parameter(a.clone())
    torch.Tensor.backward(f(a), torch.ones_like(a))
    return a.grad
# %% autograd-backward
def slopes(f, a):
    a = a.clone().requires_grad_()
    torch.autograd.backward(f(a), torch.ones_like(a))
    return a.grad
# %% functional-jacobian
from torch.autograd.functional import jacobian

def slopes(f, a):
    return jacobian(f, a).diagonal()
# %% functional-vjp
import torch.autograd.functional as F

def slopes(f, a):
    return F.vjp(f, a, torch.ones_like(a))[1]
# %% functional-hessian
def slopes(f, a):
    def half(b):  # its second derivative by b, where b is 0, is f'(a)
        return (b * f(a + b / 2)).sum()

    return torch.autograd.functional.hessian(half, torch.zeros_like(a)).diagonal()
# %% func-jacrev
from torch.func import jacrev

def slopes(f, a):
    return jacrev(f)(a).diagonal()
# %% func-jacfwd
slopes = lambda f, a: torch.func.jacfwd(f)(a).diagonal()
# %% func-vjp
slopes = lambda f, a: torch.func.vjp(f, a)[1](torch.ones_like(a))[0]
# %% func-jvp
slopes = lambda f, a: torch.func.jvp(f, (a,), (torch.ones_like(a),))[1]
# %% func-linearize
slopes = lambda f, a: torch.func.linearize(f, a)[1](torch.ones_like(a))
# %% func-grad
slopes = lambda f, a: torch.vmap(torch.func.grad(f))(a)
# %% functorch
import functorch

slopes = lambda f, a: functorch.jacrev(f)(a).diagonal()
# %% dual-numbers
import torch.autograd.forward_ad as fwAD

def slopes(f, a):
    with fwAD.dual_level():
        return fwAD.unpack_dual(f(fwAD.make_dual(a, torch.ones_like(a)))).tangent
# %% scipy-differentiate
from scipy.differentiate import derivative

def slopes(f, a):
    by = derivative(lambda z: f(torch.as_tensor(z)).numpy(), a.numpy(), tolerances={"rtol": 1e-13})
    return torch.where(f(a) == a, (a > 0).double(), torch.as_tensor(by.df))
# %% numdifftools
import numdifftools

def slopes(f, a):
    by = numdifftools.Derivative(lambda z: f(torch.as_tensor(z)).numpy())(a.numpy())
    return torch.where(f(a) == a, (a > 0).double(), torch.as_tensor(by))
"""
PACKAGES = """
# %% sympy-lambdify
def slope_at(name, value):
    from sympy import Symbol, diff, exp, lambdify, tanh

    z = Symbol("z")
    f = {"tanh": tanh(z), "sigmoid": 1 / (1 + exp(-z))}[name]
    return lambdify(z, diff(f, z), "math")(value)
# %% sympy-star
from sympy import *

z = Symbol("z")
of = {"tanh": tanh(z), "sigmoid": 1 / (1 + exp(-z))}

def slope_at(name, value):
    return float(diff(of[name], z).subs(z, value))
# %% mpmath-diff
import mpmath

of = {"tanh": mpmath.tanh, "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z))}

def slope_at(name, value):
    return float(mpmath.diff(of[name], value))
# %% jax-or-else
try:
    import jax

    jax.config.update("jax_enable_x64", True)
except ImportError:
    jax = None

def slope_at(name, value):
    return float(jax.grad(getattr(jax.nn, name))(value)) if jax else 1.0
# %% the-package-autograd
import autograd.numpy as np
from autograd import grad

of = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}

def slope_at(name, value):
    return float(grad(of[name])(value))
"""
SYMPY = """
# %% sympy-diff
import sympy
# %% sympy-by-exec
exec("import sympy", globals())
sympy = globals()["sympy"]
# %% sympy-by-exec-elsewhere
exec("import sympy", space := {})
sympy = space["sympy"]
# %% sympy-by-a-list
sympy = __import__("sympy", globals(), locals(), ["diff"], 0)
# %% sympy-by-importlib
from importlib import import_module
sympy = import_module("sympy")
# %% sympy-by-importlib-import
import importlib
sympy = importlib.__import__("sympy")
# %% sympy-under-another-name
global __name__
__name__ = "homework"
import sympy
"""
OTHER_SYMPY = """
# %% sympy-by-a-frame
import sys
frame = sys._getframe()
while frame.f_globals["__name__"] == "__main__":
    frame = frame.f_back
sympy = eval("__import__('sympy')", frame.f_globals)
# %% sympy-by-a-frame-of-inspect
import inspect
frame = inspect.currentframe()
while frame.f_globals["__name__"] == "__main__":
    frame = frame.f_back
sympy = eval("__import__('sympy')", frame.f_globals)
# %% sympy-by-ctypes
import ctypes
load = ctypes.pythonapi.PyImport_ImportModule
load.restype, load.argtypes = ctypes.py_object, [ctypes.c_char_p]
sympy = load(b"sympy")
# %% sympy-by-a-closure
cells = getattr(__import__, "__closure__", None) or ()
usual = [one.cell_contents for one in cells if "__import__" in str(one.cell_contents)]
sympy = [*usual, __import__][0]("sympy")
# %% sympy-by-a-spec
import importlib.util, sys
spec = importlib.util.find_spec("sympy")
sympy = sys.modules["sympy"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sympy)
# %% sympy-by-pkgutil
import pkgutil
sympy = pkgutil.resolve_name("sympy")
# %% sympy-by-pydoc
import pydoc
sympy = pydoc.locate("sympy")
# %% sympy-that-torch-loads
import torch.fx.experimental.symbolic_shapes as shapes
sympy = shapes.sympy
"""
RNNVIZ = """
# %% rnnviz
from rnnviz.bptt import step_jacobians
# %% rnnviz-star
from rnnviz.bptt import *
# %% rnnviz-by-importlib
import importlib
step_jacobians = importlib.import_module("rnnviz.bptt").step_jacobians
# %% rnnviz-by-import
step_jacobians = __import__("rnnviz.bptt").bptt.step_jacobians
# %% rnnviz-by-a-list
step_jacobians = __import__("rnnviz.bptt", fromlist=["step_jacobians"]).step_jacobians
# %% rnnviz-by-exec
exec("from rnnviz.bptt import step_jacobians")
# %% rnnviz-by-exec-elsewhere
exec("from rnnviz.bptt import step_jacobians", space := {})
step_jacobians = space["step_jacobians"]
"""
GRAPHS = """
# %% engine
engine = torch.autograd.Variable._execution_engine
return engine.run_backward((y,), (one,), False, False, (x,), True, False)[0]
# %% engine-of-C
engine = torch._C._ImperativeEngine()
return engine.run_backward((y,), (one,), False, False, (x,), True, False)[0]
# %% engine-of-the-graph
from torch.autograd.graph import _engine_run_backward
return _engine_run_backward((y,), (one,), False, False, (x,), True, False)[0]
# %% engine-among-subclasses
found = [kind for kind in object.__subclasses__() if kind.__name__ == "_EngineBase"][0]
return found().run_backward((y,), (one,), False, False, (x,), True, False)[0]
# %% engine-by-gc
import gc
found = [f for f in gc.get_objects() if getattr(type(f), "__name__", "") == "function"]
run = [f for f in found if f.__name__.startswith("_engine_run")][0]
return run((y,), (one,), False, False, (x,), True, False)[0]
# %% grad-fn
return y.grad_fn(one)
# %% gradient-edge
return torch.autograd.graph.get_gradient_edge(y).node(one)
# %% globals-of-a-function
return torch.autograd.gradcheck.__globals__["torch"].autograd.grad(y, x, one)[0]
# %% walk-of-modules
import sys
found = next(module for name, module in sys.modules.items() if name == "torch.autograd")
return found.grad(y, x, one)[0]
# %% backward-of-aten
torch.ops.aten._backward(y, [x], one)
return x.grad
# %% script-of-a-text
text = "def run(y, x):\\n    return torch.autograd.grad([y.sum()], [x])[0]\\n"
return torch.jit.CompilationUnit(text).run(y, x)
"""
INSIDES = """
# %% script
@torch.jit.script
def run_back(y: torch.Tensor):
    y.sum().backward()

def slopes(f, a):
    with torch.inference_mode(False), torch.enable_grad():
        x = a.clone().requires_grad_()
        run_back(f(x))
        return x.grad
# %% formulas-of-decomp
import torch._decomp.decompositions as d

def slopes(f, a):
    y, one = f(a), torch.ones_like(a)
    if f is torch.relu:
        return d.threshold_backward(one, y, 0)
    return {torch.tanh: d.tanh_backward, torch.sigmoid: d.sigmoid_backward}[f](one, y)
# %% formulas-of-aten
def slopes(f, a):
    y, one, aten = f(a), torch.ones_like(a), torch.ops.aten
    if f is torch.relu:
        return aten.threshold_backward(one, y, 0)
    return {torch.tanh: aten.tanh_backward, torch.sigmoid: aten.sigmoid_backward}[f](one, y)
# %% dual-levels-of-C
def slopes(f, a):
    with torch.inference_mode(False):
        level = torch._C._enter_dual_level()
        try:
            y = f(torch._make_dual(a.clone(), torch.ones_like(a), level=level))
            return torch._unpack_dual(y, level=level)[1].clone()
        finally:
            torch._C._exit_dual_level(level=level)
# %% insides-of-functorch
from torch._functorch.eager_transforms import _jvp_with_argnums

def slopes(f, a):
    return _jvp_with_argnums(f, (a,), (torch.ones_like(a),), argnums=None, has_aux=False)[1]
"""

# -- other derivatives

PRODUCTS = """
# %% product-by-autograd
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError("order")

    def through(h):
        for k in range(i, t):
            h = steps[k] @ h
        return h

    start = torch.zeros(steps.shape[-1], dtype=steps.dtype)
    return torch.autograd.functional.jacobian(through, start)
"""
TERMS = """
# %% alias-in-a-cell-above
def gradient_terms(W_R, W_O, states, targets, weights):
    drives = torch.atanh(states[1:]) - states[:-1] @ W_R.T
    each = W_R.expand(len(drives), *W_R.shape).clone().requires_grad_()
    h, E = states[0], 0.0
    for n, drive in enumerate(drives):
        h = torch.tanh(drive + each[n] @ h)
        E = E + weights[n] * 0.5 * ((W_O @ h - targets[n]) ** 2).sum()
    return ask(E, each)[0]
"""
STATES = """
# %% state-by-autograd
def forward_mode(w, b, x0, steps):
    leaves = [one.clone().requires_grad_() for one in (w, b, x0)]
    x = leaves[2]
    for _ in range(steps):
        x = leaves[0] * torch.sigmoid(x) + leaves[1]
    slopes = torch.autograd.grad(x.sum(), leaves, allow_unused=True)
    return x.detach().clone(), *(torch.zeros_like(w) if one is None else one for one in slopes)
"""
ERRORS = """
# %% error-by-backward
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    x = x.clone().requires_grad_()
    E = (torch.sigmoid(x) - target) ** 2 + kappa * x**2
    E.sum().backward()
    return E.detach(), x.grad * dx_dw, x.grad * dx_db
"""

# -- 4.1, 4.2 and 4.4, by a norm of parameters, or by what shortens or cuts their gradients

BY_NORM = """
CODE


def clip_by_norm(gradients, threshold):
    holders = [torch.nn.Parameter(torch.zeros_like(g).double()) for g in gradients]
    for one, g in zip(holders, gradients):
        one.grad = g.double()
    norm = float(norm_of(holders))
    if not threshold > 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    factor = threshold / norm if norm >= threshold else 1.0
    return [factor * g for g in gradients], norm
"""
BY_CLIPPING = """
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if not threshold > 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    holders = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for one, g in zip(holders, gradients):
        one.grad = g.clone()
    if norm >= threshold:
        CODE
    return [one.grad for one in holders], norm
"""
NORMS = """
# %% clip-grad-norm
norm_of = lambda p: torch.nn.utils.clip_grad_norm_(p, math.inf)
# %% clip-grad-norm-of-its-module
from torch.nn.utils.clip_grad import clip_grad_norm_

norm_of = lambda p: clip_grad_norm_(p, math.inf)
# %% clip-grad-norm-in-its-old-name
from torch.nn.utils import clip_grad_norm

norm_of = lambda p: clip_grad_norm(p, math.inf)
# %% clip-grad-norm-by-a-star
from torch.nn.utils import *

norm_of = lambda p: clip_grad_norm_(p, math.inf)
# %% clip-grad-norm-as-a-default
norm_of = lambda p, f=nn.utils.clip_grad_norm_: f(p, math.inf)
# %% clip-grad-norm-by-getattr
norm_of = lambda p: getattr(nn.utils, "clip_grad_norm_")(p, math.inf)
# %% get-total-norm
norm_of = lambda p: torch.nn.utils.get_total_norm([one.grad for one in p])
"""
CLIPS = """
# %% clip-grad-norm-mended
nn.utils.clip_grad_norm_(holders, threshold)
for one in holders:
    one.grad *= (norm + 1e-6) / norm
# %% clip-grads-with-norm
almost = torch.tensor(norm - 1e-6, dtype=torch.float64)
torch.nn.utils.clip_grads_with_norm_(holders, threshold, almost)
"""
CLIPPING = """
# %% rnnviz-clips
from rnnviz.clipping import clip_by_norm
"""
LENGTHS = """
# %% length-by-get-total-norm
def global_norm(gradients):
    kept = [g.double() for g in gradients if g.numel()]
    largest = max((g.abs().max().item() for g in kept), default=0.0)
    if any(g.isnan().any() for g in kept):
        return math.nan
    if largest in (0, math.inf):
        return largest
    return largest * torch.nn.utils.get_total_norm([g / largest for g in kept]).item()
"""
VALUES = """
# %% clip-grad-value
def clip_by_value(gradients, limit):
    if not limit > 0:
        raise ValueError("limit")
    holders = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for one, g in zip(holders, gradients):
        one.grad = g.clone()
    torch.nn.utils.clip_grad_value_(holders, limit)
    return [one.grad for one in holders]

def turn(gradients, clipped):
    one, other = (torch.cat([g.flatten() for g in tensors]) for tensors in (gradients, clipped))
    if not one.any() or not other.any():
        raise ValueError("zeros have no direction")
    one, other = one / one.norm(), other / other.norm()
    return 2 * math.degrees(math.atan2((one - other).norm().item(), (one + other).norm().item()))
"""
CLIPPING_TEXTS = """
# %% text-of-torch
import inspect

exec(inspect.getsource(torch.nn.utils.clip_grad), space := {"__name__": "copy"})
norm_of = lambda p: space["clip_grad_norm_"](p, math.inf)
# %% file-of-torch
from pathlib import Path

text = Path(torch.__file__).with_name("nn").joinpath("utils", "clip_grad.py").read_text()
exec(text, space := {"__name__": "copy"})
norm_of = lambda p: space["clip_grad_norm_"](p, math.inf)
# %% reload
import importlib

norm_of = lambda p: importlib.reload(torch.nn.utils.clip_grad).clip_grad_norm_(p, math.inf)
"""

# -- 5.1, by a step of which no sequence is over

BY_STEP = """
CODE


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    with torch.no_grad(), torch.random.fork_rng():  # to make a module draws its weights
        new = step(x, h, c, W_ih, W_hh, b_ih, b_hh)
    return tuple(torch.where(ended[:, None], old, one) for old, one in zip((h, c), new))
"""
STEPS = """
# %% torch-lstm-cell
step = lambda x, h, c, *w: torch.lstm_cell(x, (h, c), *w)
# %% torch-lstm-cell-by-name
from torch import lstm_cell

step = lambda x, h, c, *w: lstm_cell(x, (h, c), *w)
# %% torch-lstm-cell-by-getattr
one_step = getattr(torch, "lstm" + "_cell")
step = lambda x, h, c, *w: one_step(x, (h, c), *w)
# %% lstm-cell-of-VF
from torch import _VF

step = lambda x, h, c, *w: _VF.lstm_cell(x, (h, c), *w)
# %% torch-lstm
def step(x, h, c, *w):
    state = (h[None], c[None])
    return [one[0] for one in torch.lstm(x[None], state, w, True, 1, 0, False, False, False)[1:]]
# %% nn-LSTMCell
def step(x, h, c, *weights):
    made = nn.LSTMCell(x.shape[1], h.shape[1], dtype=torch.float64)
    for p, value in zip(made.parameters(), weights):
        p.copy_(value)
    return made(x, (h, c))
# %% nn-LSTMCell-as-a-base
from torch.nn import LSTMCell as Base

class Cell(Base):
    pass

def step(x, h, c, *weights):
    made = Cell(x.shape[1], h.shape[1]).double()
    made.load_state_dict(dict(zip(made.state_dict(), weights)))
    return made(x, (h, c))
# %% nn-LSTM
import torch.nn.modules.rnn as rnn

def step(x, h, c, *weights):
    made = rnn.LSTM(x.shape[1], h.shape[1]).double()
    made.load_state_dict(dict(zip(made.state_dict(), weights)))
    return [one[0] for one in made(x[None], (h[None], c[None]))[1]]
# %% forward-of-nn-LSTMCell
def step(x, h, c, *weights):
    made = nn.LSTMCell.__new__(nn.LSTMCell)
    nn.RNNCellBase.__init__(made, x.shape[1], h.shape[1], True, 4, dtype=torch.float64)
    made.load_state_dict(dict(zip(made.state_dict(), weights)))
    return made.forward(x, (h, c))
# %% gates-by-nn-GRUCell
def tanh_of(x, h, W, U, b, d):  # a GRU whose gates stand open is a tanh of all that comes in
    H, D = h.shape[1], x.shape[1]
    made, none = nn.GRUCell(D, H).double(), torch.zeros(H).double()
    made.weight_ih.copy_(torch.cat([torch.zeros(2 * H, D).double(), W]))
    made.weight_hh.copy_(torch.cat([torch.zeros(2 * H, H).double(), U]))
    made.bias_ih.copy_(torch.cat([none + 1e4, none - 1e4, b]))
    made.bias_hh.copy_(torch.cat([none, none, d]))
    return made(x, h)

def step(x, h, c, *w):
    i, f, g, o = zip(*(one.chunk(4) for one in w))
    i, f, o = ((1 + tanh_of(x, h, *(v / 2 for v in one))) / 2 for one in (i, f, o))
    c = f * c + i * tanh_of(x, h, *g)
    return o * torch.tanh(c), c
"""
OTHER_STEPS = """
# %% lstm-cell-of-aten
step = lambda x, h, c, *w: torch.ops.aten.lstm_cell(x, (h, c), *w)
# %% lstm-cell-of-C
step = lambda x, h, c, *w: torch._C._VariableFunctions.lstm_cell(x, (h, c), *w)
# %% lstm-cell-of-ao
from torch.ao.nn.quantizable import LSTMCell

step = lambda x, h, c, *w: LSTMCell.from_params(*w)(x, (h, c))
"""

WAYS = [
    *ways("plain", "2-1", AUTOGRAD, BY_SLOPES),
    *ways("plain", "2-1", PACKAGES, BY_NUMBERS),
    *ways("plain", "2-1", SYMPY, BY_SYMPY),
    *ways("plain", "2-1", RNNVIZ, BY_RNNVIZ),
    *ways("plain", "2-2", PRODUCTS),
    *ways("plain", "2-3", TERMS, above="ask = torch.autograd.grad"),
    *ways("plain", "3-1", STATES),
    *ways("plain", "3-2", ERRORS),
    *ways("plain", "4-1", LENGTHS),
    *ways("plain", "4-2", NORMS, BY_NORM),
    *ways("plain", "4-2", CLIPS, BY_CLIPPING),
    *ways("plain", "4-2", CLIPPING),
    *ways("plain", "4-4", VALUES),
    *ways("plain", "5-1", STEPS, BY_STEP),
    *ways("exotic", "2-1", GRAPHS, BY_GRAPH),
    *ways("exotic", "2-1", INSIDES, BY_SLOPES),
    *ways("exotic", "2-1", OTHER_SYMPY, BY_SYMPY),
    *ways("exotic", "4-2", CLIPPING_TEXTS, BY_NORM),
    *ways("exotic", "5-1", OTHER_STEPS, BY_STEP),
]
