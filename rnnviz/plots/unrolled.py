"""The unrolled network, drawn with the symbols of the course."""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from rnnviz.plots._style import EXPLODES, NEUTRAL, OTHERS, VANISHES, styled

Point = tuple[float, float]
BOX = 0.4  # half the width of a box, where the distance of two steps is 2


@styled
def unrolled(*, ax: Axes | None = None, last: str = "t", backward: bool = False) -> Axes:
    """Draw the network unrolled in time: inputs below, outputs above, the state from left to right.

    Parameters
    ----------
    ax : Axes, optional
        Where to draw; a new figure without it.
    last : str
        The symbol of the last step drawn.
    backward : bool
        Also draw the way of the gradient from the last error back through the states.

    Returns
    -------
    Axes
    """
    columns = [("0", 0.0), ("1", 2.0), ("2", 4.0), (f"{last}-1", 7.0), (last, 9.0)]
    ax.set_xlim(-0.6, 11.6 if backward else 9.6)
    ax.set_ylim(-2.15, 2.15)
    ax.set_aspect("equal")
    ax.axis("off")
    for name, x in columns:
        _box(ax, x, 0, f"$h_{{{name}}}$", VANISHES)
        if name != "0":
            _box(ax, x, -1.6, f"$x_{{{name}}}$", NEUTRAL)
            _box(ax, x, 1.6, f"$y_{{{name}}}$", OTHERS[0])
            _arrow(ax, (x, -1.6 + BOX), (x, -BOX), "$W_I$", (0.12, -0.12), "left")
            _arrow(ax, (x, BOX), (x, 1.6 - BOX), "$W_O$", (-0.12, 0), "right")
    for (_, x), (_, following) in pairwise(columns):
        if following - x > 2:
            ax.text((x + following) / 2, 0, "· · ·", ha="center", va="center", fontsize=20)
            continue
        _arrow(ax, (x + BOX, 0), (following - BOX, 0), "$W_R$", (0, 0.24), "center")
    if backward:
        _way_back(ax, columns)
    return ax


def _box(ax: Axes, x: float, y: float, text: str, color: str) -> None:
    corner = (x - BOX, y - BOX)
    style = "round,pad=0,rounding_size=0.1"
    ax.add_patch(
        FancyBboxPatch(corner, 2 * BOX, 2 * BOX, boxstyle=style, fc="white", ec=color, lw=2)
    )
    ax.text(x, y, text, ha="center", va="center", color=color, fontsize=14)


def _arrow(ax: Axes, start: Point, end: Point, text: str, shift: Point, ha: str) -> None:
    arrow = {"arrowstyle": "-|>", "lw": 1.8, "color": NEUTRAL, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=arrow)
    x, y = (start[0] + end[0]) / 2 + shift[0], (start[1] + end[1]) / 2 + shift[1]
    ax.text(x, y, text, ha=ha, va="center", fontsize=13)


def _way_back(ax: Axes, columns: list[tuple[str, float]]) -> None:
    """Draw the error beside the last output, and the gradient's way back below the states."""
    arrow = {"arrowstyle": "-|>", "lw": 2.5, "color": EXPLODES, "shrinkA": 0, "shrinkB": 0}
    name, last = columns[-1]
    word = {"color": EXPLODES, "fontsize": 13}
    ax.text(last + 2.15, 1.6, f"$E_{name}$", ha="center", va="center", color=EXPLODES, fontsize=16)
    ax.annotate("", (last + BOX + 0.05, 1.6), (last + 1.8, 1.6), arrowprops=arrow)
    ax.text(last + 1.15, 1.75, rf"$\partial E_{name}/\partial y_{name}$", ha="center", **word)
    ax.annotate("", (last + 0.22, BOX + 0.05), (last + 0.22, 1.55 - BOX), arrowprops=arrow)
    ax.text(last + 0.4, 0.8, rf"$\partial y_{name}/\partial h_{name}$", va="center", **word)
    bend = arrow | {"connectionstyle": "arc3,rad=-0.35"}
    for (before, x), (name, following) in pairwise(columns):
        below = -BOX - 0.05
        # Over the dots the arrow stands for many: dotted.
        style = {"ls": "-" if following - x == 2 else (0, (1, 1.5))}
        ax.annotate("", (x + 0.2, below), (following - 0.2, below), arrowprops=bend | style)
        if following - x == 2:
            label = rf"$\partial h_{{{name}}}/\partial h_{{{before}}}$"
            ax.text((x + following) / 2 + 0.08, -1.14, label, ha="center", **word)
