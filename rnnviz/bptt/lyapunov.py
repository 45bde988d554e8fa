"""Lyapunov exponents: the rates at which a product of step Jacobians stretches and shrinks."""

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import shape_of
from rnnviz.bptt.jacobians import check_steps
from rnnviz.products import rescale


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
