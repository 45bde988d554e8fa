"""Gradient clipping: Algorithm 1, its rival by value, and a monitor for any training loop.

The numbers behind notebook 04. With ĝ all gradients of the network laid end to end,

    if ‖ĝ‖ ≥ threshold:  ĝ ← threshold / ‖ĝ‖ · ĝ

(Pascanu, Mikolov & Bengio 2013, *On the difficulty of training recurrent neural networks*,
Algorithm 1). The step becomes shorter, its direction stays. Norms here are taken in float64
whatever the gradients' dtype: float32's own norm is inf from 1.8e19 on and 0 below 1e-23.
"""

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rnnviz._checks import check_number, check_real, shape_of

Gradients = Iterable[Float[Tensor, "..."]]
# The monitor's fast way: between SAFE_NORMS float32 loses no square that matters, up to SMALL
# entries its sum is right to 1e-6 (at 40 million 2e-3 are lost), above SAFE_FACTOR it has factors.
SAFE_NORMS, SMALL, SAFE_FACTOR = (1e-15, 1e18), 2**16, 1e-30


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


@torch.no_grad()
def clip_by_norm(
    gradients: Gradients, threshold: float
) -> tuple[list[Float[Tensor, "..."]], float]:
    """Clip the norm of all gradients together: Algorithm 1 of Pascanu et al. 2013.

    Parameters
    ----------
    gradients : iterable of Tensor, any shapes and dtypes
        One tensor for each parameter. Left as they are. A generator is used up.
    threshold : float, above 0

    Returns
    -------
    clipped : list of Tensor, shapes and dtypes as given
        New tensors, (threshold / ‖ĝ‖) · g where ‖ĝ‖ ≥ threshold and copies of g elsewhere.
    norm : float
        ‖ĝ‖ before clipping; inf where float64 cannot hold it (the tensors are right still).

    Raises
    ------
    ValueError
        If not all are dense, real and finite, or `threshold` is not a finite number above 0.
    """
    check_number("threshold", threshold, above=0)
    gradients = _as_list("gradients", gradients)
    unit, relative = _norm_in_units(gradients)
    norm = unit * relative
    if norm >= threshold:
        return [_scaled(g, unit, threshold / relative) for g in gradients], norm
    return [gradient.detach().clone() for gradient in gradients], norm


def clip_by_value(gradients: Gradients, limit: float) -> list[Float[Tensor, "..."]]:
    """Clip every entry to [−limit, limit], which in general turns the gradient.

    Parameters
    ----------
    gradients : iterable of Tensor, any shapes and dtypes
        One for each parameter. Left as they are.
    limit : float
        The largest absolute value that passes, above 0.

    Returns
    -------
    list of new Tensors, shapes and dtypes as given

    Raises
    ------
    ValueError
        As :func:`clip_by_norm`, with `limit` for `threshold`.
    """
    check_number("limit", limit, above=0)
    gradients = _as_list("gradients", gradients)
    limits = [min(limit, torch.finfo(gradient.dtype).max) for gradient in gradients]
    return [g.detach().clamp(-c, c) for g, c in zip(gradients, limits, strict=True)]


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
    Threshold : One explosion carries the mean away; look at the histogram too.

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


