"""Jacobians between the states of a module, over every lag. Part of :mod:`rnnviz.flow`."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from rnnviz.flow.by_autograd import lag_log_norms
from rnnviz.flow.cells import Gru, Lstm
from rnnviz.flow.layer_run import Column, Unrolled
from rnnviz.flow.unroll import as_it_was, is_known, unroll

RESCALE = 16  # lags between two rescalings: far fewer than float64 needs to under- or overflow


@dataclass(frozen=True)
class JacobianFlow:
    """How much of a nudge of an earlier state arrives in the last one.

    Attributes
    ----------
    log_norms : Tensor, shape (T,), float64
        ln of ‖∂h_T/∂h_{T−ℓ}‖_F / √H by lag ℓ = 0 … T−1: the mean over the batch of the logarithms.
        It is 0 at lag 0.
    cell_log_norms : Tensor, shape (T,), float64, or None
        The same of ∂c_T/∂c_{T−ℓ}, the total derivative. None without a second state.
    name : str
        Of the layer.
    gate_log_norms : Tensor, shape (T,), float64, or None
        The same of the product of the gates that keep the state, f_T ⊙ … ⊙ f_{T−ℓ+1} (an LSTM's
        forget gates, a GRU's update gates): what would arrive if they were the only way.
    """

    log_norms: Float[Tensor, " time"]
    cell_log_norms: Float[Tensor, " time"] | None
    name: str
    gate_log_norms: Float[Tensor, " time"] | None = None

    @property
    def decay(self) -> float:
        """The factor a step: e to the slope of the least-squares line through lags 1 … T−1.

        Lags at which the norm is zero or beyond the range of floats are left out; 0 where it is
        zero at all of them, NaN for a single step.
        """
        finite = self.log_norms[1:].isfinite()
        if not finite.any():
            return 0.0 if (self.log_norms[1:] < 0).any() else math.nan
        lag = torch.arange(1, len(self.log_norms), dtype=torch.float64)[finite.cpu()]
        value = self.log_norms[1:][finite].cpu()
        if len(lag) == 1:
            return math.exp((value / lag).item())
        lag, value = lag - lag.mean(), value - value.mean()
        return math.exp(((lag * value).sum() / lag.square().sum()).item())

    @property
    def half_life(self) -> float:
        """Steps in which the norm halves, by :attr:`decay`; inf where it does not shrink."""
        decay = self.decay
        if math.isnan(decay) or decay <= 0:
            return decay
        return math.inf if decay >= 1 else math.log(0.5) / math.log(decay)


def jacobian_flow(
    module: Callable,
    inputs: Shaped[Tensor, "..."],
    *,
    state: object = None,
    layer: int = -1,
) -> JacobianFlow:
    """Return ‖∂h_T/∂h_i‖ for every i, and ‖∂c_T/∂c_i‖, of one layer.

    In closed form for torch's modules, in float64 whatever their dtype; by autograd, in the dtype
    of its state, for a callable: there a norm may leave the range of floats, and is then ±inf.
    Entries of a batch are taken to be independent of each other. The work grows as T·B·H³: for a
    wide module pass one sequence.

    Parameters
    ----------
    module, inputs, state
        As in :func:`rnnviz.flow.gradient_flow`.
    layer : int
        The column, as in ``GradientFlow.names``; the last by default. Within one layer a state acts
        on later ones through that layer's own recurrence only.

    Returns
    -------
    JacobianFlow

    Raises
    ------
    ValueError
        As :func:`rnnviz.flow.gradient_flow`, or if there is no such layer.
    """
    # A graph is wanted only where the derivative is not written out.
    with as_it_was(module, inputs), torch.set_grad_enabled(not is_known(module)):
        column = column_of(unroll(module, inputs, state), layer)
        if column.kind is not None:
            return _closed_form(column)
        found = lag_log_norms(column)
        return JacobianFlow(found[0], found[1] if len(found) == 2 else None, column.name)


def column_of(run: Unrolled, layer: int) -> Column:
    count = len(run.columns)
    if isinstance(layer, bool) or not isinstance(layer, int) or not -count <= layer < count:
        raise ValueError(f"layer must be −{count} to {count - 1}, got {layer!r}")
    return run.columns[layer]


def double_tapes(column: Column) -> tuple[Tensor, ...]:
    """Return the tape of all steps in the order of the recurrence: tensors of shape (T, B, H)."""
    parts = zip(*(column.tapes[k] for k in column.order), strict=True)
    return tuple(torch.stack(part).detach().double() for part in parts)


def rescaled(parts: tuple[Tensor, ...], over: tuple[int, ...]) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the parts with their common largest entry over some dimensions at 1, and its ln."""
    sizes = [part.abs().amax(over, keepdim=True) for part in parts]
    size = torch.stack(sizes).amax(0)
    size = torch.where(size > 0, size, 1.0)
    return tuple(part / size for part in parts), size.log().squeeze(over)


def _closed_form(column: Column) -> JacobianFlow:
    tapes, weights = double_tapes(column), column.weights.map(lambda w: w.detach().double())
    factors = column.kind.factors(tapes)
    sizes = [part.shape[-1] for part in column.first]
    rows, batch = sum(sizes), column.first[0].shape[0]
    # Row by row the identity, for h_T above and for c_T below; shape (rows, batch, size).
    one = torch.eye(rows, dtype=torch.float64, device=tapes[0].device)
    parts = one[:, None].expand(rows, batch, rows).split(sizes, -1)
    blocks = [tuple(part.split(sizes, 0)[n] for part in parts) for n in range(len(sizes))]
    logs = [one.new_zeros(batch) for _ in sizes]  # of what rescaling has taken out
    found = [[] for _ in sizes]
    for lag, k in enumerate(range(len(column.states) - 1, -1, -1)):
        here = tuple(part[k] for part in factors)
        for n, (vectors, size) in enumerate(zip(blocks, sizes, strict=True)):
            at = column.kind.total(vectors, here, weights)[1] if n else vectors[0]
            log_norm = torch.linalg.vector_norm(at, dim=(0, 2)).log() + logs[n]
            found[n].append((log_norm - 0.5 * math.log(size)).mean())
            blocks[n] = column.kind.back(vectors, here, weights)
            if lag % RESCALE == 0:
                blocks[n], taken_out = rescaled(blocks[n], (0, 2))
                logs[n] = logs[n] + taken_out
    stacked = [torch.stack(norms) for norms in found]
    cell = stacked[1] if len(stacked) == 2 else None
    return JacobianFlow(stacked[0], cell, column.name, _gates(column, tapes))


def _gates(column: Column, tapes: tuple[Tensor, ...]) -> Tensor | None:
    if not isinstance(column.kind, Lstm | Gru):
        return None
    kept = tapes[1].log().flip(0).cumsum(0)  # f or z: the second of what both kinds keep
    logs = torch.cat([torch.zeros_like(kept[:1]), kept[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(logs.shape[-1])).mean(1) / 2
