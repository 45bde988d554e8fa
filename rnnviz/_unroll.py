"""Run torch's recurrent modules step by step, with everything in reach that they hide.

Part of :mod:`rnnviz.flow`.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear
from torch.nn.utils.rnn import PackedSequence

from rnnviz._checks import shape_of
from rnnviz._gates import Elman, Gru, Lstm, Tape, Weights

Kind = Elman | Gru | Lstm
CELLS = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)
FUSED = (nn.RNN, nn.GRU, nn.LSTM)


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
    time: int = 0  # the dimension of the outputs that counts the steps


def is_known(module: object) -> bool:
    """Return whether the module is one of torch's own, whose derivative is written out here."""
    return isinstance(module, FUSED + CELLS)


def unroll(module: Callable, inputs: Tensor, state: object) -> Unrolled:
    """Run a module over the inputs; raise ValueError where it or they do not fit."""
    if isinstance(module, FUSED):
        return _fused(module, inputs, state)
    if isinstance(module, CELLS):
        return _cell(module, inputs, state)
    if not callable(module):
        raise ValueError(
            "module must be an nn.RNN, nn.GRU, nn.LSTM, one of their cells or a callable "
            f"(x_t, state) -> state, got {type(module).__name__}"
        )
    return _callable(module, inputs, state)


@contextlib.contextmanager
def as_it_was(module: object, inputs: Tensor) -> Iterator[None]:
    """Leave the random number generators and the module's buffers as they were."""
    _check_inputs(inputs)
    devices = [inputs.device] if inputs.device.type == "cuda" else []
    buffers = dict(module.named_buffers()) if isinstance(module, nn.Module) else {}
    kept = {name: buffer.clone() for name, buffer in buffers.items()}
    try:
        with torch.random.fork_rng(devices), torch.enable_grad():
            yield
    finally:
        with torch.no_grad():
            for name, buffer in buffers.items():
                buffer.copy_(kept[name])


def _kind(module: nn.Module) -> Kind:
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return Lstm()
    if isinstance(module, nn.GRU | nn.GRUCell):
        return Gru()
    return Elman(module.nonlinearity)


def _run(column: Column, x: Tensor) -> Tensor:
    """Run one column over x, shape (time, batch, features); return its h, time first."""
    drive = linear(x, column.weights.W, column.weights.bias_in)  # one product for all steps
    column.states = [()] * len(x)
    column.recurrent, column.tapes = [None] * len(x), [None] * len(x)
    state = column.first
    for k in column.order:
        state, recurrent, tape = column.kind.run(drive[k], state, column.weights)
        column.states[k], column.recurrent[k], column.tapes[k] = state, recurrent, tape
    return torch.stack([h for h, *_ in column.states])


def _fused(module: nn.RNNBase, inputs: Tensor, state: object) -> Unrolled:
    if inputs.ndim not in (2, 3) or inputs.shape[-1] != module.input_size:
        raise ValueError(
            f"inputs must have shape (time, batch, {module.input_size}), batch_first its own, or "
            f"(time, {module.input_size}), got {shape_of(inputs)}"
        )
    batched = inputs.ndim == 3
    x = inputs.transpose(0, 1) if batched and module.batch_first else inputs
    x = x if batched else x[:, None]
    _check_steps(x)
    ways = 2 if module.bidirectional else 1
    firsts = _first_states(module, x, state, module.num_layers * ways, batched)
    columns = []
    for layer in range(module.num_layers):
        outputs = []
        for way in range(ways):
            name = f"layer {layer}{' reverse' * way}"
            kind, first = _kind(module), tuple(part[len(columns)] for part in firsts)
            columns.append(Column(name, kind, _weights(module, layer, way), first, bool(way)))
            outputs.append(_run(columns[-1], x))
        x = torch.cat(outputs, -1)
        if layer < module.num_layers - 1 and module.dropout:
            x = dropout(x, module.dropout, module.training)
    x = x if batched else x[:, 0]
    if batched and module.batch_first:
        return Unrolled(columns, x.transpose(0, 1), time=1)
    return Unrolled(columns, x)


def _weights(module: nn.RNNBase, layer: int, way: int) -> Weights:
    end = f"l{layer}{'_reverse' * way}"
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    return Weights(*(getattr(module, f"{name}_{end}", None) for name in names))


