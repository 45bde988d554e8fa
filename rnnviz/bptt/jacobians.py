"""The states of the lecture's network, and the Jacobians between them."""

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_count, check_real, check_same_dtype, check_square, shape_of
from rnnviz.activations import get_activation


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


def check_steps(steps: Tensor) -> int:
    """Return T for step Jacobians of shape (..., T, H, H), or raise ValueError."""
    check_real(steps=steps)
    if steps.ndim < 3 or steps.shape[-1] != steps.shape[-2] or steps.shape[-1] == 0:
        raise ValueError(f"steps must have shape (..., T, H, H), got {shape_of(steps)}")
    return steps.shape[-3]


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
