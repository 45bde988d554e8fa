"""Run a recurrent module step by step, with everything in reach that it hides."""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear
from torch.nn.utils.rnn import PackedSequence

from rnnviz._checks import shape_of
from rnnviz.flow.callables import unroll_callable
from rnnviz.flow.cells import Cell, Elman, Gru, Lstm, Weights
from rnnviz.flow.layer_run import LayerRun, Unrolled

CELLS = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)
FUSED = (nn.RNN, nn.GRU, nn.LSTM)


def is_known(module: object) -> bool:
    """Return whether the module is one of torch's own, whose derivative is written out here."""
    return isinstance(module, FUSED + CELLS)


@contextlib.contextmanager
def unroll(
    module: Callable, inputs: Tensor, state: object, *, graph: bool = True
) -> Iterator[Unrolled]:
    """Run a module over the inputs; leave it, and the random numbers, as they were.

    What is computed of the run belongs into the block, where graphs can be made. Without `graph`
    none is kept, except for a callable: its derivative is not written out here. ValueError where
    the module, the inputs and the state do not fit, or a state does not stay finite.
    """
    _check_inputs(inputs)
    devices = [inputs.device] if inputs.device.type == "cuda" else []
    buffers = dict(module.named_buffers()) if isinstance(module, nn.Module) else {}
    kept = {name: buffer.clone() for name, buffer in buffers.items()}
    try:
        with (
            torch.inference_mode(False),
            torch.random.fork_rng(devices),
            torch.set_grad_enabled(graph or not is_known(module)),
        ):
            yield _run(module, inputs, state)
    finally:
        with torch.no_grad():
            for name, buffer in buffers.items():
                if not torch.equal(buffer, kept[name]):  # an untouched one may be in a graph
                    buffer.copy_(kept[name])


def _run(module: Callable, inputs: Tensor, state: object) -> Unrolled:
    inputs = inputs.clone() if inputs.is_inference() else inputs
    if is_known(module):
        _check_known(module, inputs)
        run = (_run_fused if isinstance(module, FUSED) else _run_cell)(module, inputs, state)
    elif not callable(module) or isinstance(module, type):
        name = f"the class {module.__name__}" if isinstance(module, type) else type(module).__name__
        raise ValueError(
            "module must be an nn.RNN, nn.GRU, nn.LSTM, one of their cells or a callable "
            f"(x_t, state) -> state, got {name}"
        )
    else:
        _check_sequence(inputs)
        run = unroll_callable(module, inputs, state)
    for layer in run.layers:
        for k in layer.order:
            if not all(part.detach().isfinite().all() for part in layer.states[k]):
                raise ValueError(
                    f"the state must stay finite, got NaN or inf in {layer.name} at step {k}: "
                    "look at the weights, and at states that grow without bound"
                )
    return run


def _cell_of(module: nn.Module) -> Cell:
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return Lstm()
    if isinstance(module, nn.GRU | nn.GRUCell):
        return Gru()
    return Elman(module.nonlinearity)


def _run_layer(layer: LayerRun, x: Tensor) -> Tensor:
    """Run one layer over x, shape (time, batch, features); return its h, time first."""
    drive = linear(x, layer.weights.W, layer.weights.bias_in)  # W x_t + b of all steps at once
    layer.states = [()] * len(x)
    layer.recurrent, layer.tapes = [None] * len(x), [None] * len(x)
    state = layer.first
    for k in layer.order:
        state, recurrent, tape = layer.cell.run(drive[k], state, layer.weights)
        layer.states[k], layer.recurrent[k], layer.tapes[k] = state, recurrent, tape
    return torch.stack([h for h, *_ in layer.states])


def _run_fused(module: nn.RNNBase, inputs: Tensor, state: object) -> Unrolled:
    if inputs.ndim not in (2, 3) or inputs.shape[-1] != module.input_size:
        raise ValueError(
            f"inputs must have shape (time, batch, {module.input_size}), batch_first its own, or "
            f"(time, {module.input_size}), got {shape_of(inputs)}"
        )
    batched = inputs.ndim == 3
    x = inputs.transpose(0, 1) if batched and module.batch_first else inputs
    x = x if batched else x[:, None]
    _check_sequence(x)
    ways = 2 if module.bidirectional else 1
    firsts = _first_states(module, x, state, (module.num_layers * ways,), batched)
    layers: list[LayerRun] = []
    for number in range(module.num_layers):
        outputs = []
        for way in range(ways):
            name = f"layer {number}{' reverse' * way}"
            first = tuple(part[len(layers)] for part in firsts)
            weights = _weights(module, number, way)
            layers.append(LayerRun(name, _cell_of(module), weights, first, bool(way)))
            outputs.append(_run_layer(layers[-1], x))
        x = torch.cat(outputs, -1)
        if number < module.num_layers - 1 and module.dropout:
            x = dropout(x, module.dropout, module.training)
    x = x if batched else x[:, 0]
    ends = [layer.states[layer.order[-1]][0] for layer in layers[-ways:]]
    return Unrolled(layers, x.transpose(0, 1) if batched and module.batch_first else x, ends)


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
        if part.dtype != x.dtype:
            raise ValueError(f"{name} must have the module's dtype {x.dtype}, got {part.dtype}")
        part = part.clone() if part.is_inference() else part
        firsts.append(part.detach().reshape(shape).requires_grad_())
    return firsts


def _parts(state: object, sizes: list[int]) -> list[Tensor | None]:
    """Return the tensors of a state: as many as the module has, or None for each."""
    if state is None:
        return [None] * len(sizes)
    parts: list = list(state) if isinstance(state, tuple | list) else [state]
    if len(parts) != len(sizes) or not all(isinstance(part, Tensor) for part in parts):
        wanted = "a tensor h_0" if len(sizes) == 1 else "a pair of tensors (h_0, c_0)"
        came = ", ".join(type(part).__name__ for part in parts)
        raise ValueError(f"state must be {wanted}, got {came or 'nothing'}")
    return parts


def _run_cell(module: nn.RNNCellBase, inputs: Tensor, state: object) -> Unrolled:
    if inputs.ndim not in (2, 3) or inputs.shape[-1] != module.input_size:
        raise ValueError(
            f"inputs must have shape (time, batch, {module.input_size}) or "
            f"(time, {module.input_size}), got {shape_of(inputs)}"
        )
    x = inputs if inputs.ndim == 3 else inputs[:, None]
    _check_sequence(x)
    firsts = _first_states(module, x, state, (), inputs.ndim == 3)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    weights = Weights(*(getattr(module, name) for name in names))
    layer = LayerRun("layer 0", _cell_of(module), weights, tuple(firsts))
    outputs = _run_layer(layer, x)
    return Unrolled([layer], outputs if inputs.ndim == 3 else outputs[:, 0], [outputs[-1]])


def _check_sequence(x: Tensor) -> None:
    if not len(x) or not x.numel():
        raise ValueError(f"inputs must hold at least one step and one entry, got {shape_of(x)}")
    if not x.detach().isfinite().all():
        raise ValueError("inputs must be finite, got NaN or inf")


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
    weight = module.weight_hh_l0 if isinstance(module, FUSED) else module.weight_hh
    if not inputs.is_floating_point():
        raise ValueError(
            f"inputs must be floating-point numbers, got {inputs.dtype}: embed tokens first, and "
            "pass embedding(tokens)"
        )
    if inputs.dtype != weight.dtype:
        raise ValueError(f"inputs must have the module's dtype {weight.dtype}, got {inputs.dtype}")
