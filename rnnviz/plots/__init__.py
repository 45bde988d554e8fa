"""Pictures of the numbers: each function takes a result and an Axes, and computes nothing.

``plots.bptt.norm_table(log_norms, ax=ax)`` draws on `ax` and returns it; without `ax` it makes a
figure. Nothing here calls ``plt.show``, and matplotlib's own settings are left as they were: the
style of the course holds inside these functions and inside :func:`figure` only, until
:func:`use_style` asks for more.
"""

from rnnviz.plots import bptt, clipping, flow, growth, surface, unrolled
from rnnviz.plots._style import (
    EXPLODES,
    LOG10,
    NEUTRAL,
    OTHERS,
    VANISHES,
    array,
    figure,
    style,
    tone,
    use_style,
)

__all__ = [
    "EXPLODES",
    "LOG10",
    "NEUTRAL",
    "OTHERS",
    "VANISHES",
    "array",
    "bptt",
    "clipping",
    "figure",
    "flow",
    "growth",
    "style",
    "surface",
    "tone",
    "unrolled",
    "use_style",
]
