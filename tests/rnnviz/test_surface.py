"""The error surface, the wall in it and the descent on it."""

import math
import warnings
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from rnnviz.activations import get_activation
from rnnviz.surface import (
    CUSP,
    descend,
    descent,
    error_surface,
    error_surfaces,
    fixed_points,
    folds,
    wall,
)

F = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda x: x}
# The window of the published figure: Pascanu, Mikolov & Bengio 2013, Figure 6.
W = torch.linspace(4.6, 5.4, 41, dtype=torch.float64)
B = torch.linspace(-2.8, -2.0, 37, dtype=torch.float64)


def by_autograd(w, b, *, x0=0.5, steps=50, target=0.7, activation="sigmoid"):
    """E and its gradient for tensors w and b of one shape."""
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    x = torch.full_like(w, x0)
    for _ in range(steps):
        x = w * F[activation](x) + b
    error = (F[activation](x) - target) ** 2
    return error.detach(), *torch.autograd.grad(error.sum(), (w, b))


def grid(w, b):
    return torch.meshgrid(w, b, indexing="ij")


# The surface


def test_surface_agrees_with_autograd_on_the_published_window():
    got, (error, dw, db) = error_surface(W, B), by_autograd(*grid(W, B))
    assert_close(got.error, error, rtol=1e-10, atol=1e-14)
    assert_close(got.dw, dw, rtol=1e-10, atol=1e-14)
    assert_close(got.db, db, rtol=1e-10, atol=1e-14)
    assert (got.error.shape, got.w.shape, got.b.shape) == ((41, 37), (41,), (37,))


def test_surface_agrees_with_autograd_where_it_is_steepest():
    w = torch.tensor([5.0], dtype=torch.float64)
    b = wall(w) + torch.linspace(-2e-3, 2e-3, 2001, dtype=torch.float64)
    got, (_, dw, db) = error_surface(w, b), by_autograd(*grid(w, b))
    assert got.grad_norm.max() > 6000
    # A curvature of 1e7 makes 1e-9 out of float64's rounding where the error crosses zero.
    assert_close(got.dw, dw, rtol=1e-10, atol=1e-9)
    assert_close(got.db, db, rtol=1e-10, atol=1e-9)
    assert_close(got.grad_norm, (dw**2 + db**2).sqrt())


@pytest.mark.parametrize("activation", F)
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_any_activation_horizon_start_and_target(activation, steps, gaussian):
    w, b = gaussian(5, seed=1), gaussian(4, seed=2)
    setting = {"x0": -0.3, "steps": steps, "target": 0.2, "activation": activation}
    got = error_surface(w, b, **setting)
    if steps:
        assert_close((got.error, got.dw, got.db), by_autograd(*grid(w, b), **setting))
    else:
        start = F[activation](torch.tensor(-0.3, dtype=torch.float64))
        assert_close(got.error, ((start - 0.2) ** 2).expand(5, 4))
        assert not got.dw.any()
        assert not got.db.any()


def test_the_linear_network_in_closed_form():
    """Without bias x_T = x_0 w^T, so E = (x_0 w^T − target)²."""
    w = torch.tensor([0.5, 0.99, 1.01, 1.5], dtype=torch.float64)
    zero = torch.zeros(1, dtype=torch.float64)
    got = error_surface(w, zero, x0=0.5, steps=20, target=0.7, activation="identity")
    miss = 0.5 * w**20 - 0.7
    assert_close(got.error[:, 0], miss**2)
    assert_close(got.dw[:, 0], 2 * miss * 0.5 * 20 * w**19)


def test_more_points_than_one_block_are_the_same_points():
    w = torch.linspace(4, 6, 331, dtype=torch.float64)
    b = torch.linspace(-3, -2, 300, dtype=torch.float64)
    got = error_surface(w, b, steps=9)
    part = error_surface(w[200:203], b, steps=9)
    assert_close(got.dw[200:203], part.dw, rtol=0, atol=0)
    assert_close(got.error, by_autograd(*grid(w, b), steps=9)[0])


def test_one_pass_yields_every_horizon():
    surfaces = list(error_surfaces(W, B, steps=6))
    assert len(surfaces) == 7
    for steps, got in enumerate(surfaces):
        alone = error_surface(W, B, steps=steps)
        for name in ("w", "b", "error", "dw", "db"):
            assert_close(getattr(got, name), getattr(alone, name), rtol=1e-14, atol=1e-300)


def test_the_dtype_is_kept_and_nothing_is_on_a_graph():
    got = error_surface(W.float().requires_grad_(), B.float())
    for tensor in (got.w, got.b, got.error, got.dw, got.db):
        assert tensor.dtype == torch.float32
        assert not tensor.requires_grad


