"""Sliders for notebook 04."""

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz import clipping, plots
from rnnviz.plots import array
from rnnviz.widgets.panel import Canvas, Panel, log_slider


def threshold(norms: Float[Tensor, " updates"], threshold: float | None = None) -> Panel:
    """Return a slider over the threshold, on gradient norms that a monitor has recorded.

    Parameters
    ----------
    norms : Tensor, shape (updates,)
        ``GradientNormMonitor.norms``: global norms before clipping.
    threshold : float, optional
        Where the slider starts; by default at the average norm.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        As :func:`rnnviz.clipping.suggest_threshold`.
    """
    advice = clipping.suggest_threshold(norms)
    start = advice.mean if threshold is None else threshold
    finite = norms[norms.isfinite() & (norms > 0)].log10()
    # Room for the recommended range and for every norm, in whole decades.
    ends = torch.cat([finite, torch.tensor([advice.low, advice.high, start]).log10().to(finite)])
    low, high = ends.min().floor().item(), ends.max().ceil().item()
    with plots.style():
        figure, (bars, time) = plots.figure(2, width=11, detached=True)
        plots.clipping.histogram(norms, threshold=start, ax=bars)
        plots.clipping.history(norms, norms >= start, threshold=start, ax=time)
        bars.set(xlim=(10**low, 10**high))
        time.set(ylim=(10**low, 10**high))
    upright, (_, marks, level) = bars.lines[0], time.lines

    def update(threshold: float) -> str:
        clipped = norms.isfinite() & (norms >= threshold)
        upright.set_xdata([threshold, threshold])
        level.set_ydata([threshold, threshold])
        marks.set_data(array(clipped.nonzero()[:, 0]), array(norms[clipped]))
        return (
            f"threshold {threshold:.3g}: {int(clipped.sum())} of {len(norms)} updates clipped; "
            f"the heuristic says {advice.low:.3g} to {advice.high:.3g}"
        )

    controls = {"threshold": log_slider("threshold", start, low, high)}
    return Panel(controls, Canvas(figure, [upright, marks, level]), update)
