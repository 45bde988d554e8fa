"""The error surface with its gradient, beside what people would write and beside C."""

import ctypes
import shutil
import subprocess

import pytest
import torch
from torch.func import grad_and_value, vmap
from torch.testing import assert_close

from rnnviz.surface import descend, error_surface

# One thread for everyone: C has one, and torch's second one collapses on a busy machine.
torch.set_num_threads(1)

X0, STEPS, TARGET = 0.5, 50, 0.7
COMPILER = shutil.which("cc") or shutil.which("gcc")

# Forward mode like ours, 64 points at a time so that the compiler can vectorise the exponential.
C_SOURCE = """
#include <math.h>
void surface(long n, const double *w, const double *b, double *e, double *gw, double *gb) {
  for (long i = 0; i < n; i += 64) {
    double x[64], p[64], q[64];
    for (int k = 0; k < 64; k++) { x[k] = 0.5; p[k] = 0; q[k] = 0; }
    for (int t = 0; t < 50; t++)
      for (int k = 0; k < 64; k++) {
        double s = 1 / (1 + exp(-x[k])), slope = w[i + k] * s * (1 - s);
        p[k] = s + slope * p[k];
        q[k] = 1 + slope * q[k];
        x[k] = w[i + k] * s + b[i + k];
      }
    for (int k = 0; k < 64; k++) {
      double s = 1 / (1 + exp(-x[k])), f = 2 * (s - 0.7) * s * (1 - s);
      e[i + k] = (s - 0.7) * (s - 0.7);
      gw[i + k] = f * p[k];
      gb[i + k] = f * q[k];
    }
  }
}
"""


def error(w, b):
    x = torch.full_like(w, X0)
    for _ in range(STEPS):
        x = w * torch.sigmoid(x) + b
    return (torch.sigmoid(x) - TARGET) ** 2


def window(size):
    """Return the published window as vectors and as grids."""
    w = torch.linspace(4.6, 5.4, size, dtype=torch.float64)
    b = torch.linspace(-2.8, -2.0, size, dtype=torch.float64)
    return w, b, *(g.contiguous() for g in torch.meshgrid(w, b, indexing="ij"))


def ours(w, b, _grid_w, _grid_b):
    got = error_surface(w, b)
    return got.error, got.dw, got.db


def batched_backward(_w, _b, grid_w, grid_b):
    grid_w, grid_b = grid_w.clone().requires_grad_(), grid_b.clone().requires_grad_()
    errors = error(grid_w, grid_b)
    errors.sum().backward()
    return errors.detach(), grid_w.grad, grid_b.grad


def vmap_of_grad(_w, _b, grid_w, grid_b):
    gradient, errors = vmap(grad_and_value(error, argnums=(0, 1)))(
        grid_w.flatten(), grid_b.flatten()
    )
    return tuple(part.view_as(grid_w) for part in (errors, *gradient))


def autograd_a_point(_w, _b, grid_w, grid_b):
    parts = torch.empty(3, grid_w.numel(), dtype=torch.float64)
    for k, (w, b) in enumerate(zip(grid_w.flatten(), grid_b.flatten(), strict=True)):
        point = w.clone().requires_grad_(), b.clone().requires_grad_()
        value = error(*point)
        parts[:, k] = torch.stack([value.detach(), *torch.autograd.grad(value, point)])
    return tuple(part.view_as(grid_w) for part in parts)


@pytest.fixture(scope="module")
def c_loop(tmp_path_factory):
    if COMPILER is None:
        pytest.skip("no C compiler is there")
    folder = tmp_path_factory.mktemp("c")
    (folder / "surface.c").write_text(C_SOURCE)
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    command = [COMPILER, *flags, "surface.c", "-o", "surface.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    function = ctypes.CDLL(str(folder / "surface.so")).surface

    def run(_w, _b, grid_w, grid_b):
        out = [torch.empty_like(grid_w) for _ in range(3)]
        pointers = [ctypes.c_void_p(t.data_ptr()) for t in (grid_w, grid_b, *out)]
        function(ctypes.c_long(grid_w.numel()), *pointers)
        return tuple(out)

    return run


WAYS = {
    "ours": ours,
    "batched .backward()": batched_backward,
    "vmap(grad)": vmap_of_grad,
    "C, vectorised exp": None,
}
GOALS = {
    (256, "batched .backward()"): 1.5,
    (256, "vmap(grad)"): 2.5,
    (256, "C, vectorised exp"): round(1 / 2.2, 2),
    (512, "batched .backward()"): 1.8,
    (512, "vmap(grad)"): 3.0,
    (512, "C, vectorised exp"): round(1 / 2.5, 2),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [256, 512])
def test_surface_with_gradient(measure, request, size, way):
    function = WAYS[way] or request.getfixturevalue("c_loop")
    points = window(size)
    comparison = f"surface with gradient, {size}², T 50, float64"
    got = measure(
        comparison, way, lambda: function(*points), rounds=15, goal=GOALS.get((size, way))
    )
    assert_close(got, ours(*points), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("way", ["ours", "autograd a point"])
def test_surface_of_few_points(measure, way):
    function = {"ours": ours, "autograd a point": autograd_a_point}[way]
    points = window(16)
    comparison = "surface with gradient, 16², T 50, float64"
    got = measure(comparison, way, lambda: function(*points), rounds=3)
    assert_close(got, ours(*points), rtol=1e-7, atol=1e-9)


def descend_by_autograd(updates, rate):
    w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (4.9, -2.4))
    for _ in range(updates):
        slopes = torch.autograd.grad(error(w, b), (w, b))
        w, b = (
            (v - rate * g).detach().requires_grad_() for v, g in zip((w, b), slopes, strict=True)
        )
    return w.item(), b.item()


@pytest.mark.parametrize("way", ["ours", "a batch of one", "autograd"])
def test_descent_of_one_start(measure, way):
    """On Python's numbers; the batch of one is the same formulas on tensors."""
    start = torch.tensor([[4.9], [-2.4]], dtype=torch.float64)
    function = {
        "ours": lambda: descend(4.9, -2.4, learning_rate=1e-3, updates=100),
        "a batch of one": lambda: descend(*start, learning_rate=1e-3, updates=100),
        "autograd": lambda: descend_by_autograd(100, 1e-3),
    }[way]
    goal = 10 if way == "a batch of one" else None
    got = measure("descent of one start, 100 updates, T 50", way, function, rounds=5, goal=goal)
    w = got[0] if way == "autograd" else got.w[-1].item()
    assert w == pytest.approx(descend_by_autograd(100, 1e-3)[0], rel=1e-6)