def test_error_range_of_the_published_figure():
    error = error_surface(W, B).error
    assert error.max().item() == pytest.approx(0.383, abs=2e-3)
    assert error.min() < 1e-4


# The wall


def test_wall_of_the_published_figure():
    w = torch.tensor([4.6, 5.0, 5.4], dtype=torch.float64)
    assert_close(wall(w), torch.tensor([-2.363, -2.612, -2.861]).double(), rtol=0, atol=5e-4)


def test_there_is_no_wall_where_the_start_is_not_on_an_unstable_point():
    edge = 1 / (
        torch.sigmoid(torch.tensor(0.5).double()) * torch.sigmoid(torch.tensor(-0.5).double())
    )
    assert edge.item() == pytest.approx(4.2553, abs=1e-4)
    w = torch.stack([edge - 1e-6, edge + 1e-6])
    assert wall(w).isnan().tolist() == [True, False]


@given(st.floats(4.3, 8), st.floats(0.3, 0.7))
def test_on_the_wall_the_state_stays_and_beside_it_parts(w, x0):
    w = torch.tensor([w], dtype=torch.float64)
    b = wall(w, x0=x0)
    if b.isnan():
        return
    points = fixed_points(w.item(), b.item())
    assert points.x.sub(x0).abs().min() < 1e-6
    if w * torch.sigmoid(torch.tensor(x0)) * torch.sigmoid(torch.tensor(-x0)) < 1.05:
        return  # too flat to part within the steps below
    one = torch.ones(1, dtype=torch.float64)
    sides = [
        error_surface(w, b + d * one, x0=x0, steps=2000, target=0.0).error for d in (-1e-6, 1e-6)
    ]
    ends = points.x[points.stable].sigmoid().square()
    assert_close(torch.cat(sides).flatten().sort().values, ends.sort().values, rtol=1e-4, atol=1e-4)


def test_folds_and_cusp():
    lower, upper = folds(torch.tensor([3.9, 4.0, 5.0], dtype=torch.float64))
    assert lower.isnan().tolist() == upper.isnan().tolist() == [True, False, False]
    assert (lower[1].item(), upper[1].item()) == pytest.approx((CUSP[1], CUSP[1]))
    assert lower[2].item() == pytest.approx(-2.65561, abs=1e-5)
    assert upper[2].item() == pytest.approx(-2.34439, abs=1e-5)
    assert lower[2] < wall(torch.tensor(5.0).double()) < upper[2]  # the wall is not a fold


@pytest.mark.parametrize(
    ("b", "count"), [(-2.66, 1), (-2.65, 3), (-2.5, 3), (-2.35, 3), (-2.34, 1)]
)
def test_three_fixed_points_between_the_folds_and_one_outside(b, count):
    points = fixed_points(5.0, b)
    assert len(points.x) == count
    assert (points.x.diff() > 0).all()
    assert points.stable.tolist() == [True, False, True][:count]


@pytest.mark.parametrize("w", [1e4, 1e8, 1e17])
def test_folds_and_fixed_points_of_a_huge_weight(w):
    """For large w the folds lie near ln w − w + 1 and −ln w − 1."""
    lower, upper = folds(torch.tensor(w, dtype=torch.float64))
    assert upper.item() == pytest.approx(-math.log(w) - 1, rel=1e-3)
    assert lower.item() == pytest.approx(-w + math.log(w) + 1, rel=1e-6)
    points = fixed_points(w, -w / 2)
    assert points.stable.tolist() == [True, False, True]
    assert points.x.tolist() == pytest.approx([-w / 2, 0, w / 2], abs=1e-6)


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_fixed_points_are_fixed_and_alternate(w, b):
    points = fixed_points(w, b)
    assert_close(w * torch.sigmoid(points.x) + b, points.x, rtol=1e-9, atol=1e-9)
    assert (points.x.diff() > 0).all()
    s = torch.sigmoid(points.x)
    assert_close(points.slope, w * s * (1 - s))
    assert points.stable.tolist() == (points.slope.abs() < 1).tolist()
    assert len(points.x) in (1, 2, 3)
    if len(points.x) == 3:
        assert points.stable.tolist() == [True, False, True]


def test_steepest_gradient_grows_with_the_slope_at_the_wall_to_the_power_of_the_horizon():
    w = torch.tensor([5.0], dtype=torch.float64)
    slope = 5 * 0.2350037122
    spread = torch.linspace(-2, 2, 4001, dtype=torch.float64)
    steepest = [
        error_surface(w, wall(w) + spread * slope**-steps, steps=steps).grad_norm.max().item()
        for steps in (30, 50, 70)
    ]
    for shorter, longer in pairwise(steepest):
        assert longer / shorter == pytest.approx(slope**20, rel=0.1)


