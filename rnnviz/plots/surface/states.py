"""Pictures of where the states of the one-unit network go: the reason for the wall."""

import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.plots._style import EXPLODES, NEUTRAL, VANISHES, array, grid_image, styled
from rnnviz.surface import FixedPoints

UNSTABLE = "--"


@styled
def return_map(
    x: Float[Tensor, " n"],
    following: Float[Tensor, " n"],
    points: FixedPoints,
    *,
    states: Float[Tensor, " steps_plus_1"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one step of the network, x_t against x_{t−1}, and its fixed points on the diagonal.

    Parameters
    ----------
    x, following : Tensor, shape (n,)
        States, ascending, and the state one step after each.
    points : FixedPoints
        From :func:`rnnviz.surface.fixed_points`; filled where stable, open where not.
    states : Tensor, shape (steps+1,), optional
        x_0 … x_T, drawn as the staircase between the curve and the diagonal.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    ax.plot(array(x), array(x), color=NEUTRAL, lw=1.5)
    ax.plot(array(x), array(following), color=VANISHES, label=r"$w\,\sigma(x) + b$")
    if states is not None:
        ax.plot(*map(array, staircase(states)), color=EXPLODES, lw=1.5, label="from $x_0$")
    for stable, face, name in ((True, "black", "stable"), (False, "white", "unstable")):
        at = array(points.x[points.stable == stable])
        ax.plot(at, at, "o", mfc=face, mec="black", mew=2, ms=10, label=name, zorder=3)
    ax.set_xlabel("$x_{t-1}$")
    ax.set_ylabel("$x_t$")
    return ax


def staircase(
    states: Float[Tensor, " steps_plus_1"],
) -> tuple[Float[Tensor, " corners"], Float[Tensor, " corners"]]:
    """Return the corners of the staircase through the states: (x_0, x_0), (x_0, x_1), (x_1, x_1).

    Parameters
    ----------
    states : Tensor, shape (steps+1,)
        x_0 … x_T.

    Returns
    -------
    across, up : Tensor, shape (2 steps + 1,)
    """
    across = states.repeat_interleave(2)[:-1]
    up = torch.cat([states[:1], states[1:].repeat_interleave(2)])
    return across, up


@styled
def bifurcation(
    b: Float[Tensor, " n"],
    x: Float[Tensor, " n"],
    stable: Bool[Tensor, " n"],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the fixed points against the bias: stable ones solid, unstable ones dashed.

    Parameters
    ----------
    b, x : Tensor, shape (n,)
        Biases and a fixed point of the network with that bias, ordered along the curve.
    stable : Tensor of bool, shape (n,)
        Whether that point is stable.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    for kind, style, name in ((stable, "-", "stable"), (~stable, UNSTABLE, "unstable")):
        # A gap where the kind changes, so that no line joins the two stable branches.
        branch = torch.where(kind, x, torch.nan)
        ax.plot(array(b), array(branch), style, color="black", label=f"{name} fixed point")
    ax.set_xlabel("bias $b$")
    ax.set_ylabel("state $x$")
    return ax


@styled
def basins(
    b: Float[Tensor, " m"],
    x0: Float[Tensor, " n"],
    last: Float[Tensor, "n m"],
    *,
    ax: Axes | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw where the network ends for every bias and first state: its basins of attraction.

    Parameters
    ----------
    b : Tensor, shape (m,)
        Biases, evenly spaced.
    x0 : Tensor, shape (n,)
        First states, evenly spaced.
    last : Tensor, shape (n, m)
        The state after many steps; row i started at x0[i], column j has the bias b[j].
    ax : Axes, optional
        Where to draw; a new figure without it.
    colorbar : bool
        Draw the colour scale beside the map.

    Returns
    -------
    Axes
    """
    image = grid_image(ax, b, x0, last, cmap="cividis", alpha=0.75)
    ax.set_xlabel("bias $b$")
    ax.set_ylabel("first state $x_0$")
    if colorbar:
        ax.figure.colorbar(image, ax=ax).set_label("state at the end")
    return ax
