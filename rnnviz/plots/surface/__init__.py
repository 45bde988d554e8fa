"""Pictures for the error surface of the one-unit network (Pascanu et al. 2013, Figure 6)."""

from rnnviz.plots.surface.grid import (
    basins,
    bifurcation,
    contour,
    descent,
    history,
    landscape,
    outcome,
    return_map,
    staircase,
    wall,
)

__all__ = [
    "basins",
    "bifurcation",
    "contour",
    "descent",
    "history",
    "landscape",
    "outcome",
    "return_map",
    "staircase",
    "wall",
]
