"""Pictures for gradient clipping: what a monitor saw, with the threshold in it."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.clipping import GradientNormMonitor
from rnnviz.plots._style import EXPLODES, NEUTRAL, VANISHES, array, styled


@styled
def history(
    norms: Float[Tensor, " updates"],
    clipped: Bool[Tensor, " updates"],
    *,
    threshold: float | None = None,
    ax: Axes | None = None,
    label: str | None = None,
) -> Axes:
    """Draw the gradient norm before clipping at every update, those clipped marked.

    Parameters
    ----------
    norms : Tensor, shape (updates,)
        ``GradientNormMonitor.norms``; what is not finite leaves a gap.
    clipped : Tensor of bool, shape (updates,)
        ``GradientNormMonitor.clipped``.
    threshold : float, optional
        Drawn as a dashed line.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label : str, optional
        Of the line of norms.

    Returns
    -------
    Axes
    """
    updates = torch.arange(len(norms))
    ax.semilogy(array(updates), array(norms), color=VANISHES, lw=1.5, label=label)
    marked = {"color": EXPLODES, "ms": 6, "label": "clipped"}
    ax.semilogy(array(updates[clipped]), array(norms[clipped]), "o", **marked)
    if threshold is not None:
        ax.axhline(threshold, color=NEUTRAL, ls="--", lw=2, label=f"threshold {threshold:g}")
    ax.set_xlabel("update")
    ax.set_ylabel("gradient norm\nbefore clipping (log scale)")
    return ax


@styled
def histogram(
    norms: Float[Tensor, " updates"],
    *,
    threshold: float | None = None,
    bins: int = 40,
    ax: Axes | None = None,
    color: str = VANISHES,
) -> Axes:
    """Draw how often which gradient norm occurred, in bins of equal ratio.

    Parameters
    ----------
    norms : Tensor, shape (updates,)
        ``GradientNormMonitor.norms``; what is not finite or zero is left out.
    threshold : float, optional
        Drawn as a dashed line.
    bins : int
        How many.
    ax : Axes, optional
        Where to draw; a new figure without it.
    color : str
        Of the bars.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no norm is finite and above 0.
    """
    drawn, edges = _binned(norms, bins)
    ax.set_xscale("log")
    ax.hist(array(drawn), bins=array(edges), color=color)
    if threshold is not None:
        ax.axvline(threshold, color=NEUTRAL, ls="--", lw=2, label=f"threshold {threshold:g}")
    ax.set_xlabel("gradient norm before clipping (log scale)")
    ax.set_ylabel("updates")
    return ax


@styled
def monitor(watched: GradientNormMonitor, *, ax: Axes | None = None) -> Axes:
    """Draw what a monitor has seen: the history, with the histogram at its right edge.

    Parameters
    ----------
    watched : GradientNormMonitor
        After some updates; its threshold is drawn where it has one.
    ax : Axes, optional
        Where to draw; a new figure without it. The histogram takes a quarter of its width.

    Returns
    -------
    Axes
        That of the history; the histogram's is ``ax.child_axes[0]``.

    Raises
    ------
    ValueError
        If no norm that it has seen is finite and above 0.
    """
    drawn, edges = _binned(watched.norms, 30)
    history(watched.norms, watched.clipped, threshold=watched.threshold, ax=ax)
    beside = ax.inset_axes([1.03, 0, 0.3, 1], sharey=ax)
    beside.hist(array(drawn), bins=array(edges), color=VANISHES, orientation="horizontal")
    if watched.threshold is not None:
        beside.axhline(watched.threshold, color=NEUTRAL, ls="--", lw=2)
    beside.tick_params(which="both", labelleft=False)
    beside.set_xlabel("updates")
    return ax


@styled
def learned(
    counts: Int[Tensor, "rates thresholds"],
    rates: Sequence[float],
    thresholds: Sequence[float],
    *,
    of: int,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many networks learned at each learning rate and threshold, as a table of squares.

    Parameters
    ----------
    counts : Tensor of int, shape (rates, thresholds)
        How many learned.
    rates, thresholds : sequence of float
        The learning rates, drawn upwards, and the thresholds, drawn from left to right in the
        order of their size; inf is no clipping.
    of : int
        How many networks there were at each.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    across = sorted(range(len(thresholds)), key=lambda k: thresholds[k])
    up = sorted(range(len(rates)), key=lambda k: rates[k])
    table = counts[up][:, across]
    ax.imshow(array(table), origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=of)
    for row, counts_of_rate in enumerate(table.tolist()):
        for column, count in enumerate(counts_of_rate):
            color = "white" if count < of / 2 else "black"
            ax.text(column, row, f"{count} of {of}", color=color, ha="center", va="center")
    names = ["none" if math.isinf(thresholds[k]) else f"{thresholds[k]:g}" for k in across]
    ax.set_xticks(range(len(across)), names)
    ax.set_yticks(range(len(up)), [f"{rates[k]:g}" for k in up])
    ax.grid(False)
    ax.set_xlabel("threshold")
    ax.set_ylabel("learning rate")
    return ax


def _binned(norms: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """Return the norms that a logarithmic axis can show, and the edges of bins of equal ratio."""
    drawn = norms[norms.isfinite() & (norms > 0)]
    if not len(drawn):
        raise ValueError(f"norms must hold a finite number above 0, got none in {len(norms)}")
    low, high = drawn.log10().aminmax()
    return drawn, torch.logspace(low - 0.01, high + 0.01, bins + 1)
