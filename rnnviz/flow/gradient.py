"""The gradient of one loss at every state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from rnnviz.flow.layer_run import LayerRun
from rnnviz.flow.loss import Loss, loss_of
from rnnviz.flow.unroll import unroll
from rnnviz.products import CANCELLATION


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
        LSTM, or a callable whose state has a second part; else None.
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
        if not (0 <= step < steps and -layers <= layer < layers):
            raise ValueError(
                f"step must be 0 to {steps - 1} and layer −{layers} to {layers - 1}, got {step}, "
                f"{layer}"
            )
        deltas, before = self._factors[layer]
        return deltas[step].mT @ before[step]


def gradient_flow(
    module: Callable,
    inputs: Shaped[Tensor, "..."],
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
        ``batch_first`` and inputs without a batch are read as the module reads them. Tokens must
        be embedded first.
    loss : callable, "last", "every" or None
        From the outputs, in the module's own layout, to one number. ``"last"`` and None: the sum of
        the last state of each direction, which for the reverse one is that of the first step;
        ``"every"``: of all outputs.
    state : Tensor or pair of Tensors, optional
        h_0, or (h_0, c_0), as the module takes it; zero by default. A callable needs one.

    Returns
    -------
    GradientFlow

    Raises
    ------
    ValueError
        If the module, the inputs or the state do not fit, the inputs are packed or not finite, or
        the loss is not one number that depends on the outputs; also if a state is not finite.

    Examples
    --------
    Of a language model, hand over the recurrent part, and put the rest into the loss::

        def loss(outputs):
            return cross_entropy(model.head(outputs).flatten(0, 1), targets.flatten())

        flow = gradient_flow(model.lstm, model.embedding(tokens), loss=loss)
    """
    with unroll(module, inputs, state) as run:
        value = loss_of(loss, run.outputs, run.ends)
        wanted = [t for layer in run.layers for t in _wanted(layer)]
        gradients = torch.autograd.grad(value, wanted, allow_unused=True)
    zero_for_none = [
        torch.zeros_like(t) if g is None else g for t, g in zip(wanted, gradients, strict=True)
    ]
    return _collect(run.layers, iter(zero_for_none), value.item())


def _wanted(layer: LayerRun) -> list[Tensor]:
    return [*(part for state in layer.states for part in state), *layer.recurrent]


def _collect(layers: list[LayerRun], gradients: Iterator[Tensor], loss: float) -> GradientFlow:
    h_norms, c_norms, terms, factors = [], [], [], []
    for layer in layers:
        parts = [[next(gradients) for _ in state] for state in layer.states]
        deltas = [next(gradients) for _ in layer.recurrent]
        before = [layer.before(k)[0].detach() for k in range(len(deltas))]
        h_norms.append(_norms([part[0] for part in parts]))
        if len(parts[0]) > 1:
            c_norms.append(_norms([part[1] for part in parts]))
        if deltas:
            pairs = zip(deltas, before, strict=True)
            terms.append(torch.stack([_norm_of_product(d, h) for d, h in pairs]))
            factors.append((deltas, before))
    stacked = (torch.stack(found, 1) if found else None for found in (h_norms, c_norms, terms))
    return GradientFlow(*stacked, tuple(layer.name for layer in layers), loss, factors)


def _norms(tensors: list[Tensor]) -> Tensor:
    """In float64: the squares of float32 numbers below 1e-23 are zero in float32."""
    return torch.stack([torch.linalg.vector_norm(t.detach().double()) for t in tensors])


def _norm_of_product(delta: Tensor, h: Tensor) -> Tensor:
    """Return ‖δᵀh‖_F, for a small batch from the two Gram matrices over it.

    Each is scaled to order one before, so that no square under- or overflows.
    """
    delta, h = delta.detach().double(), h.double()
    scales = [t.abs().max().clamp_min(torch.finfo(torch.float64).tiny) for t in (delta, h)]
    delta, h = delta / scales[0], h / scales[1]
    if delta.shape[0] <= 32:  # of a larger batch the product itself is less work
        terms = (delta @ delta.mT) * (h @ h.mT)  # ‖δᵀh‖² = Σ_bc (δ_b·δ_c)(h_b·h_c)
        square = terms.sum()
        if square > CANCELLATION * terms.abs().sum():
            return square.sqrt() * scales[0] * scales[1]
    return torch.linalg.matrix_norm(delta.mT @ h) * scales[0] * scales[1]
