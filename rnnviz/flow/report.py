"""A report on a recurrent module: where its gradient dies or blows up, why, and what to try."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from rnnviz.clipping.threshold import Threshold, suggest_threshold
from rnnviz.flow.jacobian import JacobianFlow, jacobian_of
from rnnviz.flow.layer_run import LayerRun
from rnnviz.flow.loss import Loss, loss_of
from rnnviz.flow.remedies import DEAD, what_helps
from rnnviz.flow.unroll import unroll

BLOWN_UP = 1e3  # a gradient this much larger than at its source
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
        What helped, as measured on a copy of the module; to clip, where the gradient explodes; or
        that nothing is needed.
    improved : JacobianFlow or None
        Of that copy.
    own_loss : bool
        Whether the threshold is for a loss that the user gave.
    """

    jacobian: JacobianFlow
    dies: int | None
    explodes: int | None
    saturation: dict[str, tuple[float, Tensor]]
    threshold: Threshold | None
    advice: str
    improved: JacobianFlow | None
    own_loss: bool = True

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
        lost = _first_lag(self.jacobian.log_norms.isnan() | (self.jacobian.log_norms == math.inf))
        if lost is not None:
            where += f"; beyond the range of floats from lag {lost} on"
            reach = "not known"
        half = f"halves in {flow.half_life:.1f} steps (factor {flow.decay:.3f} a step)"
        if math.isinf(flow.half_life):
            half = f"never halves (factor {flow.decay:.3f} a step)"
        if math.isnan(flow.half_life):
            half = "has no rate that could be measured"
        gates = ", ".join(f"{name} {mean:.2f}" for name, (mean, _) in self.saturation.items())
        clip = "not known: no gradient of a parameter, or not a finite one"
        if self.threshold is not None:
            t = self.threshold
            clip = f"{t.low:.2g} to {t.high:.2g}, half to ten times this batch's norm"
            if not self.own_loss:
                clip += " (of the sum of the last states: pass your loss)"
        return [
            f"flow:       dh_T/dh_(T-l) of {flow.name} {half}",
            f"reach:      {where}; at lag {lags} its norm is {reach}",
            f"gates:      {gates or 'not known for a callable'}",
            f"threshold:  {clip}",
            f"try:        {self.advice}",
        ]


def report(
    module: Callable,
    inputs: Shaped[Tensor, "..."],
    *,
    loss: Loss = None,
    state: object = None,
    layer: int = -1,
) -> Report:
    """Say where the gradient of a module dies or explodes, why, and what would help.

    Where the gradient dies it has tried what it advises, on a copy of the module with the same
    inputs; where it explodes it says to clip.

    Parameters
    ----------
    module, inputs, loss, state
        As in :func:`rnnviz.flow.gradient_flow`. The loss is used for the clipping threshold only,
        which is that of the module's own parameters.
    layer : int
        The column to report on, the last by default; of a bidirectional module the last one is the
        reverse direction.

    Returns
    -------
    Report
        ``rnnviz.plots.flow.report`` draws it.

    Raises
    ------
    ValueError
        As :func:`rnnviz.flow.gradient_flow`.
    """
    with unroll(module, inputs, state) as run:
        one = run.layer(layer)
        flow, saturation = jacobian_of(one), _saturation(one)
        threshold = _threshold(module, loss_of(loss, run.outputs, run.ends))
    decades = flow.log_norms / math.log(10)
    dies = _first_lag(decades < math.log10(DEAD))
    explodes = _first_lag(decades > math.log10(BLOWN_UP))
    if explodes is not None and (dies is None or explodes < dies):
        advice, improved = "clip the gradient norm (GradientNormMonitor, clip_grad_norm_)", None
    elif dies is None:
        advice, improved = "nothing: the gradient arrives", None
    else:
        advice, improved = what_helps(module, inputs, state, layer, flow)
    given = loss is not None
    return Report(flow, dies, explodes, saturation, threshold, advice, improved, given)


def _first_lag(where: Tensor) -> int | None:
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


def _saturation(layer: LayerRun) -> dict[str, tuple[float, Tensor]]:
    if layer.cell is None:
        return {}
    found = {}
    for name, values in layer.cell.saturation(layer.tape()).items():
        values = values.flatten().double()
        found[name] = (values.mean().item(), values[:: max(1, len(values) // SAMPLE)])
    return found