class GradientNormMonitor:
    """Watch, and clip if asked to, the global gradient norm of any training loop.

    Two lines: ``monitor = GradientNormMonitor(model.parameters(), threshold=1.0)`` before the
    loop, and ``monitor.clip()`` in it between ``backward()`` and ``step()``.

    Parameters
    ----------
    parameters : iterable of Tensor
        Kept in a list, so a generator serves for every update. What comes twice counts once.
    threshold : float, optional
        Clip to this norm, above 0. Without it the gradients are only watched.

    Raises
    ------
    ValueError
        If `parameters` is one tensor or empty (a generator that was used up, say), not all are
        dense, real and finite, or `threshold` is not a finite number above 0.
    """

    def __init__(self, parameters: Iterable[Tensor], threshold: float | None = None) -> None:
        unique = {id(parameter): parameter for parameter in _as_list("parameters", parameters)}
        if not unique:
            raise ValueError("parameters must be at least one, got none: an exhausted generator?")
        self._parameters = list(unique.values())
        check_number("threshold", 1 if threshold is None else threshold, above=0)
        self.threshold = threshold
        self._half = any(p.itemsize < 4 for p in self._parameters)
        native = not self._half and all(p.numel() <= SMALL for p in self._parameters)
        self._norm_dtype = None if native else torch.float64
        self._norms: list[float] = []
        self._clipped: list[bool] = []

    def clip(self) -> float:
        """Record ‖ĝ‖, clip in place by Algorithm 1 if there is a threshold, and return ‖ĝ‖.

        That is the norm *before* clipping. Parameters without a gradient are skipped. A gradient
        that is NaN or inf stays as it is, and a RuntimeWarning names the update. ValueError if no
        parameter has a gradient, or one is sparse.
        """
        gradients = [g for p in self._parameters if (g := p.grad) is not None]
        if not gradients:
            raise ValueError("clip() must come after backward(), before zero_grad(): got no grad")
        if any(gradient.requires_grad for gradient in gradients):  # made with create_graph=True
            gradients = [gradient.detach() for gradient in gradients]
        try:
            norms = torch._foreach_norm(gradients, 2, self._norm_dtype)
        except NotImplementedError:
            raise ValueError("gradients must be dense, got a sparse one") from None
        unit, relative = 1.0, math.hypot(*map(float, norms))
        fast = SAFE_NORMS[0] < relative < SAFE_NORMS[1]  # else the exact norm, if there is one
        if not fast and all(gradient.isfinite().all() for gradient in gradients):
            unit, relative = _norm_in_units(gradients)
        norm = unit * relative
        finite = math.isfinite(relative)  # exactly where every entry is
        clipped = finite and self.threshold is not None and norm >= self.threshold
        if clipped and fast and not self._half and self.threshold / norm > SAFE_FACTOR:
            torch._foreach_mul_(gradients, self.threshold / norm)
        elif clipped:
            for gradient in gradients:
                gradient.copy_(_scaled(gradient, unit, self.threshold / relative))
        if not finite:
            message = (
                f"the gradient norm of update {len(self._norms)} (from 0) is {norm}: not clipped"
            )
            warnings.warn(message, RuntimeWarning, stacklevel=2)
        self._norms.append(norm)
        self._clipped.append(clipped)
        return norm

    @property
    def norms(self) -> Float[Tensor, " updates"]:
        """‖ĝ‖ before clipping, one for each call of :meth:`clip`, float64."""
        return torch.tensor(self._norms, dtype=torch.float64)

    @property
    def clipped(self) -> Bool[Tensor, " updates"]:
        """Which updates were clipped: ‖ĝ‖ finite and at least the threshold."""
        return torch.tensor(self._clipped, dtype=torch.bool)

    def suggest(self) -> Threshold:
        """Return :func:`suggest_threshold` of the norms seen so far."""
        return suggest_threshold(self._norms)


def _norm_in_units(gradients: list[Tensor]) -> tuple[float, float]:
    """Return a power of two u and ‖ĝ‖ / u in a range where squares neither under- nor overflow."""
    largest = max((float(g.abs().max()) for g in gradients if g.numel()), default=0.0)
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1)  # unit ≤ largest < 2 unit; dividing is exact
    norms = [torch.linalg.vector_norm(gradient.double() / unit).item() for gradient in gradients]
    return unit, math.hypot(*norms)


def _scaled(gradient: Tensor, unit: float, factor: float) -> Tensor:
    """Return (gradient / unit) · factor, rounded once to the gradient's dtype."""
    return (gradient.detach().double() / unit * factor).to(gradient.dtype)


def _as_list(name: str, tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return the tensors in a list; raise ValueError unless several, dense, real and finite."""
    if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable):
        raise ValueError(f"{name} must be an iterable of tensors, got one {type(tensors).__name__}")
    tensors = list(tensors)
    for i, tensor in enumerate(tensors):
        if isinstance(tensor, Tensor) and tensor.layout != torch.strided:
            raise ValueError(f"{name}[{i}] must be dense, got {tensor.layout}")
        check_real(**{f"{name}[{i}]": tensor})
    return tensors
