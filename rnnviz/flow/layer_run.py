"""What a run of a recurrent module, step by step, leaves behind."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from rnnviz.flow.cells import Cell, Tape, Weights


def check_layer(number: int, count: int) -> None:
    """Raise ValueError unless there is a layer of that number, counted from the end if negative."""
    whole = isinstance(number, int) and not isinstance(number, bool)
    if not whole or not -count <= number < count:
        raise ValueError(f"layer must be −{count} to {count - 1}, got {number!r}")


@dataclass
class LayerRun:
    """One layer in one direction: entry k of every list belongs to inputs[k].

    `cell` and `weights` are None for a callable, whose derivative is autograd's business.
    """

    name: str
    cell: Cell | None
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

    def tape(self) -> Tape:
        """Return the tape of all steps in one, without a graph: tensors of shape (T, batch, H)."""
        return tuple(torch.stack(part).detach() for part in zip(*self.tapes, strict=True))

    def double_tape(self) -> Tape:
        """Return that tape in float64."""
        return tuple(part.double() for part in self.tape())

    def double_weights(self) -> Weights:
        """Return the weights in float64, without a graph."""
        return self.weights.map(lambda weight: weight.detach().double())


@dataclass
class Unrolled:
    """What a module did: its layers (lower before upper, forward before reverse) and outputs."""

    layers: list[LayerRun]
    outputs: Tensor
    ends: list[Tensor]  # the last state of each direction of the last layer

    def layer(self, number: int) -> LayerRun:
        """Return one of the layers; raise ValueError where there is none of that number."""
        check_layer(number, len(self.layers))
        return self.layers[number]
