"""Derivatives of a callable by autograd, as many at once as pays."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rnnviz.flow.layer_run import LayerRun
from rnnviz.flow.loss import loss_of

# Entries that one batched vector-Jacobian product may hold: beyond, a loop is as fast or faster.
CHUNK = 1 << 18


def jacobian_log_norms(layer: LayerRun) -> list[Tensor]:
    """Return ln(‖∂h_T/∂h_{T−ℓ}‖_F / √H) by lag, and that of the second part of the state."""
    found = []
    for part in range(min(len(layer.first), 2)):
        last = layer.states[-1][part]
        earlier = [state[part] for state in layer.states]
        seeds = _unit_vectors(last)
        squares = _squares(last, earlier, seeds)  # (T, batch)
        found.append((0.5 * (squares.log() - math.log(len(seeds)))).mean(1).flip(0))
    return found


def jacobian_of_first_step(layer: LayerRun) -> Tensor:
    """Return ∂state_1/∂state_0, all parts of the state in order, shape (batch, S, S)."""
    rows = []
    for part in layer.states[0]:
        blocks = _filled_vjps(part, list(layer.first), _unit_vectors(part))
        rows.append(torch.cat([_by_sequence(block, part) for block in blocks], -1))
    return torch.cat(rows).transpose(0, 1).detach()


def loss_log_norms(layer: LayerRun, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ln‖∂loss_t/∂h_i‖ for all t and i, −inf above the diagonal."""
    hs = [h for h, *_ in layer.states]
    T = len(hs)
    losses = torch.stack([loss_of(loss, h, [h]) for h in hs])
    table = torch.full((T, T), -math.inf, dtype=torch.float64)
    ones = torch.eye(T, dtype=losses.dtype, device=losses.device)
    for rows in torch.arange(T).split(max(1, CHUNK // max(1, hs[0].numel()))):
        gradients = _vjps(losses, hs, ones[rows])
        for i, g in enumerate(gradients):
            if g is not None:
                size = torch.linalg.vector_norm(g.double().flatten(1), dim=1).log()
                later = rows >= i
                table[rows[later], i] = size[later].cpu()
    return table


def _unit_vectors(part: Tensor) -> Tensor:
    """Return each unit vector of one sequence's state, for all sequences of a batch at once."""
    batched = part.ndim > 1
    size = part.numel() // (len(part) if batched else 1)
    rows = torch.eye(size, dtype=part.dtype, device=part.device)
    if batched:
        return rows.reshape(-1, *part.shape[1:])[:, None].expand(-1, *part.shape)
    return rows.reshape(-1, *part.shape)


def _by_sequence(gradients: Tensor, last: Tensor) -> Tensor:
    """Return gradients of several seeds, shape (seeds, …), as (seeds, batch, entries)."""
    return gradients.reshape(len(gradients), len(last) if last.ndim > 1 else 1, -1)


def _squares(last: Tensor, earlier: list[Tensor], seeds: Tensor) -> Tensor:
    """Return the sum over the seeds of ‖seedᵀ ∂last/∂earlier‖², shape (earlier, batch), float64."""
    total = last.new_zeros((), dtype=torch.float64)
    for seed in seeds.split(max(1, CHUNK // max(1, last.numel()))):
        blocks = [_by_sequence(g, last) for g in _filled_vjps(last, earlier, seed)]
        wide = {"dim": 2, "dtype": torch.float64}
        norms = [torch.linalg.vector_norm(block, **wide).square().sum(0) for block in blocks]
        total = total + torch.stack(norms)
    return total


def _filled_vjps(last: Tensor, earlier: list[Tensor], seed: Tensor) -> list[Tensor]:
    """Return the products of several seeds with ∂last/∂earlier, zero where there is no way."""
    found = _vjps(last, earlier, seed) if last.requires_grad else [None] * len(earlier)
    return [
        last.new_zeros(len(seed), *e.shape) if g is None else g
        for g, e in zip(found, earlier, strict=True)
    ]


def _vjps(last: Tensor, earlier: list[Tensor], seed: Tensor) -> list[Tensor | None]:
    """Return the products of several seeds with ∂last/∂earlier, in one batch if that can be."""
    options = {"retain_graph": True, "allow_unused": True}
    if len(seed) > 1:
        try:
            return list(torch.autograd.grad(last, earlier, seed, is_grads_batched=True, **options))
        except RuntimeError:  # some operation of the callable has no batched derivative
            pass
    rows = [torch.autograd.grad(last, earlier, one, **options) for one in seed]
    columns = zip(*rows, strict=True)
    return [None if row[0] is None else torch.stack(row) for row in columns]
