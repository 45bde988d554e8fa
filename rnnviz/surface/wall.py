"""The wall in the error surface of the one-unit network, in closed form."""

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_number, check_real
from rnnviz.activations import get_activation


def wall(
    w: Float[Tensor, "*batch"], *, x0: float = 0.5, activation: str = "sigmoid"
) -> Float[Tensor, "*batch"]:
    """Return the bias at which x_0 sits exactly on an unstable fixed point.

    There the final state jumps from one basin to the other, and the error with it:
    b = x_0 − w f(x_0), as long as the point is unstable, w f′(x_0) > 1. For the sigmoid and
    x_0 = 0.5 that is b = 0.5 − 0.622459 w for w > 4.2553.

    Parameters
    ----------
    w : Tensor, shape (...)
        Weights.
    x0 : float
        The state before the first step.
    activation : {"sigmoid", "tanh", "relu", "identity"}
        f.

    Returns
    -------
    Tensor, shape (...)
        The bias of the wall, NaN where there is none.

    Raises
    ------
    ValueError
        If w or x0 is not finite, or the activation is unknown.
    """
    f = get_activation(activation)
    check_real(w=w)
    check_number("x0", x0)
    output = f.function(torch.tensor(float(x0), dtype=w.dtype, device=w.device))
    unstable = w * f.slope(output) > 1
    return torch.where(unstable, x0 - w.detach() * output, torch.nan)
