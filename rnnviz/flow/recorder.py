"""Gradient flow while a module trains."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from rnnviz.flow.gradient import GradientFlow, gradient_flow
from rnnviz.flow.layer_run import check_layer
from rnnviz.flow.loss import Loss


class FlowRecorder:
    """Record the gradient flow of a module every few updates while it trains.

    Parameters
    ----------
    module : nn.RNN, … or callable
        As in :func:`gradient_flow`; it is looked at as it is at each call.
    every : int
        Record at every so manieth call of :meth:`record`, the first included.
    layer : int
        Which column is kept; the last by default.

    Raises
    ------
    ValueError
        If `every` is not a whole number of at least 1.
    """

    def __init__(self, module: Callable, *, every: int = 1, layer: int = -1) -> None:
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every must be a whole number of at least 1, got {every!r}")
        self.module, self.every, self.layer = module, every, layer
        self._calls = 0
        self._updates: list[int] = []
        self._norms: list[Tensor] = []

    def record(
        self, inputs: Shaped[Tensor, "..."], *, loss: Loss = None, state: object = None
    ) -> GradientFlow | None:
        """Call once an update; return the flow if this update was recorded.

        Parameters and errors are those of :func:`gradient_flow`; a ValueError also if the number of
        steps is not that of the first record.
        """
        update, self._calls = self._calls, self._calls + 1
        if update % self.every:
            return None
        found = gradient_flow(self.module, inputs, loss=loss, state=state)
        check_layer(self.layer, len(found.names))
        if self._norms and len(self._norms[0]) != len(found.norms):
            raise ValueError(
                f"inputs must have {len(self._norms[0])} steps as before, got {len(found.norms)}"
            )
        self._updates.append(update)
        self._norms.append(found.norms[:, self.layer])
        return found

    @property
    def updates(self) -> Float[Tensor, " records"]:
        """The updates that were recorded, from 0."""
        return torch.tensor(self._updates, dtype=torch.float64)

    @property
    def norms(self) -> Float[Tensor, "records time"]:
        """‖∂loss/∂h_t‖ at each of them."""
        return torch.stack(self._norms) if self._norms else torch.empty(0, 0, dtype=torch.float64)
