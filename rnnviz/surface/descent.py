"""Plain and norm-clipped gradient descent on the error surface of the one-unit network."""

import warnings
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnviz._checks import check_count, check_number, shape_of
from rnnviz.surface.one_unit import check_network, error_of, last_state

# A step longer than this leaves the picture: the start was flung.
FLUNG = 1.0


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
    here, path = torch.stack([w.detach(), b.detach()]), []
    for update in range(updates + 1):
        error, *slopes = error_of(*last_state(here[0], here[1], x0, steps, f), target, f)
        gradient = torch.stack(slopes)
        norm = torch.hypot(*gradient)
        path.append((*here, error, norm))
        if threshold is not None:
            gradient = torch.where(norm >= threshold, threshold / norm * gradient, gradient)
        if update < updates:
            here = _finite_or_lost(here, here - learning_rate * gradient, update + 1)
    w, b, error, norm = (torch.stack(column) for column in zip(*path, strict=True))
    far = ~(torch.hypot(w.diff(dim=0), b.diff(dim=0)) <= FLUNG)  # NaN is far, too
    number = torch.arange(1, updates + 1).reshape(-1, *[1] * w[0].ndim)
    first = torch.where(far, number, updates + 1).amin(0) if updates else far.sum(0)
    return Descent(w, b, error, norm, torch.where(first <= updates, first, 0))


def _finite_or_lost(before: Tensor, after: Tensor, update: int) -> Tensor:
    """Return the parameters after an update, NaN where they are lost; warn of each that is new."""
    lost = ~after.isfinite().all(0)
    new = int((lost & before.isfinite().all(0)).sum())
    if new:
        message = (
            f"update {update}: the parameters of {new} of {lost.numel()} starts are not finite"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return torch.where(lost, torch.nan, after)
