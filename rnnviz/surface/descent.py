"""Plain and norm-clipped gradient descent on the error surface of the one-unit network."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnviz._checks import check_count, check_number, shape_of
from rnnviz.activations import Activation
from rnnviz.surface.one_unit import check_network, error_of, last_state

# A step longer than this leaves the picture: the start was flung.
FLUNG = 1.0


def _sigmoid(a: float) -> float:
    """Return σ(a), of which no exponential overflows."""
    small = math.exp(-abs(a))
    return 1 / (1 + small) if a >= 0 else small / (1 + small)


# The activations on a Python number, and their slopes by their outputs.
ON_NUMBERS = {
    "tanh": (math.tanh, lambda h: 1 - h * h),
    "sigmoid": (_sigmoid, lambda h: h * (1 - h)),
    "relu": (lambda a: 0.0 if a <= 0 else a, lambda h: float(h > 0)),
    "identity": (lambda a: a, lambda h: 1.0),
}


class Rule(NamedTuple):
    """How a descent goes."""

    f: Activation
    x0: float
    steps: int
    target: float
    learning_rate: float
    updates: int
    threshold: float | None


@dataclass(frozen=True)
class Descent:
    """The way of gradient descent from one start, or from each of a batch of starts.

    Attributes
    ----------
    w, b : Tensor, shape (updates+1, ...)
        The parameters: entry 0 is the start, entry k is after k updates.
    error : Tensor, shape (updates+1, ...)
        E at those parameters.
    grad_norm : Tensor, shape (updates+1, ...)
        Length of the gradient there, before clipping.
    flung : Tensor of int, shape (...)
        The first update that moved the parameters by more than 1 (counted from 1), or 0.
    """

    w: Float[Tensor, "updates_plus_1 *batch"]
    b: Float[Tensor, "updates_plus_1 *batch"]
    error: Float[Tensor, "updates_plus_1 *batch"]
    grad_norm: Float[Tensor, "updates_plus_1 *batch"]
    flung: Int[Tensor, "*batch"]


def descend(
    w: float | Float[Tensor, "*batch"],
    b: float | Float[Tensor, "*batch"],
    *,
    learning_rate: float,
    updates: int,
    threshold: float | None = None,
    x0: float = 0.5,
    steps: int = 50,
    target: float = 0.7,
    activation: str = "sigmoid",
) -> Descent:
    """Follow plain or norm-clipped gradient descent from one start, or from many at once.

    Parameters
    ----------
    w, b : float or Tensor, shape (...)
        The start, or a batch of starts of one shape; numbers are taken as float64.
    learning_rate : float
        Above 0.
    updates : int
        How many.
    threshold : float, optional
        Clip the gradient to this length where it is at least as long (Pascanu et al. 2013,
        Algorithm 1). Without it, plain descent.
    x0, steps, target, activation
        As in :func:`rnnviz.surface.error_surface`.

    Returns
    -------
    Descent

    Warns
    -----
    RuntimeWarning
        If the parameters or the gradient stop being finite; it names the update, and from there on
        the start's entries are NaN.

    Raises
    ------
    ValueError
        If the starts do not have one shape and dtype or are not finite, or a number is out of
        its range.
    """
    w, b = (v if isinstance(v, Tensor) else torch.tensor(v, dtype=torch.float64) for v in (w, b))
    f = check_network(w, b, x0, steps, target, activation)
    if w.shape != b.shape:
        raise ValueError(f"b must have the shape of w, {shape_of(w)}, got {shape_of(b)}")
    check_count("updates", updates)
    check_number("learning_rate", learning_rate, above=0)
    if threshold is not None:
        check_number("threshold", threshold, above=0)
    rule = Rule(f, x0, steps, target, learning_rate, updates, threshold)
    if w.ndim == 0 and w.dtype == torch.float64:
        path = torch.tensor([*_way_of_one(w.item(), b.item(), rule)], dtype=w.dtype)
    else:
        here = torch.stack([w.detach(), b.detach()])
        path = torch.stack([torch.stack(point) for point in _ways_of_many(here, rule)])
    w, b, error, norm = path.unbind(1)
    far = ~(torch.hypot(w.diff(dim=0), b.diff(dim=0)) <= FLUNG)  # NaN is far, too
    number = torch.arange(1, updates + 1).reshape(-1, *[1] * w[0].ndim)
    first = torch.where(far, number, updates + 1).amin(0) if updates else far.sum(0)
    return Descent(w, b, error, norm, torch.where(first <= updates, first, 0))


def _ways_of_many(here: Tensor, rule: Rule) -> Iterator[tuple[Tensor, ...]]:
    """Yield w, b, E and ‖∇E‖ after each update, of all starts at once."""
    f, x0, steps, target, learning_rate, updates, threshold = rule
    for update in range(updates + 1):
        error, *slopes = error_of(*last_state(here[0], here[1], x0, steps, f), target, f)
        gradient = torch.stack(slopes)
        norm = torch.hypot(*gradient)
        yield *here, error, norm
        if threshold is not None:
            gradient = torch.where(norm >= threshold, threshold / norm * gradient, gradient)
        if update < updates:
            here = _finite_or_lost(here, here - learning_rate * gradient, update + 1)


def _way_of_one(w: float, b: float, rule: Rule) -> Iterator[tuple[float, ...]]:
    """Yield the same of one start, by the same formulas on Python's own numbers.

    On a single number nearly all the time of a tensor's operation is its call.
    """
    f, x0, steps, target, learning_rate, updates, threshold = rule
    function, slope = ON_NUMBERS[f.name]
    for update in range(updates + 1):
        x, dw, db = float(x0), 0.0, 0.0
        for _ in range(steps):
            output = function(x)
            factor = w * slope(output)
            dw = output + factor * dw  # ∂x_t/∂w = f + w f′ ∂x_{t−1}/∂w
            db = 1 + factor * db  # ∂x_t/∂b = 1 + w f′ ∂x_{t−1}/∂b
            x = b + w * output  # x_t = b + w f(x_{t−1})
        output = function(x)
        miss = output - target
        factor = 2 * miss * slope(output)  # ∂E/∂x_T = 2 (f(x_T) − target) f′(x_T)
        dw, db = factor * dw, factor * db
        norm = math.hypot(dw, db)
        yield w, b, miss * miss, norm
        if threshold is not None and norm >= threshold:
            dw, db = threshold / norm * dw, threshold / norm * db
        if update < updates and math.isfinite(w):
            w, b = w - learning_rate * dw, b - learning_rate * db
            if not (math.isfinite(w) and math.isfinite(b)):
                w = b = math.nan
                _warn(update + 1, 1, 1)


def _finite_or_lost(before: Tensor, after: Tensor, update: int) -> Tensor:
    """Return the parameters after an update, NaN where they are lost; warn of each that is new."""
    lost = ~after.isfinite().all(0)
    new = int((lost & before.isfinite().all(0)).sum())
    if new:
        _warn(update, new, lost.numel())
    return torch.where(lost, torch.nan, after)


def _warn(update: int, new: int, starts: int) -> None:
    message = f"update {update}: the parameters of {new} of {starts} starts are not finite"
    warnings.warn(message, RuntimeWarning, stacklevel=4)