def _first_states(
    module: nn.RNNBase, x: Tensor, state: object, columns: int, batched: bool
) -> list[Tensor]:
    """Return h_0 (and c_0) of every column, shape (columns, batch, size): leaves of the graph."""
    hidden = module.hidden_size
    sizes = [getattr(module, "proj_size", 0) or hidden]
    sizes += [hidden] if isinstance(module, nn.LSTM) else []
    parts = _parts(state, sizes)
    firsts = []
    for name, part, size in zip(("h_0", "c_0"), parts, sizes, strict=False):
        shape = (columns, x.shape[1], size)
        if part is None:
            part = x.new_zeros(shape)
        wanted = shape if batched else (columns, size)
        if tuple(part.shape) not in (wanted, shape):
            raise ValueError(f"{name} must have shape {wanted}, got {shape_of(part)}")
        firsts.append(part.detach().reshape(shape).requires_grad_())
    return firsts


def _parts(state: object, sizes: list[int]) -> list[Tensor | None]:
    """Return the tensors of a state: as many as the module has, or None for each."""
    if state is None:
        return [None] * len(sizes)
    parts = list(state) if isinstance(state, tuple | list) else [state]
    if len(parts) != len(sizes) or not all(isinstance(part, Tensor) for part in parts):
        wanted = "a tensor h_0" if len(sizes) == 1 else "a pair of tensors (h_0, c_0)"
        raise ValueError(f"state must be {wanted}, got {type(state).__name__} of {len(parts)}")
    return parts


def _cell(module: nn.RNNCellBase, inputs: Tensor, state: object) -> Unrolled:
    if inputs.ndim not in (2, 3) or inputs.shape[-1] != module.input_size:
        raise ValueError(
            f"inputs must have shape (time, batch, {module.input_size}) or "
            f"(time, {module.input_size}), got {shape_of(inputs)}"
        )
    x = inputs if inputs.ndim == 3 else inputs[:, None]
    _check_steps(x)
    sizes = [module.hidden_size] * (2 if isinstance(module, nn.LSTMCell) else 1)
    firsts = []
    for name, part in zip(("h_0", "c_0"), _parts(state, sizes), strict=False):
        shape = (x.shape[1], module.hidden_size)
        part = x.new_zeros(shape) if part is None else part
        if tuple(part.shape) not in (shape, shape[1:] if inputs.ndim == 2 else shape):
            raise ValueError(f"{name} must have shape {shape}, got {shape_of(part)}")
        firsts.append(part.detach().reshape(shape).requires_grad_())
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    weights = Weights(*(getattr(module, name) for name in names))
    column = Column("layer 0", _kind(module), weights, tuple(firsts))
    outputs = _run(column, x)
    return Unrolled([column], outputs if inputs.ndim == 3 else outputs[:, 0])


def _callable(step: Callable, inputs: Tensor, state: object) -> Unrolled:
    _check_steps(inputs)
    parts = tuple(state) if isinstance(state, tuple | list) else (state,)
    if not all(isinstance(part, Tensor) and part.is_floating_point() for part in parts):
        raise ValueError(
            "state must be the first state of the callable: a tensor, or a tuple of tensors, of "
            f"floating-point numbers, got {type(state).__name__}"
        )
    as_given = (lambda new: tuple(new)) if isinstance(state, tuple | list) else (lambda new: (new,))
    first = tuple(part.detach().requires_grad_() for part in parts)
    column, now = Column("state", None, None, first), first
    for k, x in enumerate(inputs):
        new = as_given(step(x, now if isinstance(state, tuple | list) else now[0]))
        shapes = [tuple(part.shape) for part in new if isinstance(part, Tensor)]
        if shapes != [tuple(part.shape) for part in first]:
            wanted = [tuple(part.shape) for part in first]
            raise ValueError(
                f"the callable must return a state of shapes {wanted}, got {shapes} at step {k}"
            )
        now = new
        column.states.append(now)
    return Unrolled([column], torch.stack([h for h, *_ in column.states]))


def _check_inputs(inputs: Tensor) -> None:
    if isinstance(inputs, PackedSequence):
        raise ValueError(
            "inputs must be a padded tensor, got a PackedSequence: unpack it with "
            "torch.nn.utils.rnn.pad_packed_sequence, and pass a loss that reads every sequence "
            "at its own last step"
        )
    if not isinstance(inputs, Tensor) or not inputs.is_floating_point():
        came = str(inputs.dtype) if isinstance(inputs, Tensor) else type(inputs).__name__
        raise ValueError(f"inputs must be a tensor of floating-point numbers, got {came}")


def _check_steps(x: Tensor) -> None:
    if not len(x) or not x.numel():
        raise ValueError(f"inputs must hold at least one step and one entry, got {shape_of(x)}")
    if not x.detach().isfinite().all():
        raise ValueError("inputs must be finite, got NaN or inf")
