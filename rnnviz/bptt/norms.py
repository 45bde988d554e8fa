"""Norms of products of step Jacobians, for every pair of times and by lag."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_choice
from rnnviz.bptt.jacobians import check_steps
from rnnviz.products import chain_log_norms, frobenius_table, spectral_table

NORMS = (2, "fro")


def log_norms(
    steps: Float[Tensor, "*batch time hidden hidden"], *, ord: int | str = 2
) -> Float[Tensor, "*batch time_plus_1 time_plus_1"]:
    """Return the table of ln‖∂h_t/∂h_i‖ for every pair of times.

    Parameters
    ----------
    steps : Tensor, shape (..., T, H, H)
        J_0 … J_{T−1}; any dtype, the products are taken in float64.
    ord : {2, "fro"}
        The norm: spectral (the largest stretch of any direction) or Frobenius (the root mean
        square over directions, times √H; much cheaper for long tables).

    Returns
    -------
    Tensor, shape (..., T+1, T+1), float64
        Entry [t, i] is ln‖∂h_t/∂h_i‖ for i ≤ t and −inf above the diagonal. Right also where the
        product itself would underflow or overflow; −inf where it is exactly zero.

    Raises
    ------
    ValueError
        If `steps` is not a stack of finite square matrices, or the norm is unknown.

    Notes
    -----
    As in any floating-point product, a direction that falls more than about 12 digits behind the
    longest one is lost, and does not come back should later steps kill the longest one.
    """
    return _each(steps, ord, spectral_table if ord == 2 else frobenius_table)


def lag_log_norms(
    steps: Float[Tensor, "*batch time hidden hidden"], *, ord: int | str = 2
) -> Float[Tensor, "*batch time_plus_1"]:
    """Return ln‖∂h_T/∂h_{T−ℓ}‖ for every lag ℓ: the last row of :func:`log_norms`, much faster.

    Parameters
    ----------
    steps : Tensor, shape (..., T, H, H)
        J_0 … J_{T−1}; any dtype, the products are taken in float64.
    ord : {2, "fro"}
        The norm, as in :func:`log_norms`.

    Returns
    -------
    Tensor, shape (..., T+1), float64
        Entry ℓ belongs to the lag ℓ, so it runs backwards in time from h_T to h_0.

    Raises
    ------
    ValueError
        If `steps` is not a stack of finite square matrices, or the norm is unknown.
    """
    return _each(steps, ord, lambda s: chain_log_norms(s, ord))


@torch.no_grad()
def _each(steps: Tensor, ord: int | str, table: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply `table` in float64 to every member of the batch."""
    check_choice("ord", ord, NORMS)
    check_steps(steps)
    batch, member = steps.shape[:-3], steps.shape[-3:]
    if 0 in batch:
        return torch.empty(*batch, *table(torch.zeros(member).double()).shape).double()
    tables = torch.stack([table(s) for s in steps.double().reshape(math.prod(batch), *member)])
    return tables.reshape(*batch, *tables.shape[1:])
