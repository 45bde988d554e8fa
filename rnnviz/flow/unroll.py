"""Run torch's recurrent modules step by step, with everything in reach that they hide.

Part of :mod:`rnnviz.flow`.
"""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear
from torch.nn.utils.rnn import PackedSequence

from rnnviz._checks import shape_of
from rnnviz.flow.callables import unroll_callable
from rnnviz.flow.cells import Elman, Gru, Lstm, Weights
from rnnviz.flow.layer_run import Column, Kind, Unrolled, check_steps

CELLS = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)
FUSED = (nn.RNN, nn.GRU, nn.LSTM)


def is_known(module: object) -> bool:
    """Return whether the module is one of torch's own, whose derivative is written out here."""
    return isinstance(module, FUSED + CELLS)


def unroll(module: Callable, inputs: Tensor, state: object) -> Unrolled:
    """Run a module over the inputs; raise ValueError where it or they do not fit."""
    inputs = inputs.clone() if inputs.is_inference() else inputs
    if is_known(module):
        _check_known(module, inputs)
        run = (_fused if isinstance(module, FUSED) else _cell)(module, inputs, state)
    elif not callable(module) or isinstance(module, type):
        name = f"the class {module.__name__}" if isinstance(module, type) else type(module).__name__
        raise ValueError(
            "module must be an nn.RNN, nn.GRU, nn.LSTM, one of their cells or a callable "
            f"(x_t, state) -> state, got {name}"
        )
    else:
        run = unroll_callable(module, inputs, state)
    for column in run.columns:
        for k in column.order:
            if not all(part.detach().isfinite().all() for part in column.states[k]):
                raise ValueError(
                    f"the state must stay finite, got NaN or inf in {column.name} at step {k}: "
                    "look at the weights, and at states that grow without bound"
                )
    return run


@contextlib.contextmanager
def as_it_was(module: object, inputs: Tensor) -> Iterator[None]:
    """Leave the random number generators and the module's buffers as they were."""
    _check_inputs(inputs)
    devices = [inputs.device] if inputs.device.type == "cuda" else []
    buffers = dict(module.named_buffers()) if isinstance(module, nn.Module) else {}
    kept = {name: buffer.clone() for name, buffer in buffers.items()}
    try:
        graph = torch.enable_grad()
        with torch.inference_mode(False), torch.random.fork_rng(devices), graph:
            yield
    finally:
        with torch.no_grad():
            for name, buffer in buffers.items():
                if not torch.equal(buffer, kept[name]):  # an untouched one may be in a graph
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
    check_steps(x)
    ways = 2 if module.bidirectional else 1
    firsts = _first_states(module, x, state, (module.num_layers * ways,), batched)
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
    ends = [column.states[column.order[-1]][0] for column in columns[-ways:]]
    return Unrolled(columns, x.transpose(0, 1) if batched and module.batch_first else x, ends)


def _weights(module: nn.RNNBase, layer: int, way: int) -> Weights:
    end = f"l{layer}{'_reverse' * way}"
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    return Weights(*(getattr(module, f"{name}_{end}", None) for name in names))


def _first_states(
    module: nn.Module, x: Tensor, state: object, lead: tuple[int, ...], batched: bool
) -> list[Tensor]:
    """Return h_0 (and c_0), of shape (*lead, batch, size): leaves of the graph."""
    hidden = module.hidden_size
    sizes = [getattr(module, "proj_size", 0) or hidden]
    sizes += [hidden] if isinstance(module, nn.LSTM | nn.LSTMCell) else []
    parts = _parts(state, sizes)
    firsts = []
    for name, part, size in zip(("h_0", "c_0"), parts, sizes, strict=False):
        shape = (*lead, x.shape[1], size)
        part = x.new_zeros(shape) if part is None else part
        wanted = shape if batched else (*lead, size)
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
    check_steps(x)
    firsts = _first_states(module, x, state, (), inputs.ndim == 3)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    weights = Weights(*(getattr(module, name) for name in names))
    column = Column("layer 0", _kind(module), weights, tuple(firsts))
    outputs = _run(column, x)
    return Unrolled([column], outputs if inputs.ndim == 3 else outputs[:, 0], [outputs[-1]])


def _check_inputs(inputs: Tensor) -> None:
    if isinstance(inputs, PackedSequence):
        raise ValueError(
            "inputs must be a padded tensor, got a PackedSequence: cut every sequence to its own "
            "length and pass it alone; or, for gradient_flow of a module with one direction, "
            "unpack it with torch.nn.utils.rnn.pad_packed_sequence and pass a loss that reads "
            "every sequence at its own last step"
        )
    if not isinstance(inputs, Tensor):
        raise ValueError(f"inputs must be a tensor, got {type(inputs).__name__}")


def _check_known(module: nn.Module, inputs: Tensor) -> None:
    own = next(kind for kind in FUSED + CELLS if isinstance(module, kind))
    if type(module).forward is not own.forward:
        raise ValueError(
            f"module must do what nn.{own.__name__} does, got {type(module).__name__} with a "
            "forward of its own: pass a callable (x_t, state) -> state"
        )
    weight = getattr(module, "weight_hh_l0", None)
    weight = module.weight_hh if weight is None else weight
    if not inputs.is_floating_point():
        raise ValueError(
            f"inputs must be floating-point numbers, got {inputs.dtype}: embed tokens first, and "
            "pass embedding(tokens)"
        )
    if inputs.dtype != weight.dtype:
        raise ValueError(f"inputs must have the module's dtype {weight.dtype}, got {inputs.dtype}")
