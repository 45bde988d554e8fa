"""The error surface of the one-unit network, and gradient descent on it."""

from rnnviz.surface.grid import (
    CUSP,
    Descent,
    ErrorSurface,
    FixedPoints,
    descend,
    error_surface,
    error_surfaces,
    fixed_points,
    folds,
    wall,
)

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
