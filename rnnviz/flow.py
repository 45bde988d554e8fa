"""Gradient flow: where along time the gradient of a recurrent module dies or blows up.

The numbers behind notebook 05, and a tool for anyone's own module: ``nn.RNN``, ``nn.GRU``,
``nn.LSTM`` with any number of layers, their cells, and any callable ``(x_t, state) -> state``.

The gradient is followed *through the recurrence*. A fused module's output at step t is a copy that
step t+1 does not read, so ``output.retain_grad()`` shows only what the loss asks of that output
directly: for a loss on the last step, zero everywhere else. Here the module's steps are run again,
one by one, with its own weights, so that every h_t is the one that step t+1 reads.

The module is left as it was: its ``.grad``, its training mode, its buffers and the state of the
random number generators. Nothing is hooked into it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import check_count
from rnnviz._gradient_map import gradient_map
from rnnviz._jacobian_flow import JacobianFlow, jacobian_flow
from rnnviz._losses import Loss, loss_of
from rnnviz._report import Report, report, set_gate_bias
from rnnviz._unroll import Column, as_it_was, unroll

__all__ = [
    "FlowRecorder",
    "GradientFlow",
    "JacobianFlow",
    "Report",
    "gradient_flow",
    "gradient_map",
    "jacobian_flow",
    "report",
    "set_gate_bias",
]


@dataclass(frozen=True)
class GradientFlow:
    """The gradient of one loss at every state. Row k belongs to the state after ``inputs[k]``.

    Attributes
    ----------
    norms : Tensor, shape (T, layers), float64
        ‖∂loss/∂h_t‖ over batch and units, through the recurrence. A bidirectional module has two
        columns a layer, forward before reverse.
    cell_norms : Tensor, shape (T, layers), float64, or None
        ‖∂loss/∂c_t‖, the total derivative: the path through h_t = o_t ⊙ tanh(c_t) is in it. For an
        LSTM, or a callable whose state is a pair; else None.
    weight_terms : Tensor, shape (T, layers), float64, or None
        ‖term of step t in ∂loss/∂W_R‖: what the use of the recurrent weight in that step adds to
        its gradient. None for a callable, whose weights are its own business.
    names : tuple of str
        Of the columns: ``"layer 0"``, ``"layer 0 reverse"``, …
    loss : float
        The value of the loss.
    """

    norms: Float[Tensor, "time layers"]
    cell_norms: Float[Tensor, "time layers"] | None
    weight_terms: Float[Tensor, "time layers"] | None
    names: tuple[str, ...]
    loss: float
    _factors: list[tuple[list[Tensor], list[Tensor]]] = field(default_factory=list, repr=False)

    def weight_term(self, step: int, layer: int = 0) -> Float[Tensor, "gates_x_hidden state"]:
        """Return the term of one step in ∂loss/∂W_R; over all steps they add up to the gradient.

        Parameters
        ----------
        step : int
            k, from 0: the use of W_R at ``inputs[k]``.
        layer : int
            The column.

        Returns
        -------
        Tensor, shape of the recurrent weight, in the module's dtype

        Raises
        ------
        ValueError
            If there are no weight terms, or no such step or layer.
        """
        if self.weight_terms is None:
            raise ValueError("weight terms are known for torch's own modules, not for a callable")
        steps, layers = self.weight_terms.shape
        if not (0 <= step < steps and 0 <= layer < layers):
            raise ValueError(
                f"step must be 0 to {steps - 1} and layer 0 to {layers - 1}, got {step}, {layer}"
            )
        deltas, before = self._factors[layer]
        return deltas[step].mT @ before[step]


def gradient_flow(
    module: Callable,
    inputs: Float[Tensor, "..."],
    *,
    loss: Loss = None,
    state: object = None,
) -> GradientFlow:
    """Return ‖∂loss/∂h_t‖ at every step t, through the recurrence.

    Parameters
    ----------
    module : nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell, nn.LSTMCell or callable
        A callable is called as ``state = module(inputs[k], state)``; its state is a tensor or a
        tuple of tensors, the first of which is h.
    inputs : Tensor, shape (time, batch, features), or what the module takes
        ``batch_first`` and inputs without a batch are read as the module reads them.
    loss : callable, "last", "every" or None
        From the outputs, in the module's own layout, to one number. ``"last"`` and None: the sum of
        all outputs of the last step; ``"every"``: of all steps.
    state : Tensor or pair of Tensors, optional
        h_0, or (h_0, c_0), as the module takes it; zero by default. A callable needs one.

    Returns
    -------
    GradientFlow

    Raises
    ------
    ValueError
        If the module, the inputs or the state do not fit, the inputs are packed or not finite, or
        the loss is not one number that depends on the outputs.
    """
    with as_it_was(module, inputs):
        run = unroll(module, inputs, state)
        value = loss_of(loss, run.outputs, run.time)
        wanted = [t for column in run.columns for t in _wanted(column)]
        found = iter(torch.autograd.grad(value, wanted, allow_unused=True))
        gradients = [next(found) for _ in wanted]
    zero_for_none = [
        torch.zeros_like(t) if g is None else g for t, g in zip(wanted, gradients, strict=True)
    ]
    return _collect(run.columns, iter(zero_for_none), value.item())


def _wanted(column: Column) -> list[Tensor]:
    return [*(part for state in column.states for part in state), *column.recurrent]


def _collect(columns: list[Column], gradients: object, loss: float) -> GradientFlow:
    h_norms, c_norms, terms, factors = [], [], [], []
    for column in columns:
        parts = [[next(gradients) for _ in state] for state in column.states]
        deltas = [next(gradients) for _ in column.recurrent]
        before = [column.before(k)[0].detach() for k in range(len(deltas))]
        h_norms.append(_norms([part[0] for part in parts]))
        if len(parts[0]) == 2:
            c_norms.append(_norms([part[1] for part in parts]))
        if deltas:
            pairs = zip(deltas, before, strict=True)
            terms.append(torch.stack([_norm_of_product(d, h) for d, h in pairs]))
            factors.append((deltas, before))
    stacked = (torch.stack(found, 1) if found else None for found in (h_norms, c_norms, terms))
    return GradientFlow(*stacked, tuple(c.name for c in columns), loss, factors)


def _norms(tensors: list[Tensor]) -> Tensor:
    """In float64: the squares of float32 numbers below 1e-23 are zero in float32."""
    return torch.stack([torch.linalg.vector_norm(t.detach().double()) for t in tensors])


def _norm_of_product(delta: Tensor, h: Tensor) -> Tensor:
    """Return ‖δᵀh‖_F without making the product, from the two Gram matrices over the batch.

    Each is scaled to order one before, so that squares neither underflow nor cancel.
    """
    delta, h = delta.detach().double(), h.double()
    scales = [t.abs().max().clamp_min(torch.finfo(torch.float64).tiny) for t in (delta, h)]
    if delta.shape[0] > 32:  # the product itself is smaller than the Gram matrices' work
        return (
            torch.linalg.matrix_norm((delta / scales[0]).mT @ (h / scales[1]))
            * scales[0]
            * scales[1]
        )
    delta, h = delta / scales[0], h / scales[1]
    square = ((delta @ delta.mT) * (h @ h.mT)).sum().clamp_min(0)
    return square.sqrt() * scales[0] * scales[1]


class FlowRecorder:
    """Record the gradient flow of a module every few updates while it trains.

    Parameters
    ----------
    module : nn.RNN, … or callable
        As in :func:`gradient_flow`; it is looked at as it is at each call.
    every : int
        Record at every so manieth call of :meth:`record`, the first included.
    layer : int
        Which column is kept; the last by default.

    Raises
    ------
    ValueError
        If `every` is not a whole number of at least 1.
    """

    def __init__(self, module: Callable, *, every: int = 1, layer: int = -1) -> None:
        check_count("every", every)
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.module, self.every, self.layer = module, every, layer
        self._calls = 0
        self._updates: list[int] = []
        self._norms: list[Tensor] = []

    def record(
        self, inputs: Float[Tensor, "..."], *, loss: Loss = None, state: object = None
    ) -> GradientFlow | None:
        """Call once an update; return the flow if this update was recorded.

        Parameters and errors are those of :func:`gradient_flow`; a ValueError also if the number of
        steps is not that of the first record.
        """
        update, self._calls = self._calls, self._calls + 1
        if update % self.every:
            return None
        found = gradient_flow(self.module, inputs, loss=loss, state=state)
        if self._norms and len(self._norms[0]) != len(found.norms):
            raise ValueError(
                f"inputs must have {len(self._norms[0])} steps as before, got {len(found.norms)}"
            )
        self._updates.append(update)
        self._norms.append(found.norms[:, self.layer])
        return found

    @property
    def updates(self) -> Float[Tensor, " records"]:
        """The updates that were recorded, from 0."""
        return torch.tensor(self._updates, dtype=torch.float64)

    @property
    def norms(self) -> Float[Tensor, "records time"]:
        """‖∂loss/∂h_t‖ at each of them."""
        return torch.stack(self._norms) if self._norms else torch.empty(0, 0, dtype=torch.float64)
