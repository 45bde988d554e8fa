"""Pictures for the error surface of the one-unit network (Pascanu et al. 2013, Figure 6).

- ``grid``: the error as a map and as a landscape, and the wall on it
- ``descent``: a descent on the map, its gradient's length, and where descents from a grid end
- ``states``: the return map, the basins of the fixed points and where they bifurcate
"""

from rnnviz.plots.surface.descent import descent, history, outcome
from rnnviz.plots.surface.grid import contour, landscape, wall
from rnnviz.plots.surface.states import basins, bifurcation, return_map, staircase

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
