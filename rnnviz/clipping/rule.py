"""Gradient clipping by norm, Algorithm 1 of the paper, and its rival by value."""

import math
from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_number, check_real

Gradients = Iterable[Float[Tensor, "..."]]


@torch.no_grad()
def clip_by_norm(
    gradients: Gradients, threshold: float
) -> tuple[list[Float[Tensor, "..."]], float]:
    """Clip the norm of all gradients together: Algorithm 1 of Pascanu et al. 2013.

    Parameters
    ----------
    gradients : iterable of Tensor, any shapes and dtypes
        One tensor for each parameter. Left as they are. A generator is used up.
    threshold : float, above 0

    Returns
    -------
    clipped : list of Tensor, shapes and dtypes as given
        New tensors, (threshold / ‖ĝ‖) · g where ‖ĝ‖ ≥ threshold and copies of g elsewhere.
    norm : float
        ‖ĝ‖ before clipping; inf where float64 cannot hold it (the tensors are right still).

    Raises
    ------
    ValueError
        If not all are dense, real and finite, or `threshold` is not a finite number above 0.
    """
    check_number("threshold", threshold, above=0)
    gradients = dense_list("gradients", gradients)
    unit, relative = norm_in_units(gradients)
    norm = unit * relative
    if norm >= threshold:
        return [scaled(g, unit, threshold / relative) for g in gradients], norm
    return [gradient.detach().clone() for gradient in gradients], norm


def clip_by_value(gradients: Gradients, limit: float) -> list[Float[Tensor, "..."]]:
    """Clip every entry to [−limit, limit], which in general turns the gradient.

    Parameters
    ----------
    gradients : iterable of Tensor, any shapes and dtypes
        One for each parameter. Left as they are.
    limit : float
        The largest absolute value that passes, above 0.

    Returns
    -------
    list of new Tensors, shapes and dtypes as given

    Raises
    ------
    ValueError
        As :func:`clip_by_norm`, with `limit` for `threshold`.
    """
    check_number("limit", limit, above=0)
    gradients = dense_list("gradients", gradients)
    limits = [min(limit, torch.finfo(gradient.dtype).max) for gradient in gradients]
    return [g.detach().clamp(-c, c) for g, c in zip(gradients, limits, strict=True)]


def norm_in_units(gradients: list[Tensor]) -> tuple[float, float]:
    """Return a power of two u and ‖ĝ‖ / u in a range where squares neither under- nor overflow."""
    largest = max((float(g.abs().max()) for g in gradients if g.numel()), default=0.0)
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1)  # unit ≤ largest < 2 unit; dividing is exact
    norms = [torch.linalg.vector_norm(gradient.double() / unit).item() for gradient in gradients]
    return unit, math.hypot(*norms)


def scaled(gradient: Tensor, unit: float, factor: float) -> Tensor:
    """Return (gradient / unit) · factor, rounded once to the gradient's dtype."""
    return (gradient.detach().double() / unit * factor).to(gradient.dtype)


def dense_list(name: str, tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return the tensors in a list; raise ValueError unless they are dense, real and finite."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable):
        raise ValueError(f"{name} must be an iterable of tensors, got one {type(tensors).__name__}")
    tensors = list(tensors)
    for i, tensor in enumerate(tensors):
        if isinstance(tensor, Tensor) and tensor.layout != torch.strided:
            raise ValueError(f"{name}[{i}] must be dense, got {tensor.layout}")
        check_real(**{f"{name}[{i}]": tensor})
    return tensors
