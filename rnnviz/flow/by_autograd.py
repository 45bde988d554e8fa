"""Gradients of a callable by autograd, as many at once as pays. Part of :mod:`rnnviz.flow`."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rnnviz.flow.layer_run import Column
from rnnviz.flow.loss import loss_of

# Entries that one batched vector-Jacobian product may hold: beyond, a loop is as fast or faster.
CHUNK = 1 << 18


def lag_log_norms(column: Column) -> list[Tensor]:
    """Return ln‖∂h_T/∂h_{T−ℓ}‖ / √H by lag, and that of the second part of the state."""
    batched = column.first[0].ndim > 1
    found = []
    for part in range(min(len(column.first), 2)):
        last = column.states[-1][part]
        earlier = [state[part] for state in column.states]
        rows = torch.eye(last.numel() // (len(last) if batched else 1), device=last.device)
        rows = rows.to(last.dtype).reshape(-1, *(last.shape[1:] if batched else last.shape))
        seeds = rows[:, None].expand(-1, *last.shape) if batched else rows
        squares = _squares(last, earlier, seeds, batched)  # (T, batch)
        found.append((0.5 * (squares.log() - math.log(len(rows)))).mean(1).flip(0))
    return found


def _squares(last: Tensor, earlier: list[Tensor], seeds: Tensor, batched: bool) -> Tensor:
    """Return the sum over the seeds of ‖seedᵀ ∂last/∂earlier‖², shape (earlier, batch), float64."""
    total = 0
    for seed in seeds.split(max(1, CHUNK // max(1, last.numel()))):
        gradients = _vjps(last, earlier, seed)
        parts = [
            last.new_zeros(len(seed), *e.shape) if g is None else g
            for g, e in zip(gradients, earlier, strict=True)
        ]
        blocks = [(g if batched else g[:, None]).flatten(2) for g in parts]
        wide = {"dim": 2, "dtype": torch.float64}
        norms = [torch.linalg.vector_norm(g, **wide).square().sum(0) for g in blocks]
        total = total + torch.stack(norms)
    return total


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


def loss_map(column: Column, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ln‖∂loss_t/∂h_i‖ for all t and i, −inf above the diagonal."""
    hs = [h for h, *_ in column.states]
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
