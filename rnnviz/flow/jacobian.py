"""Jacobians between the states of a module: of one step, and over every lag."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from rnnviz._checks import shape_of
from rnnviz.flow.by_autograd import jacobian_log_norms, jacobian_of_first_step
from rnnviz.flow.cells import Gru, Lstm, Tape
from rnnviz.flow.layer_run import LayerRun
from rnnviz.flow.unroll import is_known, unroll

# Lags between two rescalings. A norm squares its entries, so that they may lie within 1e±150: as
# long as a step changes them by less than 37 powers of ten.
RESCALE = 4


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
        zero at all of them, NaN where nothing is left, as for a single step.
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
    """Return ln(‖∂h_T/∂h_{T−ℓ}‖_F / √H) by lag ℓ, and the same of c, of one layer.

    In closed form for torch's modules: the run in the module's dtype, as it rounds it, the products
    in float64, where they neither under- nor overflow as long as a step changes them by less than
    37 powers of ten. By autograd, in the dtype of its state, for a callable: there a norm may leave
    the range of floats, and is then ±inf.
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
    with unroll(module, inputs, state, graph=False) as run:
        return jacobian_of(run.layer(layer))


def jacobian_of(layer: LayerRun) -> JacobianFlow:
    """Return the Jacobians of a layer that was run: :func:`jacobian_flow` without the run."""
    if layer.cell is None:
        found = jacobian_log_norms(layer)
        return JacobianFlow(found[0], found[1] if len(found) == 2 else None, layer.name)
    tape, weights = layer.double_tape(), layer.double_weights()
    factors, steps = layer.cell.factors(tape), layer.order[::-1]
    sizes = [part.shape[-1] for part in layer.first]
    # One set of rows for ∂h_T, and one for ∂c_T.
    blocks = list(zip(*(rows.split(sizes) for rows in _unit_rows(layer)), strict=True))
    logs = [tape[0].new_zeros(tape[0].shape[1]) for _ in sizes]  # of what rescaling has taken out
    norms: list[list[Tensor]] = [[] for _ in sizes]
    for lag, k in enumerate(steps):
        here = tuple(part[k] for part in factors)
        for n, (vectors, size) in enumerate(zip(blocks, sizes, strict=True)):
            at = layer.cell.total(vectors, here, weights)[1] if n else vectors[0]
            log_norm = torch.linalg.vector_norm(at, dim=(0, 2)).log() + logs[n]
            norms[n].append((log_norm - 0.5 * math.log(size)).mean())
            blocks[n] = layer.cell.back(vectors, here, weights)
            if lag % RESCALE == 0:
                blocks[n], taken_out = rescaled(blocks[n], (0, 2))
                logs[n] = logs[n] + taken_out
    stacked = [torch.stack(each) for each in norms]
    cell = stacked[1] if len(stacked) == 2 else None
    return JacobianFlow(stacked[0], cell, layer.name, _gates(layer, tape))


def step_jacobian(
    module: Callable,
    x: Shaped[Tensor, "..."],
    state: object = None,
    *,
    layer: int = -1,
) -> Float[Tensor, "*batch sizes sizes"]:
    """Return the Jacobian of one step, ∂state_t/∂state_{t−1}, as a matrix.

    In closed form for torch's modules (the formulas stand in ``rnnviz/flow/cells.py``); by
    autograd for a callable. A dropout between layers is drawn from torch's generator, which is left
    as it was.

    Parameters
    ----------
    module : nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell or callable
        As in :func:`rnnviz.flow.gradient_flow`.
    x : Tensor, shape (batch, features) or (features,)
        x_t, the input of the step; for a callable what it takes.
    state : Tensor or pair of Tensors, optional
        The state before it, h_{t−1} or (h_{t−1}, c_{t−1}), as the module takes it: of
        ``nn.LSTM`` with a leading dimension for its layers. Zero by default; a callable needs one.
    layer : int
        Of a module with several layers or directions, the one whose own recurrence is meant; the
        last by default.

    Returns
    -------
    Tensor, shape (batch, S, S), in the module's dtype
        S counts all entries of the layer's state: H, and for an LSTM those of h, then those of c.
        Row m, column n is the derivative of entry m after the step by entry n before it. Without
        a batch, shape (S, S).

    Raises
    ------
    ValueError
        As :func:`rnnviz.flow.gradient_flow`, or if there is no such layer.
    """
    known = is_known(module)
    if not isinstance(x, Tensor):
        raise ValueError(f"x must be a tensor, got {type(x).__name__}")
    size = getattr(module, "input_size", None)
    if known and (x.ndim > 2 or x.shape[-1:] != (size,)):
        wanted = f"(batch, {size}) or ({size},)"
        raise ValueError(f"x must be one step, of shape {wanted}, got {shape_of(x)}")
    time = 1 if known and x.ndim == 2 and getattr(module, "batch_first", False) else 0
    with unroll(module, x.unsqueeze(time), state, graph=False) as run:
        one = run.layer(layer)
        if one.cell is None:
            found, batched = jacobian_of_first_step(one), one.first[0].ndim > 1
        else:
            here = tuple(part[0] for part in one.cell.factors(one.double_tape()))
            rows = one.cell.back(_unit_rows(one), here, one.double_weights())
            found, batched = torch.cat(rows, -1).transpose(0, 1), x.ndim == 2
        return (found if batched else found[0]).to(one.first[0].dtype)


def _unit_rows(layer: LayerRun) -> tuple[Tensor, ...]:
    """Return the rows of the identity, for every part of the state: (rows, batch, size) each."""
    sizes = [part.shape[-1] for part in layer.first]
    rows, batch = sum(sizes), layer.first[0].shape[0]
    identity = torch.eye(rows, dtype=torch.float64, device=layer.first[0].device)
    return identity[:, None].expand(rows, batch, rows).split(sizes, -1)


def rescaled(parts: tuple[Tensor, ...], over: tuple[int, ...]) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the parts with their common largest entry over some dimensions at 1, and its ln."""
    sizes = [part.abs().amax(over, keepdim=True) for part in parts]
    size = torch.stack(sizes).amax(0)
    size = torch.where(size > 0, size, 1.0)
    return tuple(part / size for part in parts), size.log().squeeze(over)


def _gates(layer: LayerRun, tape: Tape) -> Tensor | None:
    if not isinstance(layer.cell, Lstm | Gru):
        return None
    kept = tape[1].log()[list(layer.order[::-1])].cumsum(0)  # f or z, from the last step back
    logs = torch.cat([torch.zeros_like(kept[:1]), kept[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(logs.shape[-1])).mean(1) / 2