# The descent


def test_descent_takes_the_steps_of_its_gradient():
    way = descend(5.0, -2.2, learning_rate=0.1, updates=5)
    error, dw, db = by_autograd(way.w, way.b)
    assert_close(way.error, error)
    assert_close(way.grad_norm, torch.hypot(dw, db))
    assert_close(way.w[1:], (way.w - 0.1 * dw)[:-1])
    assert_close(way.b[1:], (way.b - 0.1 * db)[:-1])
    assert (way.w[0].item(), way.b[0].item()) == (5.0, -2.2)
    assert len(way.w) == 6


def test_clipped_descent_keeps_the_direction_and_bounds_the_step():
    way = descend(4.9, -2.4, learning_rate=0.05, updates=400, threshold=0.2)
    _, dw, db = by_autograd(way.w, way.b)
    step = torch.stack([way.w.diff(), way.b.diff()])
    size = torch.hypot(*step)
    assert size.max() <= 0.05 * 0.2 * (1 + 1e-9)
    assert (way.grad_norm > 0.2).any()
    assert (way.grad_norm < 0.2).any()
    along = -torch.stack([dw, db])[:, :-1]
    assert_close((step * along).sum(0), size * torch.hypot(*along), rtol=1e-8, atol=1e-12)


# Starts that are robust: a nudge of 1e-6 leaves the update and the jump as they are.
ROBUST = [
    ((4.9, -2.4), 0.05, 18, 496, 24.8),
    ((4.75, -2.3), 0.1, 10, 128, 12.8),
    ((4.65, -2.3), 0.05, 11, 39, 1.97),
]


@pytest.mark.parametrize(("start", "rate", "update", "gradient", "jump"), ROBUST)
@pytest.mark.parametrize("nudge", [-1e-6, 0.0, 1e-6])
def test_plain_descent_is_flung_off_the_wall(start, rate, update, gradient, jump, nudge):
    way = descend(start[0] + nudge, start[1], learning_rate=rate, updates=30)
    assert way.flung == update
    assert way.grad_norm[update - 1].item() == pytest.approx(gradient, rel=0.02)
    step = torch.hypot(way.w.diff(), way.b.diff())[update - 1]
    assert step.item() == pytest.approx(jump, rel=0.02)


@pytest.mark.parametrize("start", [start for start, *_ in ROBUST])
def test_clipped_descent_arrives_from_the_same_starts(start):
    way = descend(*start, learning_rate=0.05, updates=2000, threshold=1.0)
    assert way.flung == 0
    assert way.error[-1] < 1e-3


def test_a_flung_start_ends_where_nothing_moves():
    way = descend(4.9, -2.4, learning_rate=0.05, updates=100)
    assert way.error[-1].item() == pytest.approx(0.09, abs=1e-6)  # (1 − 0.7)²: the unit saturates
    assert way.grad_norm[-1] < 1e-9


def test_a_batch_of_starts_goes_the_ways_of_each(gaussian):
    w, b = 5 + 0.1 * gaussian(2, 3, seed=0), -2.3 + 0.1 * gaussian(2, 3, seed=1)
    way = descend(w, b, learning_rate=0.01, updates=8, threshold=1.0)
    assert way.w.shape == (9, 2, 3)
    assert way.flung.shape == (2, 3)
    alone = descend(w[1, 2], b[1, 2], learning_rate=0.01, updates=8, threshold=1.0)
    for name in ("w", "b", "error", "grad_norm"):
        assert_close(getattr(way, name)[:, 1, 2], getattr(alone, name))


