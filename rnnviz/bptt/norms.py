"""How fast a product of step Jacobians grows: its norms for all pairs of times, and its rates.

Part of :mod:`rnnviz.bptt`, from where these functions are imported.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_choice, check_steps, shape_of
from rnnviz.products import chain_log_norms, frobenius_table, rescale, spectral_table

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


@torch.no_grad()
def lyapunov_exponents(
    steps: Float[Tensor, "time hidden hidden"],
) -> Float[Tensor, " hidden"]:
    """Return the mean rates, in nats a step, at which the product of steps stretches and shrinks.

    The QR method of Benettin et al. (1980): carry an orthonormal frame through the steps, and
    average the logarithms of R's diagonal. The largest exponent is the long-run slope of
    ln‖∂h_t/∂h_i‖ against the lag t − i; above zero the gradient explodes, below it vanishes.

    Parameters
    ----------
    steps : Tensor, shape (T, H, H)
        J_0 … J_{T−1}, at least one step; the longer, the closer to the limit.

    Returns
    -------
    Tensor, shape (H,), float64
        Exponents in descending order; −inf for a direction that is lost.

    Raises
    ------
    ValueError
        If `steps` is not a stack of at least one finite square matrix.
    """
    length = check_steps(steps)
    if steps.ndim != 3 or length == 0:
        raise ValueError(
            f"steps must have shape (T, H, H) with T at least 1, got {shape_of(steps)}"
        )
    frame = torch.eye(steps.shape[-1], dtype=torch.float64, device=steps.device)
    total = torch.zeros(steps.shape[-1], dtype=torch.float64, device=steps.device)
    scaled, log_scale = rescale(steps.double())
    for step in scaled:
        frame, stretch = torch.linalg.qr(step @ frame)
        total += stretch.diagonal().abs().log()
    return (total / length + log_scale.mean()).sort(descending=True).values
