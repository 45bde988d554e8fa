"""Which clipping thresholds are worth trying."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rnnviz._checks import shape_of


@dataclass(frozen=True)
class Threshold:
    """Where a clipping threshold may lie.

    Attributes
    ----------
    mean : float
        The average of the finite gradient norms.
    low, high : float
        Half of it and ten times it: the range that the paper recommends.
    non_finite : int
        How many norms were NaN or inf, and left out.
    """

    mean: float
    low: float
    high: float
    non_finite: int


def suggest_threshold(norms: Float[Tensor, " updates"] | Iterable[float]) -> Threshold:
    """Judge from gradient norms seen in training which thresholds are worth trying.

    Pascanu et al. 2013, section 3.2: from half to ten times the average norm over a sufficiently
    large number of updates.

    Parameters
    ----------
    norms : Tensor, shape (updates,), or iterable of float
        Global gradient norms *before* clipping, one for each update.

    Returns
    -------
    Threshold
        One explosion carries the mean away; look at the histogram too.

    Raises
    ------
    ValueError
        If `norms` is not one-dimensional, holds a negative number, or no finite one above 0.
    """
    if not isinstance(norms, Tensor):
        norms = torch.tensor([float(norm) for norm in norms], dtype=torch.float64)
    if norms.ndim != 1:
        raise ValueError(f"norms must have shape (updates,), got {shape_of(norms)}")
    norms = norms.detach().double()
    finite = norms[norms.isfinite()]
    if (norms < 0).any():
        raise ValueError(f"norms must not be negative, got {norms.nan_to_num().min().item()}")
    if not finite.any():
        raise ValueError(f"norms must hold a finite number above 0, got none in {len(norms)}")
    mean = ((finite / finite.max()).mean() * finite.max()).item()  # the sum alone could overflow
    return Threshold(mean, mean / 2, 10 * mean, len(norms) - len(finite))
