"""What a run of a recurrent module leaves behind. Part of :mod:`rnnviz.flow`."""

from dataclasses import dataclass, field

from torch import Tensor

from rnnviz._checks import shape_of
from rnnviz.flow.cells import Elman, Gru, Lstm, Tape, Weights

Kind = Elman | Gru | Lstm


@dataclass
class Column:
    """One layer in one direction, unrolled: entry k of every list belongs to inputs[k]."""

    name: str
    kind: Kind | None
    weights: Weights | None
    first: tuple[Tensor, ...]
    reverse: bool = False
    states: list[tuple[Tensor, ...]] = field(default_factory=list)
    recurrent: list[Tensor] = field(default_factory=list)
    tapes: list[Tape] = field(default_factory=list)

    @property
    def order(self) -> range:
        """The steps in the order in which the recurrence runs through them."""
        T = len(self.states)
        return range(T - 1, -1, -1) if self.reverse else range(T)

    def before(self, k: int) -> tuple[Tensor, ...]:
        """Return the state that step k starts from."""
        at = k + 1 if self.reverse else k - 1
        return self.states[at] if 0 <= at < len(self.states) else self.first


@dataclass
class Unrolled:
    """What a module did: its columns (layer by layer, forward before reverse) and its outputs."""

    columns: list[Column]
    outputs: Tensor
    ends: list[Tensor]  # the last state of each direction of the last layer


def check_steps(x: Tensor) -> None:
    if not len(x) or not x.numel():
        raise ValueError(f"inputs must hold at least one step and one entry, got {shape_of(x)}")
    if not x.detach().isfinite().all():
        raise ValueError("inputs must be finite, got NaN or inf")
