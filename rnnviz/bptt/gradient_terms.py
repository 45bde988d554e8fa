"""The gradient of the recurrent weights as a sum with a term for each step (slide 5, line 2)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_real, check_same_dtype, shape_of
from rnnviz.activations import get_activation
from rnnviz.bptt.jacobians import run_rnn


def gradient_terms(
    W_I: Float[Tensor, "hidden channels"],
    W_R: Float[Tensor, "hidden hidden"],
    W_O: Float[Tensor, "outputs hidden"],
    inputs: Float[Tensor, "time channels"],
    h0: Float[Tensor, " hidden"],
    loss: Callable[[Tensor], Tensor],
    *,
    activation: str = "tanh",
) -> Float[Tensor, "time hidden hidden"]:
    """Return the terms of ∂E_T/∂W_R, one for each time at which W_R was used.

    Term i of slide 5's sum is ∂E_T/∂y_T · ∂y_T/∂h_T · ∂h_T/∂h_i · ∂⁺h_i/∂W_R, where ∂⁺ is the
    *immediate* derivative that holds h_{i−1} fixed (Pascanu et al. 2013, equations 3 to 5). With
    δ_i = ∂E_T/∂h_i it is the outer product (δ_i ⊙ f′(a_i)) h_{i−1}ᵀ.

    Parameters
    ----------
    W_I, W_R, W_O : Tensor, shapes (H, D), (H, H), (Y, H)
        Input, recurrent and output weights.
    inputs : Tensor, shape (T, D)
        x_1 … x_T, at least one step.
    h0 : Tensor, shape (H,)
        The state before the first input.
    loss : callable
        y_T → E_T, differentiable by autograd, returning one number.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        f.

    Returns
    -------
    Tensor, shape (T, H, H)
        Entry i−1 is the term of h_i, i = 1 … T (h_0 does not depend on W_R). Their sum is
        ∂E_T/∂W_R. Detached.

    Raises
    ------
    ValueError
        If shapes do not fit, dtypes differ, a value is NaN or inf, the activation is unknown, or
        `loss` does not return one number.
    """
    states = run_rnn(W_I, W_R, inputs, h0, activation=activation)
    check_real(W_O=W_O)
    check_same_dtype(W_O=W_O, W_R=W_R)
    if inputs.ndim != 2 or inputs.shape[0] == 0:
        raise ValueError(f"inputs must have shape (T, D), T at least 1, got {shape_of(inputs)}")
    if W_O.ndim != 2 or W_O.shape[1] != W_R.shape[0]:
        raise ValueError(f"W_O must have shape (Y, {W_R.shape[0]}) to fit W_R, got {shape_of(W_O)}")
    with torch.no_grad():
        slopes = get_activation(activation).slope(states[1:])
        delta = W_O.T @ _gradient_at_output(loss, W_O @ states[-1])
        terms = []
        for slope, before in zip(slopes.flip(0), states[:-1].flip(0), strict=True):
            at_preactivation = delta * slope
            terms.append(torch.outer(at_preactivation, before))
            delta = W_R.T @ at_preactivation
        return torch.stack(terms[::-1])


@torch.enable_grad()
def _gradient_at_output(loss: Callable[[Tensor], Tensor], y: Tensor) -> Tensor:
    """Return ∂E_T/∂y_T."""
    y = y.detach().requires_grad_()
    error = loss(y)
    if not isinstance(error, Tensor):
        raise ValueError(f"loss must return a torch.Tensor, got {type(error).__name__}")
    if error.numel() != 1 or not error.is_floating_point():
        came = f"{error.dtype} of shape {shape_of(error)}"
        raise ValueError(f"loss must return one floating-point number, got {came}")
    if not error.isfinite().all():
        raise ValueError(f"loss must return a finite number, got {error.item()}")
    if error.requires_grad:
        (gradient,) = torch.autograd.grad(error.sum(), y, allow_unused=True)
        if gradient is not None:
            return gradient
    raise ValueError("loss must be computed from y, got a number that does not depend on it")
