"""Repeated multiplication: the scalar poster 1.01^365, and the same thing for a matrix.

The numbers behind notebook 01. A factor a little above or below one, applied often, explodes or
vanishes; for a matrix the role of the factor is played by its eigenvalues in the long run and by
its singular values in a single step.
"""

from dataclasses import dataclass
from numbers import Real

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from rnnviz._checks import check_count, check_real, check_square
from rnnviz.products import chain_log_norms


@dataclass(frozen=True)
class MatrixGrowth:
    r"""How the powers of a matrix M grow.

    Attributes
    ----------
    log_norms : Tensor, shape (steps+1,)
        ln‖M^k‖₂ for k = 0 … steps; −inf where M^k is zero. Right also where M^k itself would
        underflow or overflow.
    eigenvalues : Tensor, shape (n,), complex
        λ of M, in no particular order.
    spectral_radius : float
        ρ(M) = max \\|λ\\|, the growth factor a step in the long run (Gelfand: ρ = lim ‖M^k‖^(1/k)).
    spectral_norm : float
        σ_max(M) = ‖M‖₂, the most that one step can stretch a vector.
    """

    log_norms: Float[Tensor, " steps_plus_1"]
    eigenvalues: Complex[Tensor, " size"]
    spectral_radius: float
    spectral_norm: float

    @property
    def norms(self) -> Float[Tensor, " steps_plus_1"]:
        """‖M^k‖₂ for k = 0 … steps; 0 or inf where float64 cannot hold it."""
        return self.log_norms.exp()


def compound(factor: float | Float[Tensor, ""], steps: int) -> Float[Tensor, " steps_plus_1"]:
    """Return factor⁰, factor¹, …, factor^steps.

    Parameters
    ----------
    factor : float or 0-d Tensor
        What is multiplied again and again. A tensor keeps its dtype, so that float32 can be shown
        giving up; a Python number is taken as float64.
    steps : int
        The largest exponent, at least 0.

    Returns
    -------
    Tensor, shape (steps+1,)
        Entry k is factor^k, multiplied out one step at a time as a recurrence does.

    Raises
    ------
    ValueError
        If `factor` is not one finite number or `steps` is not an integer of at least 0.

    Examples
    --------
    >>> round(compound(1.01, 365)[-1].item(), 3)
    37.783
    """
    check_count("steps", steps)
    if isinstance(factor, Real) and not isinstance(factor, bool):
        factor = torch.tensor(float(factor), dtype=torch.float64)
    if not isinstance(factor, Tensor):
        raise ValueError(f"factor must be a number or a 0-d tensor, got {type(factor).__name__}")
    check_real(factor=factor)
    if factor.ndim != 0:
        raise ValueError(f"factor must be one number, got shape {tuple(factor.shape)}")
    powers = [torch.ones_like(factor)]
    for _ in range(steps):  # cumprod carries float32 in float64, which no recurrence does
        powers.append(powers[-1] * factor.detach())
    return torch.stack(powers)


def matrix_growth(matrix: Float[Tensor, "size size"], steps: int) -> MatrixGrowth:
    """Measure ‖M^k‖₂ for k = 0 … steps, beside ρ(M) and σ_max(M).

    For every k, ρ(M)^k ≤ ‖M^k‖₂ ≤ σ_max(M)^k. A normal matrix meets both bounds; a non-normal one
    can grow for a while although ρ < 1 (Trefethen & Embree, *Spectra and Pseudospectra*, 2005).

    Parameters
    ----------
    matrix : Tensor, shape (n, n)
        M, real.
    steps : int
        The largest power, at least 0.

    Returns
    -------
    MatrixGrowth
        Computed in float64 whatever the dtype of `matrix`.

    Raises
    ------
    ValueError
        If `matrix` is not square or not finite, or `steps` is not an integer of at least 0.
    """
    check_count("steps", steps)
    check_real(matrix=matrix)
    size = check_square("matrix", matrix)
    matrix = matrix.detach().double()
    eigenvalues = torch.linalg.eigvals(matrix)
    return MatrixGrowth(
        log_norms=chain_log_norms(matrix.expand(steps, size, size), ord=2),
        eigenvalues=eigenvalues,
        spectral_radius=eigenvalues.abs().max().item(),
        spectral_norm=torch.linalg.matrix_norm(matrix, ord=2).item(),
    )
