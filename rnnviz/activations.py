"""The activations of the course, each with its slope written in terms of its own output.

Backpropagation through time keeps the states h = f(a) and not the pre-activations a, so the slope
f′(a) is wanted as a function of h: for tanh, f′(a) = 1 − tanh²(a) = 1 − h².
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rnnviz._checks import check_choice


@dataclass(frozen=True)
class Activation:
    r"""An activation f.

    Attributes
    ----------
    name : str
        What the user writes: ``"tanh"``.
    function : callable
        f itself, elementwise: a → h.
    slope : callable
        f′(a) as a function of the output, h = f(a) → f′(a).
    steepest : float
        γ, the largest value of \\|f′\\|: the bound in Pascanu et al. (2013), section 2.1.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    steepest: float


ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("tanh", torch.tanh, lambda h: 1 - h * h, 1.0),
        Activation("sigmoid", torch.sigmoid, lambda h: h * (1 - h), 0.25),
        # torch's convention: the slope of ReLU at exactly 0 is 0.
        Activation("relu", torch.relu, lambda h: (h > 0).to(h.dtype), 1.0),
        Activation("identity", lambda a: a, torch.ones_like, 1.0),
    )
}


def get_activation(name: str) -> Activation:
    """Return the activation called `name`.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists those there are.
    """
    check_choice("activation", name, tuple(ACTIVATIONS))
    return ACTIVATIONS[name]
