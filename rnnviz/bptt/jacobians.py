"""The gradient of a recurrent network as a product of Jacobians (backpropagation through time).

The numbers behind notebook 02. The network is the lecture's,

    h_t = f(W_I x_t + W_R h_{t−1}),    y_t = W_O h_t,

with t = 1 … T and h_0 given. The Jacobian of one step is

    J_k = ∂h_{k+1}/∂h_k = diag(f′(W_I x_{k+1} + W_R h_k)) W_R,    k = 0 … T−1,

and over many steps it is their product with later steps on the left, ∂h_t/∂h_i = J_{t−1} ⋯ J_i
(Pascanu, Mikolov & Bengio 2013, equation 5, with their row layout transposed).
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import (
    check_count,
    check_real,
    check_same_dtype,
    check_square,
    check_steps,
    shape_of,
)
from rnnviz.activations import get_activation
from rnnviz.bptt.norms import lag_log_norms, log_norms, lyapunov_exponents

__all__ = [
    "gradient_terms",
    "jacobian_product",
    "lag_log_norms",
    "log_norms",
    "lyapunov_exponents",
    "run_rnn",
    "step_jacobians",
]


@torch.no_grad()
def run_rnn(
    W_I: Float[Tensor, "hidden channels"],
    W_R: Float[Tensor, "hidden hidden"],
    inputs: Float[Tensor, "*batch time channels"],
    h0: Float[Tensor, "*batch hidden"],
    *,
    activation: str = "tanh",
) -> Float[Tensor, "*batch time_plus_1 hidden"]:
    """Run h_t = f(W_I x_t + W_R h_{t−1}) and return every state.

    Parameters
    ----------
    W_I : Tensor, shape (H, D)
        Input weights.
    W_R : Tensor, shape (H, H)
        Recurrent weights.
    inputs : Tensor, shape (..., T, D)
        x_1 … x_T. Leading dimensions are a batch.
    h0 : Tensor, shape (..., H)
        The state before the first input.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        f.

    Returns
    -------
    Tensor, shape (..., T+1, H)
        h_0, h_1, …, h_T: entry t is h_t. Detached.

    Raises
    ------
    ValueError
        If shapes do not fit, dtypes differ, a value is NaN or inf, or the activation is unknown.
    """
    f = get_activation(activation).function
    check_real(W_I=W_I, W_R=W_R, inputs=inputs, h0=h0)
    check_same_dtype(W_I=W_I, W_R=W_R, inputs=inputs, h0=h0)
    hidden = check_square("W_R", W_R)
    if W_I.ndim != 2 or W_I.shape[0] != hidden:
        raise ValueError(f"W_I must have shape ({hidden}, D) to fit W_R, got {shape_of(W_I)}")
    if inputs.ndim < 2 or inputs.shape[-1] != W_I.shape[1]:
        raise ValueError(
            f"inputs must have shape (..., T, {W_I.shape[1]}) to fit W_I, got {shape_of(inputs)}"
        )
    if h0.shape != (*inputs.shape[:-2], hidden):
        raise ValueError(
            f"h0 must have shape {(*inputs.shape[:-2], hidden)} to fit W_R and inputs, "
            f"got {shape_of(h0)}"
        )
    driven = inputs @ W_I.T
    states = [h0]
    for t in range(inputs.shape[-2]):
        states.append(f(driven[..., t, :] + states[-1] @ W_R.T))
    return torch.stack(states, dim=-2)


@torch.no_grad()
def step_jacobians(
    W_R: Float[Tensor, "hidden hidden"],
    states: Float[Tensor, "*batch time_plus_1 hidden"],
    *,
    activation: str = "tanh",
) -> Float[Tensor, "*batch time hidden hidden"]:
    """Return the Jacobian of every step, J_k = ∂h_{k+1}/∂h_k = diag(f′(a_{k+1})) W_R.

    Parameters
    ----------
    W_R : Tensor, shape (H, H)
        Recurrent weights.
    states : Tensor, shape (..., T+1, H)
        h_0 … h_T from :func:`run_rnn` with the same activation; f′ is read off h_{k+1}.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        f.

    Returns
    -------
    Tensor, shape (..., T, H, H)
        Entry k is ∂h_{k+1}/∂h_k; row m, column n is ∂h_{k+1}[m]/∂h_k[n]. Detached.

    Raises
    ------
    ValueError
        If shapes do not fit, dtypes differ, a value is NaN or inf, or the activation is unknown.
    """
    slope = get_activation(activation).slope
    check_real(W_R=W_R, states=states)
    check_same_dtype(W_R=W_R, states=states)
    hidden = check_square("W_R", W_R)
    if states.ndim < 2 or states.shape[-1] != hidden or states.shape[-2] == 0:
        raise ValueError(
            f"states must have shape (..., T+1, {hidden}) to fit W_R, got {shape_of(states)}"
        )
    return slope(states[..., 1:, :]).unsqueeze(-1) * W_R


def jacobian_product(
    steps: Float[Tensor, "*batch time hidden hidden"], t: int, i: int
) -> Float[Tensor, "*batch hidden hidden"]:
    """Return ∂h_t/∂h_i = J_{t−1} J_{t−2} ⋯ J_i, later steps on the left.

    Parameters
    ----------
    steps : Tensor, shape (..., T, H, H)
        J_0 … J_{T−1} from :func:`step_jacobians`.
    t, i : int
        Times with 0 ≤ i ≤ t ≤ T.

    Returns
    -------
    Tensor, shape (..., H, H)
        The identity when t = i. It underflows or overflows where its dtype cannot hold it;
        :func:`log_norms` does not.

    Raises
    ------
    ValueError
        If `steps` is not a stack of finite square matrices, or the times are out of order.
    """
    length = check_steps(steps)
    check_count("t", t)
    check_count("i", i)
    if not 0 <= i <= t <= length:
        raise ValueError(f"times must satisfy 0 <= i <= t <= {length}, got i={i}, t={t}")
    hidden = steps.shape[-1]
    product = torch.eye(hidden, dtype=steps.dtype, device=steps.device)
    product = product.expand(*steps.shape[:-3], hidden, hidden)
    for k in range(i, t):
        product = steps[..., k, :, :].detach() @ product
    return product.clone()


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
