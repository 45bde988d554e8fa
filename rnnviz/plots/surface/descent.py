"""Pictures of gradient descent on the error surface."""

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.plots._style import EXPLODES, NEUTRAL, array, grid_image, styled
from rnnviz.surface import Descent


@styled
def descent(
    way: Descent, *, ax: Axes | None = None, label: str | None = None, color: str = EXPLODES
) -> Axes:
    """Draw the way of one descent on a map of w and b, from its start (a ring) on.

    Steps that leave the axes are cut off at their edge; set the limits of the axes first.

    Parameters
    ----------
    way : Descent
        From :func:`rnnviz.surface.descend`, of a single start.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `way` holds a batch of starts.
    """
    if way.w.ndim != 1:
        raise ValueError(f"way must be of one start, got a batch of shape {tuple(way.w.shape[1:])}")
    ax.plot(array(way.w), array(way.b), ".-", color=color, lw=1.5, ms=6, label=label)
    ax.plot(way.w[0].item(), way.b[0].item(), "o", mfc="none", mec=color, mew=2.5, ms=12)
    return ax


@styled
def history(
    way: Descent, *, ax: Axes | None = None, label: str | None = None, color: str = EXPLODES
) -> Axes:
    """Draw the length of the gradient at every update, before clipping, on a logarithmic axis.

    Parameters
    ----------
    way : Descent
        From :func:`rnnviz.surface.descend`; the gradient that flung a single start is marked.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line.

    Returns
    -------
    Axes
    """
    ax.semilogy(array(way.grad_norm), color=color, label=label)
    if way.w.ndim == 1 and way.flung:
        spike = way.flung.item() - 1  # update k uses the gradient after k − 1 updates
        ax.axvline(spike, color=NEUTRAL, ls=":", lw=2)
        place = {"xycoords": ("data", "axes fraction"), "xytext": (8, 0)}
        word = {"textcoords": "offset points", "color": NEUTRAL}
        ax.annotate("flung", (spike, 0.5), **place, **word)
    ax.set_xlabel("updates done")
    ax.set_ylabel("length of the gradient\n(log scale)")
    return ax


@styled
def outcome(
    w: Float[Tensor, " n"],
    b: Float[Tensor, " m"],
    flung: Int[Tensor, "n m"],
    *,
    ax: Axes | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw in which update a descent from each point of a grid was flung; blank where it was not.

    Parameters
    ----------
    w, b : Tensor, shape (n,) and (m,)
        The starts, evenly spaced.
    flung : Tensor of int, shape (n, m)
        ``Descent.flung`` of a descent from every pair of them.
    ax : Axes, optional
        Where to draw; a new figure without it.
    colorbar : bool
        Draw the colour scale beside the map.

    Returns
    -------
    Axes
    """
    update = torch.where(flung > 0, flung.double(), torch.nan)
    image = grid_image(ax, w, b, update.T, cmap="magma", vmin=0)
    ax.set_xlabel("start $w$")
    ax.set_ylabel("start $b$")
    if colorbar:
        ax.figure.colorbar(image, ax=ax).set_label("update in which it is flung")
    return ax
