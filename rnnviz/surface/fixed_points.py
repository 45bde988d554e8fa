"""Fixed points of the one-unit network x_t = w σ(x_{t−1}) + b, and the folds where two meet.

The network settles at a fixed point x = w σ(x) + b. For w > 4 and b between two folds there are
three: two stable ones, and an unstable one between them that parts their basins.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rnnviz._checks import check_number, check_real

# (w, b) where the two folds meet: below w = 4 the map has slope < 1 and one fixed point only.
CUSP = (4.0, -2.0)
HALVINGS = 200  # bisect a bracket until float64 holds nothing between its ends


@dataclass(frozen=True)
class FixedPoints:
    """The fixed points x = w σ(x) + b.

    Attributes
    ----------
    x : Tensor, shape (k,)
        One or three of them, ascending (two exactly on a fold).
    slope : Tensor, shape (k,)
        w σ′(x): how a small distance from the point changes in one step.
    stable : Tensor of bool, shape (k,)
        Whether that is below 1 in size.
    """

    x: Float[Tensor, " k"]
    slope: Float[Tensor, " k"]
    stable: Bool[Tensor, " k"]


def folds(w: Float[Tensor, "*batch"]) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch"]]:
    """Return the two biases between which the network is bistable.

    At a fold a stable and the unstable fixed point meet, where w σ′(x) = 1.

    Parameters
    ----------
    w : Tensor, shape (...)
        Weights.

    Returns
    -------
    lower, upper : Tensor, shape (...)
        Equal at the cusp, w = 4; NaN below it.

    Raises
    ------
    ValueError
        If w is not finite.
    """
    check_real(w=w)
    w = w.detach()
    x, output = _turning_point(w.clamp(min=4))
    lower, upper = -x - w * (1 - output), x - w * output
    return torch.where(w >= 4, lower, torch.nan), torch.where(w >= 4, upper, torch.nan)


def fixed_points(w: float, b: float) -> FixedPoints:
    """Return every fixed point of x → w σ(x) + b, ascending, with its stability.

    Parameters
    ----------
    w, b : float
        Weight and bias.

    Returns
    -------
    FixedPoints

    Raises
    ------
    ValueError
        If w or b is not a finite number.
    """
    check_number("w", w)
    check_number("b", b)
    # All of them lie between b and b + w; between two extrema of the gap there is at most one.
    ends = [b + min(w, 0.0) - 1, b + max(w, 0.0) + 1]
    if w > 4:
        turn = _turning_point(torch.tensor(w, dtype=torch.float64))[0].item()
        ends[1:1] = [turn, -turn]
    found = {root for low, high in pairwise(ends) if (root := _root(w, b, low, high)) is not None}
    x = torch.tensor(sorted(found), dtype=torch.float64)
    output = torch.sigmoid(x)
    slope = w * output * (1 - output)
    return FixedPoints(x, slope, slope.abs() < 1)


def _turning_point(w: Tensor) -> tuple[Tensor, Tensor]:
    """Return the lower x with w σ′(x) = 1, and σ(x), for w ≥ 4; the upper one is −x.

    The smaller root of s (1 − s) = 1/w, in the form that does not cancel for large w.
    """
    output = 2 / (w * (1 + (1 - 4 / w).sqrt()))
    return torch.special.logit(output), output


def _gap(w: float, b: float, x: float) -> float:
    return w * torch.sigmoid(torch.tensor(x, dtype=torch.float64)).item() + b - x


def _root(w: float, b: float, low: float, high: float) -> float | None:
    """Bisect for the zero of the gap between two of its extrema, None where there is none."""
    at_low, at_high = _gap(w, b, low), _gap(w, b, high)
    if at_low == 0 or at_high == 0:
        return low if at_low == 0 else high
    if (at_low > 0) == (at_high > 0):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (_gap(w, b, middle) > 0) == (at_low > 0):
            low = middle
        else:
            high = middle
    return low
