"""Run a callable (x_t, state) -> state over its inputs."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rnnviz.flow.layer_run import LayerRun, Unrolled


def unroll_callable(step: Callable, inputs: Tensor, state: object) -> Unrolled:
    """Run the callable; raise ValueError where its state or what it returns does not fit."""
    pair = isinstance(state, tuple | list)
    first = _first_state(step, state)
    shapes = [tuple(part.shape) for part in first]
    layer, now = LayerRun("state", None, None, first), first
    for k, x in enumerate(inputs):
        now = _checked(_call(step, x, now if pair else now[0], k), pair, shapes, k)
        layer.states.append(now)
    if torch.is_grad_enabled() and not now[0].requires_grad:
        raise ValueError(
            "the callable must compute each state from the one before, got a last state without "
            "graph: does it detach, run under no_grad, or ignore its state?"
        )
    outputs = torch.stack([h for h, *_ in layer.states])
    return Unrolled([layer], outputs, [outputs[-1]])


def _first_state(step: Callable, state: object) -> tuple[Tensor, ...]:
    parts = tuple(state) if isinstance(state, tuple | list) else (state,)
    if not all(isinstance(part, Tensor) and part.is_floating_point() for part in parts):
        came = ", ".join(
            str(part.dtype) if isinstance(part, Tensor) else type(part).__name__ for part in parts
        )
        kind = type(step).__name__
        hint = f" (a model that contains an nn.LSTM, say: pass that part, not the {kind})"
        raise ValueError(
            f"{kind} is read as a callable (x_t, state) -> state; state must be its first state, a "
            "tensor or a tuple of tensors of floating-point numbers, got "
            f"{came}{hint if isinstance(step, nn.Module) else ''}"
        )
    return tuple(part.detach().clone().requires_grad_() for part in parts)


def _call(step: Callable, x: Tensor, state: object, k: int) -> object:
    try:
        return step(x, state)
    except TypeError as error:
        raise ValueError(
            f"module must be callable as (x_t, state), got a TypeError at step {k}: {error}"
        ) from error


def _checked(new: object, pair: bool, shapes: list[tuple], k: int) -> tuple[Tensor, ...]:
    """Return the state as a tuple; raise ValueError unless it is like the first one."""
    parts = tuple(new) if pair and isinstance(new, tuple | list) else (new,)
    came = [tuple(p.shape) if isinstance(p, Tensor) else type(p).__name__ for p in parts]
    if came != shapes:
        raise ValueError(
            f"the callable must return a state of shapes {shapes}, got {came} at step {k}"
        )
    return parts
