"""The one style of the course, and how a drawing function gets it."""

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor

STYLE = mpl.rc_params_from_file(
    Path(__file__).with_name("rnnviz.mplstyle"), use_default_template=False
)

# One meaning, one colour, in every notebook (Okabe and Ito's palette).
VANISHES = "#0072B2"
EXPLODES = "#D55E00"
NEUTRAL = "#555555"
OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9")

P = ParamSpec("P")  # what a drawing function takes: its users see its own signature

LOG10 = math.log(10)  # the numbers are natural logarithms, an axis counts powers of ten


def style() -> AbstractContextManager:
    """Return a context in which matplotlib draws in the style of the course."""
    return mpl.rc_context(STYLE)


def use_style() -> None:
    """Draw everything from here on in the style of the course: for the top of a notebook."""
    mpl.rcParams.update(STYLE)


def tone(growth: float) -> str:
    """Return the colour of what grows (above 0), shrinks (below 0) or does neither."""
    return EXPLODES if growth > 0 else VANISHES if growth < 0 else OTHERS[0]


def array(tensor: Tensor) -> np.ndarray:
    """Return a tensor as matplotlib wants it, from whichever device it is on."""
    return tensor.detach().cpu().numpy()


def grid_image(ax: Axes, across: Tensor, up: Tensor, values: Tensor, **look: object) -> AxesImage:
    """Draw values, shape (up, across), as an image over two evenly spaced axes; return it."""
    extent = [across[0].item(), across[-1].item(), up[0].item(), up[-1].item()]
    image = ax.imshow(array(values), origin="lower", extent=extent, aspect="auto", **look)
    ax.grid(False)
    return image


def styled(draw: Callable[P, Axes], projection: str | None = None) -> Callable[P, Axes]:
    """Run `draw` in the style of the course, with an Axes of a new figure where it got none."""
    signature = inspect.signature(draw)

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axes:
        bound = signature.bind(*args, **kwargs)
        with style():
            if bound.arguments.get("ax") is None:
                bound.arguments["ax"] = plt.figure().add_subplot(projection=projection)
            return draw(*bound.args, **bound.kwargs)

    return drawn


def figure(
    columns: int = 1,
    *,
    width: float = 9.0,
    height: float = 4.5,
    ratios: Sequence[float] | None = None,
    detached: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with a row of Axes in the style of the course.

    Parameters
    ----------
    columns : int
        How many Axes, side by side.
    width, height : float
        Of the figure, in inches (100 pixels to the inch).
    ratios : sequence of float, optional
        The widths of the columns relative to each other.
    detached : bool
        Keep the figure out of pyplot's list, so that no ``plt.show()`` draws it: for widgets.

    Returns
    -------
    Figure, list of Axes
    """
    with style():
        made = (Figure if detached else plt.figure)(figsize=(width, height))
        axes = made.subplots(1, columns, width_ratios=ratios, squeeze=False)
    return made, list(axes[0])
