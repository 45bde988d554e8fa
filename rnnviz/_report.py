"""A report on a recurrent module: where its gradient dies or blows up, why, and what to try.

Part of :mod:`rnnviz.flow`.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rnnviz._jacobian_flow import JacobianFlow, jacobian_flow
from rnnviz._losses import Loss, loss_of
from rnnviz._unroll import Column, as_it_was, unroll
from rnnviz.clipping import Threshold, suggest_threshold

DEAD, BLOWN_UP = 1e-3, 1e3  # a gradient this much smaller or larger than at its source
BIASES = (1.0, 2.0, 3.0, 5.0)  # forget biases to try, in this order
LONGER = 2.0  # something helps if the gradient reaches so many times as far
SAMPLE = 5000  # values of a gate that are kept for its histogram


@dataclass(frozen=True)
class Report:
    """What :func:`rnnviz.flow.report` found. ``print(report)`` gives five lines.

    Attributes
    ----------
    jacobian : JacobianFlow
        Of the last layer, over every lag.
    dies, explodes : int or None
        The first lag at which the norm is below 10⁻³, or above 10³, of what it is at lag 0.
    saturation : dict of str to (float, Tensor)
        By gate: its mean, and a sample of its values for a histogram. For an activation, or the
        candidate of a gate, the slope. Empty for a callable.
    threshold : Threshold or None
        The paper's range, from the gradient norm of this one batch (watch a run with
        :class:`rnnviz.clipping.GradientNormMonitor` for more); None where there is none.
    advice : str
        What helped, as measured on a copy of the module; or that nothing is needed.
    improved : JacobianFlow or None
        Of that copy.
    """

    jacobian: JacobianFlow
    dies: int | None
    explodes: int | None
    saturation: dict[str, tuple[float, Tensor]]
    threshold: Threshold | None
    advice: str
    improved: JacobianFlow | None

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """The five lines."""
        flow, lags = self.jacobian, len(self.jacobian.log_norms) - 1
        last = flow.log_norms[-1].item() / math.log(10)
        reach = "exactly 0" if math.isinf(last) else f"10^{last:.1f}"
        where = f"stays within a factor of 1000 over all {lags} lags"
        if self.dies is not None and (self.explodes is None or self.dies < self.explodes):
            where = f"below a thousandth from lag {self.dies} on: it vanishes"
        elif self.explodes is not None:
            where = f"above a thousandfold at lag {self.explodes}: it explodes"
        half = (
            "never halves"
            if math.isinf(flow.half_life)
            else f"halves in {flow.half_life:.1f} steps"
        )
        gates = ", ".join(f"{name} {mean:.2f}" for name, (mean, _) in self.saturation.items())
        clip = "no parameter has a gradient"
        if self.threshold is not None:
            t = self.threshold
            clip = (
                f"{t.low:.2g} to {t.high:.2g} (half to ten times this batch's norm, {t.mean:.2g})"
            )
        return [
            f"flow:       dh_T/dh_(T-l) {half} (factor {flow.decay:.3f} a step)",
            f"reach:      {where}; at lag {lags} its norm is {reach}",
            f"gates:      {gates or 'not known for a callable'}",
            f"threshold:  {clip}",
            f"try:        {self.advice}",
        ]


def report(
    module: Callable,
    inputs: Float[Tensor, "..."],
    *,
    loss: Loss = None,
    state: object = None,
) -> Report:
    """Say where the gradient of a module dies or explodes, why, and what would help.

    Whatever it advises, it has tried: on a copy of the module, with the same inputs.

    Parameters
    ----------
    module, inputs, loss, state
        As in :func:`rnnviz.flow.gradient_flow`. The loss is used for the clipping threshold.

    Returns
    -------
    Report
        ``rnnviz.plots.flow.report`` draws it.

    Raises
    ------
    ValueError
        As :func:`rnnviz.flow.gradient_flow`.
    """
    flow = jacobian_flow(module, inputs, state=state)
    decades = flow.log_norms / math.log(10)
    dies = _first(decades < math.log10(DEAD))
    explodes = _first(decades > math.log10(BLOWN_UP))
    with as_it_was(module, inputs):
        run = unroll(module, inputs, state)
        threshold = _threshold(module, loss_of(loss, run.outputs, run.time))
        saturation = _saturation(run.columns[-1])
    if explodes is not None and (dies is None or explodes < dies):
        advice, improved = "clip the gradient norm, with a threshold as above", None
    elif dies is None:
        advice, improved = "nothing: the gradient arrives", None
    else:
        advice, improved = _what_helps(module, inputs, state, flow)
    return Report(flow, dies, explodes, saturation, threshold, advice, improved)


def _first(where: Tensor) -> int | None:
    return int(where.nonzero()[0]) if where.any() else None


def _threshold(module: Callable, loss: Tensor) -> Threshold | None:
    if not isinstance(module, nn.Module):
        return None
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not parameters:
        return None
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    norms = [torch.linalg.vector_norm(g.double()).item() for g in found if g is not None]
    norm = math.hypot(*norms)
    return suggest_threshold([norm]) if 0 < norm < math.inf else None


def _saturation(column: Column) -> dict[str, tuple[float, Tensor]]:
    if column.kind is None:
        return {}
    found = [column.kind.saturation(tape) for tape in column.tapes]
    values = {name: torch.cat([step[name].flatten() for step in found]) for name in found[0]}
    return {
        name: (
            value.double().mean().item(),
            value.detach().double()[:: max(1, len(value) // SAMPLE)],
        )
        for name, value in values.items()
    }


def _what_helps(
    module: Callable, inputs: Tensor, state: object, flow: JacobianFlow
) -> tuple[str, JacobianFlow | None]:
    """Try the known remedies on copies; return the first that carries far enough, or the best."""
    best, text = None, ""
    for name, change in _remedies(module):
        changed = copy.deepcopy(module)
        with torch.no_grad():
            change(changed)
        after = jacobian_flow(changed, inputs, state=state)
        if best is None or after.half_life > best.half_life:
            best, text = after, name
        if best.log_norms[-1] > math.log(DEAD):
            break
    if best is None:
        return "no remedy is known for a callable", None
    before, half = f"{flow.half_life:.1f}", best.half_life
    outcome = f"halves in {half:.1f} steps" if math.isfinite(half) else "never halves"
    outcome += f" on a copy (now {before})"
    if half < LONGER * flow.half_life:
        return f"nothing tried helped much; {text}: {outcome}", None
    return f"{text}: {outcome}", best


def _remedies(module: Callable) -> list[tuple[str, Callable[[nn.Module], None]]]:
    """Return names and changes of what is known to help a module of this kind."""
    if isinstance(module, nn.LSTM | nn.LSTMCell | nn.GRU | nn.GRUCell):
        if not module.bias:
            return [("a module with biases", lambda _: None)]
        gate = "forget" if isinstance(module, nn.LSTM | nn.LSTMCell) else "update"
        return [(f"{gate} bias {b:g}", lambda m, b=b: set_gate_bias(m, b)) for b in BIASES]
    if isinstance(module, nn.RNN | nn.RNNCell):
        relu = module.nonlinearity == "relu"
        name = "identity recurrent weights" if relu else "orthogonal recurrent weights"
        return [(name, _set_identity if relu else _set_orthogonal)]
    return []


def _named(module: nn.Module, start: str) -> list[Tensor]:
    return [value for name, value in module.named_parameters() if name.startswith(start)]


def set_gate_bias(module: nn.Module, value: float) -> None:
    """Set the bias that keeps the state: an LSTM's forget gate, a GRU's update gate. In place.

    torch adds two biases, ``bias_ih`` and ``bias_hh``: the first is set to `value`, the second to
    zero, so that their sum is `value`.

    Parameters
    ----------
    module : nn.LSTM, nn.LSTMCell, nn.GRU or nn.GRUCell
        With biases; all its layers are set.
    value : float

    Raises
    ------
    ValueError
        If the module is another one, or has no biases.
    """
    if not isinstance(module, nn.LSTM | nn.LSTMCell | nn.GRU | nn.GRUCell) or not module.bias:
        raise ValueError(f"module must be an LSTM or a GRU with biases, got {module}")
    gate = slice(module.hidden_size, 2 * module.hidden_size)  # the second gate of both kinds
    with torch.no_grad():
        for bias in _named(module, "bias_ih"):
            bias[gate] = value
        for bias in _named(module, "bias_hh"):
            bias[gate] = 0


def _set_orthogonal(module: nn.Module) -> None:
    for weight in _named(module, "weight_hh"):
        generator = torch.Generator().manual_seed(0)
        random = torch.randn(weight.shape, dtype=torch.float64, generator=generator)
        weight.copy_(torch.linalg.qr(random).Q)


def _set_identity(module: nn.Module) -> None:
    for weight in _named(module, "weight_hh"):
        weight.copy_(torch.eye(len(weight)))
    for bias in _named(module, "bias"):
        bias.zero_()
