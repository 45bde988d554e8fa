"""Gradients of a loss at every step with respect to every state."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from rnnviz.flow.by_autograd import loss_log_norms
from rnnviz.flow.jacobian import RESCALE, rescaled
from rnnviz.flow.layer_run import LayerRun
from rnnviz.flow.loss import Loss, loss_of
from rnnviz.flow.unroll import unroll


def gradient_map(
    module: Callable,
    inputs: Shaped[Tensor, "..."],
    *,
    loss: Loss = None,
    state: object = None,
) -> Float[Tensor, "time time"]:
    """Return the norms of all gradients ∂loss_t/∂h_i of the last layer, for a loss at every step.

    Parameters
    ----------
    module, inputs, state
        As in :func:`rnnviz.flow.gradient_flow`; not bidirectional.
    loss : callable, optional
        From the output of one step, shape (batch, hidden), in the module's dtype, to one number;
        their sum by default.

    Returns
    -------
    Tensor, shape (T, T), float64
        Entry [t, i] is ln‖∂loss_t/∂h_i‖, and −inf above the diagonal. Right also where the gradient
        itself would underflow, for torch's modules.

    Raises
    ------
    ValueError
        As :func:`rnnviz.flow.gradient_flow`.
    """
    with unroll(module, inputs, state, graph=False) as run:
        layer = run.layers[-1]
        if layer.reverse:
            raise ValueError("module must have one direction, got a bidirectional one")
        if layer.cell is None:
            return loss_log_norms(layer, _one_step(loss))
        outputs = torch.stack([h for h, *_ in layer.states]).detach()
        return _in_closed_form(layer, _own_gradients(outputs, _one_step(loss)))


def _own_gradients(outputs: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ∂loss_t/∂h_t for every t, without the recurrence."""
    if loss is torch.sum:
        return torch.ones_like(outputs).double()
    with torch.enable_grad():
        outputs.requires_grad_()
        total = sum(loss_of(loss, y, [y]) for y in outputs)
        return torch.autograd.grad(total, outputs)[0].double()


def _one_step(loss: Loss) -> Callable[[Tensor], Tensor]:
    if loss is not None and not callable(loss):
        raise ValueError(f"loss must be a function of one step's output, got {loss!r}")
    return loss or torch.sum


def _in_closed_form(layer: LayerRun, first: Tensor) -> Tensor:
    weights = layer.double_weights()
    T, B = first.shape[:2]
    # Rows of all steps and sequences below each other: one product of two matrices for each lag.
    factors = [part.flatten(0, 1) for part in layer.cell.factors(layer.double_tape())]
    zeros = (first.new_zeros(T * B, part.shape[-1]) for part in layer.first[1:])
    parts = (first.flatten(0, 1), *zeros)
    norms, logs = first.new_zeros(T, T), [first.new_zeros(T)]
    for lag in range(T - 1):
        rest = T - lag
        torch.linalg.vector_norm(parts[0].view(rest, -1), dim=1, out=norms[lag, :rest])
        # The gradients of losses lag+1 … T−1, each at a step of its own, in one product.
        here = tuple(part[B : rest * B] for part in factors)
        parts = layer.cell.back(tuple(part[B:] for part in parts), here, weights)
        if lag % RESCALE == 0:
            by_loss = tuple(part.view(rest - 1, B, -1) for part in parts)
            by_loss, log = rescaled(by_loss, (1, 2))
            parts = tuple(part.flatten(0, 1) for part in by_loss)
            logs.append(logs[-1].clone())
            logs[-1][lag + 1 :] += log
    norms[T - 1, 0] = torch.linalg.vector_norm(parts[0])
    t = torch.arange(T, device=first.device)
    lags = (t[:, None] - t).clamp(min=0)
    # So many rescalings came before a lag: after lags 0, RESCALE, 2 RESCALE, …
    taken_out = torch.stack(logs)[(lags + RESCALE - 1) // RESCALE, t[:, None]]
    return (norms.log()[lags, t] + taken_out).masked_fill(t[:, None] < t, -math.inf)
