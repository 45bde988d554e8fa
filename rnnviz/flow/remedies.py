"""What is known to keep a gradient alive, tried on copies."""

import functools
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rnnviz.flow.jacobian import JacobianFlow, jacobian_flow
from rnnviz.flow.unroll import CELLS, FUSED

DEAD = 1e-3  # a gradient this much smaller than at its source
BIASES = (1.0, 2.0, 3.0, 5.0)  # of the forget or the update gate, to try in this order
LONGER = 2.0  # something helps if the half-life is so many times as long


def what_helps(
    module: Callable, inputs: Tensor, state: object, layer: int, flow: JacobianFlow
) -> tuple[str, JacobianFlow | None]:
    """Try the known remedies on copies; return the first that carries far enough, or the best."""
    best, text = None, ""
    for name, change in _remedies(module):
        changed = plain_copy(module)
        with torch.no_grad():
            change(changed)
        after = jacobian_flow(changed, inputs, state=state, layer=layer)
        if best is None or after.half_life > best.half_life:
            best, text = after, name
        if best.log_norms[-1] > math.log(DEAD) and best.half_life > LONGER * flow.half_life:
            break
    if best is None:
        known = type(module).__name__ if isinstance(module, nn.Module) else "a callable"
        without = " without biases" if isinstance(module, FUSED + CELLS) else ""
        return f"no remedy is known for {known}{without}", None
    before, half = f"{flow.half_life:.1f}", best.half_life
    outcome = f"halves in {half:.1f} steps" if math.isfinite(half) else "never halves"
    outcome += f" on a copy (now {before})"
    if half <= LONGER * flow.half_life:
        return f"nothing tried helped much; best {text}: {outcome}", None
    return f"{text}: {outcome}", best


def plain_copy(module: nn.Module) -> nn.Module:
    """Return a new module of torch's own kind with the same weights, as values.

    Not a deep copy: pruned or reparametrised weights are not leaves, and refuse to be copied.
    """
    kind = next(kind for kind in FUSED + CELLS if isinstance(module, kind))
    options = {"bias": module.bias}
    names = ["num_layers", "batch_first", "dropout", "bidirectional"] if kind in FUSED else []
    names += ["nonlinearity"] if kind in (nn.RNN, nn.RNNCell) else []
    names += ["proj_size"] if kind is nn.LSTM else []
    options |= {name: getattr(module, name) for name in names}
    with torch.random.fork_rng([]):  # a new module draws weights, which are overwritten
        copied = kind(module.input_size, module.hidden_size, **options)
    for name, parameter in list(copied.named_parameters()):
        value = getattr(module, name).detach()
        setattr(copied, name, nn.Parameter(value.clone().to(parameter.device).to(value)))
    return copied.train(module.training)


def _remedies(module: Callable) -> list[tuple[str, Callable[[nn.Module], None]]]:
    """Return names and changes of what is known to help a module of this kind."""
    if isinstance(module, nn.LSTM | nn.LSTMCell | nn.GRU | nn.GRUCell):
        if not module.bias:
            return []
        gate = "forget" if isinstance(module, nn.LSTM | nn.LSTMCell) else "update"
        return [(f"{gate} bias {b:g}", functools.partial(set_gate_bias, value=b)) for b in BIASES]
    if isinstance(module, nn.RNN | nn.RNNCell):
        relu = module.nonlinearity == "relu"
        name = "identity recurrent weights" if relu else "orthogonal recurrent weights"
        return [(name, _set_identity if relu else _set_orthogonal)]
    return []


def _named(module: nn.Module, start: str) -> list[Tensor]:
    return [value for name, value in module.named_parameters() if name.startswith(start)]


def set_gate_bias(module: nn.Module, value: float) -> None:
    """Set the bias that keeps the state: an LSTM's forget gate, a GRU's update gate. In place.

    torch adds two biases, ``bias_ih`` and ``bias_hh``: the first is set to `value`, the second to
    zero, so that their sum is `value`.

    Parameters
    ----------
    module : nn.LSTM, nn.LSTMCell, nn.GRU or nn.GRUCell
        With biases; all its layers are set.
    value : float

    Raises
    ------
    ValueError
        If the module is another one, or has no biases.
    """
    if not isinstance(module, nn.LSTM | nn.LSTMCell | nn.GRU | nn.GRUCell) or not module.bias:
        raise ValueError(f"module must be an LSTM or a GRU with biases, got {module}")
    gate = slice(module.hidden_size, 2 * module.hidden_size)  # the second gate of both kinds
    with torch.no_grad():
        for bias in _named(module, "bias_ih"):
            bias[gate] = value
        for bias in _named(module, "bias_hh"):
            bias[gate] = 0


def _set_orthogonal(module: nn.Module) -> None:
    for weight in _named(module, "weight_hh"):
        generator = torch.Generator().manual_seed(0)
        random = torch.randn(weight.shape, dtype=torch.float64, generator=generator)
        weight.copy_(torch.linalg.qr(random).Q)


def _set_identity(module: nn.Module) -> None:
    for weight in _named(module, "weight_hh"):
        weight.copy_(torch.eye(len(weight)))
    for bias in _named(module, "bias"):
        bias.zero_()
