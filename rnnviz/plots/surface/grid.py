"""Pictures of the error on its grid of weights and biases."""

from functools import partial

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.plots._style import array, grid_image, styled
from rnnviz.surface import ErrorSurface

# A 3-D surface is slow to draw; so many points in each direction are enough to see.
FACETS = 50


@partial(styled, projection="3d")
def landscape(surface: ErrorSurface, *, ax: Axes | None = None) -> Axes:
    """Draw the error as a surface over w and b in three dimensions, as the published figure does.

    Parameters
    ----------
    surface : ErrorSurface
        From :func:`rnnviz.surface.error_surface`; at most 50 × 50 of its points are drawn.
    ax : Axes3D, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes3D
    """
    w, b = surface.w[:, None].expand_as(surface.error), surface.b.expand_as(surface.error)
    look = {"cmap": "viridis", "vmin": 0, "rcount": FACETS, "ccount": FACETS, "linewidth": 0}
    ax.plot_surface(array(w), array(b), array(surface.error), **look)
    ax.set_xlabel("weight $w$", labelpad=12)
    ax.set_ylabel("bias $b$", labelpad=12)
    ax.set_zlabel("error $E$", labelpad=10)
    ax.locator_params(nbins=4)
    ax.view_init(25, -55)  # the wall seen from the front
    ax.set_box_aspect((1, 1, 0.6), zoom=1.1)
    return ax


@styled
def contour(
    surface: ErrorSurface,
    *,
    ax: Axes | None = None,
    limit: float | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the error as a map of w and b; the wall is where the colour jumps.

    Parameters
    ----------
    surface : ErrorSurface
        From :func:`rnnviz.surface.error_surface`, on evenly spaced w and b.
    ax : Axes, optional
        Where to draw; a new figure without it.
    limit : float, optional
        The error at the end of the colour scale; by default the largest on the grid.
    colorbar : bool
        Draw the colour scale beside the map.

    Returns
    -------
    Axes
    """
    look = {"cmap": "viridis", "vmin": 0, "vmax": limit}
    image = grid_image(ax, surface.w, surface.b, surface.error.T, **look)
    ax.set_xlabel("weight $w$")
    ax.set_ylabel("bias $b$")
    if colorbar:
        ax.figure.colorbar(image, ax=ax, extend="max" if limit else "neither").set_label(
            "error $E$"
        )
    return ax


@styled
def wall(
    w: Float[Tensor, " n"],
    b: Float[Tensor, " n"],
    *,
    ax: Axes | None = None,
    label: str | None = None,
) -> Axes:
    """Draw the analytic wall on a map of w and b.

    Parameters
    ----------
    w, b : Tensor, shape (n,)
        Weights, and the bias of the wall at each from :func:`rnnviz.surface.wall`; where that is
        NaN there is no wall and no line.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label : str, optional
        Of the line.

    Returns
    -------
    Axes
    """
    ax.plot(array(w), array(b), "--", color="white", lw=2, label=label)
    return ax
