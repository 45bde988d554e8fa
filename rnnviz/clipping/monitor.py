"""A monitor of the global gradient norm, for any training loop."""

import math
import warnings
from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rnnviz._checks import check_number
from rnnviz.clipping.rule import dense_list, norm_in_units, scaled
from rnnviz.clipping.threshold import Threshold, suggest_threshold

# The monitor's fast way: between SAFE_NORMS float32 loses no square that matters, up to SMALL
# entries its sum is right to 1e-6 (at 40 million 2e-3 are lost), above SAFE_FACTOR it has factors.
SAFE_NORMS, SMALL, SAFE_FACTOR = (1e-15, 1e18), 2**16, 1e-30


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
        unique = {id(parameter): parameter for parameter in dense_list("parameters", parameters)}
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
        if any(gradient.layout != torch.strided for gradient in gradients):
            raise ValueError("gradients must be dense, got a sparse one")
        norms = torch._foreach_norm(gradients, 2, self._norm_dtype)
        unit, relative = 1.0, math.hypot(*map(float, norms))
        fast = SAFE_NORMS[0] < relative < SAFE_NORMS[1]  # else the exact norm, if there is one
        if not fast and all(gradient.isfinite().all() for gradient in gradients):
            unit, relative = norm_in_units(gradients)
        norm = unit * relative
        finite = math.isfinite(relative)  # exactly where every entry is
        clipped = finite and self.threshold is not None and norm >= self.threshold
        if clipped and fast and not self._half and self.threshold / norm > SAFE_FACTOR:
            torch._foreach_mul_(gradients, self.threshold / norm)
        elif clipped:
            for gradient in gradients:
                gradient.copy_(scaled(gradient, unit, self.threshold / relative))
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
