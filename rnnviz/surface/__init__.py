"""The error surface of the one-unit network, and gradient descent on it: notebook 03's numbers.

The network is that of Pascanu, Mikolov & Bengio (2013), Figure 6, one unit without input,
x_t = w f(x_{t−1}) + b and E = (f(x_T) − target)², with x_0 = 0.5, T = 50 and the target 0.7.

- ``one_unit``: the recurrence, its derivatives by w and b, and the error
- ``grid``: E and its gradient on a grid, for one horizon T or for every one
- ``fixed_points``: where the network settles, and the folds between which it can at two places
- ``wall``: where x_0 sits on the unstable fixed point between them, in closed form
- ``descent``: gradient descent, plain and clipped
"""

from rnnviz.surface.descent import Descent, descend
from rnnviz.surface.fixed_points import CUSP, FixedPoints, fixed_points, folds
from rnnviz.surface.grid import ErrorSurface, error_surface, error_surfaces
from rnnviz.surface.wall import wall

__all__ = [
    "CUSP",
    "Descent",
    "ErrorSurface",
    "FixedPoints",
    "descend",
    "error_surface",
    "error_surfaces",
    "fixed_points",
    "folds",
    "wall",
]
