"""The one-unit network of Pascanu et al. (2013), Figure 6, and its derivatives by w and b.

They are carried forward with the state (real-time recurrent learning), so that no graph is kept and
the memory is a few grids whatever T is:

    ∂x_t/∂w = f(x_{t−1}) + w f′ ∂x_{t−1}/∂w,    ∂x_t/∂b = 1 + w f′ ∂x_{t−1}/∂b.
"""

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

from rnnviz._checks import check_count, check_number, check_real, check_same_dtype
from rnnviz.activations import Activation, get_activation

WithGradient = tuple[Tensor, Tensor, Tensor]  # a number, and its derivatives by w and by b


def check_network(
    w: Tensor, b: Tensor, x0: float, steps: int, target: float, activation: str
) -> Activation:
    """Return the activation, or raise ValueError where an argument is bad."""
    f = get_activation(activation)
    check_real(w=w, b=b)
    check_same_dtype(w=w, b=b)
    check_count("steps", steps)
    check_number("x0", x0)
    check_number("target", target)
    return f


def forward(w: Tensor, b: Tensor, x0: float, steps: int, f: Activation) -> Iterator[WithGradient]:
    """Yield x_t, ∂x_t/∂w and ∂x_t/∂b for t = 0 … steps; the next step overwrites them."""
    x, dw, db = torch.full_like(w, x0), torch.zeros_like(w), torch.zeros_like(w)
    one, slope, output = w.new_ones(()), torch.empty_like(w), torch.empty_like(w)
    yield x, dw, db
    for _ in range(steps):
        if f.name == "sigmoid":  # into a buffer, and w f′ in one operation, where torch has them
            torch.sigmoid(x, out=output)
            torch.ops.aten.sigmoid_backward.grad_input(w, output, grad_input=slope)
        else:
            output = f.function(x)
            torch.mul(w, f.slope(output), out=slope)
        torch.addcmul(output, slope, dw, out=dw)  # ∂x_t/∂w = f + w f′ ∂x_{t−1}/∂w
        torch.addcmul(one, slope, db, out=db)  # ∂x_t/∂b = 1 + w f′ ∂x_{t−1}/∂b
        torch.addcmul(b, w, output, out=x)  # x_t = b + w f(x_{t−1})
        yield x, dw, db


def last_state(w: Tensor, b: Tensor, x0: float, steps: int, f: Activation) -> WithGradient:
    """Return x_T, ∂x_T/∂w and ∂x_T/∂b."""
    (state,) = deque(forward(w, b, x0, steps, f), maxlen=1)
    return state


def error_of(x: Tensor, dw: Tensor, db: Tensor, target: float, f: Activation) -> WithGradient:
    """Return E = (f(x_T) − target)² and its derivatives by w and by b."""
    output = f.function(x)
    miss = output - target
    factor = 2 * miss * f.slope(output)  # ∂E/∂x_T = 2 (f(x_T) − target) f′(x_T)
    return miss.square(), factor * dw, factor * db