@given(
    st.sampled_from(["sigmoid", "tanh", "relu", "identity"]),
    st.floats(-1.5, 1.5),
    st.floats(-1.5, 1.5),
    st.none() | st.floats(0.1, 2.0),
)
def test_a_single_start_goes_the_way_of_a_batch_of_one(activation, w, b, threshold):
    """One is computed on Python's numbers, the other on tensors."""
    rule = {"learning_rate": 0.1, "updates": 4, "steps": 8, "threshold": threshold}
    alone = descend(w, b, activation=activation, **rule)
    start = torch.tensor([[w], [b]], dtype=torch.float64)
    batch = descend(*start, activation=activation, **rule)
    for name in ("w", "b", "error", "grad_norm", "flung"):
        assert_close(getattr(alone, name), getattr(batch, name)[..., 0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("a", [-math.inf, -800.0, -1.0, 0.0, 1.0, 800.0, math.inf, math.nan])
@pytest.mark.parametrize("name", descent.ON_NUMBERS)
def test_activations_on_numbers_are_those_on_tensors(name, a):
    function, slope = descent.ON_NUMBERS[name]
    f = get_activation(name)
    output = f.function(torch.tensor(a, dtype=torch.float64))
    assert function(a) == pytest.approx(output.item(), rel=1e-15, nan_ok=True)
    assert slope(function(a)) == pytest.approx(f.slope(output).item(), abs=1e-15, nan_ok=True)


def test_no_update_is_a_way_of_one_point():
    way = descend(5.0, -2.2, learning_rate=0.1, updates=0)
    assert len(way.error) == 1
    assert way.flung == 0


def test_a_lost_start_is_warned_of_and_the_others_go_on():
    w = torch.tensor([0.5, 3.0], dtype=torch.float64)
    setting = {"learning_rate": 0.01, "updates": 6, "activation": "identity", "steps": 60}
    with pytest.warns(RuntimeWarning, match=r"update \d: the parameters of 1 of 2 starts"):
        way = descend(w, torch.zeros(2).double(), **setting)
    assert way.w[-1].isnan().tolist() == [False, True]
    assert way.error[-1, 1].isnan()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_close(descend(w[0], torch.tensor(0.0).double(), **setting).w, way.w[:, 0])


def test_no_update_is_warned_of_that_was_not_asked_for():
    far = {"learning_rate": 1e200, "activation": "identity", "steps": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert descend(1.0, 0.0, updates=1, **far).w.isfinite().all()


def test_a_start_that_runs_to_infinity_is_lost_too():
    far = {"learning_rate": 1e200, "updates": 3, "activation": "identity", "steps": 1}
    with pytest.warns(RuntimeWarning, match="update 2: the parameters of 1 of 1 starts"):
        way = descend(1.0, 0.0, **far)
    assert way.w[1].isfinite()
    assert way.w[2:].isnan().all()
    assert way.error[2:].isnan().all()


# Bad input

GOOD = torch.tensor([1.0, 2.0], dtype=torch.float64)
NAN = torch.tensor([1.0, math.nan], dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: error_surface(NAN, GOOD), "w must be finite, got 1 NaN or inf of 2"),
        (lambda: error_surface(GOOD[None], GOOD), r"w must have one dimension, got shape \(1, 2\)"),
        (
            lambda: error_surface(GOOD, GOOD.float()),
            "one dtype, got w torch.float64, b torch.float32",
        ),
        (lambda: error_surface([1.0], GOOD), "w must be a torch.Tensor, got list"),
        (
            lambda: error_surface(GOOD, GOOD, steps=-1),
            "steps must be an integer of at least 0, got -1",
        ),
        (lambda: error_surface(GOOD, GOOD, steps=2.0), "steps must be an integer .* got 2.0"),
        (lambda: error_surface(GOOD, GOOD, x0=math.inf), "x0 must be a finite number, got inf"),
        (
            lambda: error_surface(GOOD, GOOD, target="0.7"),
            "target must be a finite number, got '0.7'",
        ),
        (
            lambda: error_surface(GOOD, GOOD, activation="swish"),
            "activation must be one of .* 'swish'",
        ),
        (lambda: next(error_surfaces(GOOD, NAN)), "b must be finite"),
        (
            lambda: descend(GOOD, GOOD[:1], learning_rate=1.0, updates=1),
            r"shape of w, \(2,\), got \(1,\)",
        ),
        (lambda: descend(1.0, math.nan, learning_rate=1.0, updates=1), "b must be finite"),
        (
            lambda: descend(1.0, 1.0, learning_rate=0, updates=1),
            "learning_rate must be greater than 0, got 0",
        ),
        (lambda: descend(1.0, 1.0, learning_rate=0.1, updates=-1), "updates must be .* got -1"),
        (
            lambda: descend(1.0, 1.0, learning_rate=0.1, updates=1, threshold=0.0),
            "threshold must be greater than 0, got 0.0",
        ),
        (lambda: fixed_points(math.nan, 0.0), "w must be a finite number, got nan"),
        (lambda: wall(GOOD, x0=math.nan), "x0 must be a finite number, got nan"),
        (lambda: folds(NAN), "w must be finite"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.filterwarnings("ignore:update 1")
def test_a_start_that_is_flung_to_infinity_is_flung():
    way = descend(1e8, 0.0, learning_rate=0.1, updates=2, activation="identity")
    assert way.w.isnan().any()
    assert way.flung == 1
