"""The error of the one-unit network and its gradient, on a grid of weights and biases."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import shape_of
from rnnviz.surface.one_unit import check_network, error_of, forward, last_state

# So many points at once that all their buffers stay in the processor's cache.
BLOCK = 16384


@dataclass(frozen=True)
class ErrorSurface:
    """The error and its gradient on a grid.

    Attributes
    ----------
    w : Tensor, shape (n,)
        The weights.
    b : Tensor, shape (m,)
        The biases.
    error : Tensor, shape (n, m)
        E at every pair; row i belongs to w[i], column j to b[j].
    dw, db : Tensor, shape (n, m)
        ∂E/∂w and ∂E/∂b.
    """

    w: Float[Tensor, " n"]
    b: Float[Tensor, " m"]
    error: Float[Tensor, "n m"]
    dw: Float[Tensor, "n m"]
    db: Float[Tensor, "n m"]

    @property
    def grad_norm(self) -> Float[Tensor, "n m"]:
        """Length of the gradient, √(∂E/∂w² + ∂E/∂b²)."""
        return torch.hypot(self.dw, self.db)


def error_surface(
    w: Float[Tensor, " n"],
    b: Float[Tensor, " m"],
    *,
    x0: float = 0.5,
    steps: int = 50,
    target: float = 0.7,
    activation: str = "sigmoid",
) -> ErrorSurface:
    """Return E, ∂E/∂w and ∂E/∂b on the grid of all pairs of w and b.

    Parameters
    ----------
    w : Tensor, shape (n,)
        Weights; their dtype is kept (take float64 where the gradient is printed).
    b : Tensor, shape (m,)
        Biases.
    x0 : float
        The state before the first step.
    steps : int
        T.
    target : float
        What the last output is compared with.
    activation : {"sigmoid", "tanh", "relu", "identity"}
        f. With the identity the network is linear: x_T = x_0 w^T for b = 0.

    Returns
    -------
    ErrorSurface

    Raises
    ------
    ValueError
        If w or b is not a finite vector, their dtypes differ, `steps` is not a whole number of at
        least 0, `x0` or `target` is not finite, or the activation is unknown.
    """
    f = check_network(w, b, x0, steps, target, activation)
    w, b = _vector("w", w), _vector("b", b)
    shape = (len(w), len(b))
    error, dw, db = (w.new_empty(shape) for _ in range(3))
    rows = max(1, BLOCK // max(1, shape[1]))
    for start in range(0, shape[0], rows):
        block = slice(start, start + rows)
        here = (w[block, None].expand(-1, shape[1]).contiguous(), b.expand_as(error[block]))
        state = last_state(*here, x0, steps, f)
        error[block], dw[block], db[block] = error_of(*state, target, f)
    return ErrorSurface(w, b, error, dw, db)


def error_surfaces(
    w: Float[Tensor, " n"],
    b: Float[Tensor, " m"],
    *,
    x0: float = 0.5,
    steps: int = 50,
    target: float = 0.7,
    activation: str = "sigmoid",
) -> Iterator[ErrorSurface]:
    """Yield the surface of every horizon T = 0 … steps, in one pass.

    For a slider over T: what :func:`error_surface` would compute again from the start, this yields
    on its way. Parameters and errors are those of :func:`error_surface`.

    Yields
    ------
    ErrorSurface
        Of T = 0, 1, …, steps; each with tensors of its own.
    """
    f = check_network(w, b, x0, steps, target, activation)
    w, b = _vector("w", w), _vector("b", b)
    grid = w[:, None].expand(-1, len(b)).contiguous()
    for state in forward(grid, b.expand_as(grid), x0, steps, f):
        yield ErrorSurface(w, b, *error_of(*state, target, f))


def _vector(name: str, tensor: Tensor) -> Tensor:
    if tensor.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got shape {shape_of(tensor)}")
    return tensor.detach()
