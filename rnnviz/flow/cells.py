"""One step of each of torch's recurrent networks, written out, and its derivative.

Part of :mod:`rnnviz.flow`. A fused ``nn.RNN`` shows nothing of what happens between its steps, so
the steps are run here, with the module's own weights. Every kind has

- ``run``: one step, x_t and the state to the next state and what it saw on the way, its tape;
- ``factors``: the tape to the numbers that the derivative multiplies with, once for all steps;
- ``back``: ∂L/∂(h_t, c_t) to ∂L/∂(h_{t−1}, c_{t−1}), written out (no graph), for any number of L.

The weights' letters are torch's: ``W`` for the input, ``U`` for the state. The share of the state
in the pre-activations, U h_{t−1} + b, is what the weight's gradient hangs on: it is handed out as
``recurrent``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear

# What a step keeps for its derivative: tensors of shape (batch, hidden).
Tape = tuple[Tensor, ...]


@dataclass(frozen=True)
class Weights:
    """The weights of one layer and direction: W, U, their biases, and the projection of an LSTM."""

    W: Tensor
    U: Tensor
    bias_in: Tensor | None
    bias_state: Tensor | None
    P: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> "Weights":
        """Return the weights with `function` applied to each."""
        parts = (self.W, self.U, self.bias_in, self.bias_state, self.P)
        return Weights(*(None if part is None else function(part) for part in parts))


class Elman:
    """h_t = f(W x_t + b + U h_{t−1} + b′): ``nn.RNN``, f = tanh or ReLU."""

    gates, names = 1, ("activation",)

    def __init__(self, nonlinearity: str) -> None:
        self.nonlinearity = nonlinearity

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        recurrent = linear(state[0], w.U, w.bias_state)
        h = getattr(torch, self.nonlinearity)(drive + recurrent)
        return (h,), recurrent, (h,)

    def slope(self, tape: Tape) -> Tensor:
        (h,) = tape
        return 1 - h * h if self.nonlinearity == "tanh" else (h > 0).to(h.dtype)

    def factors(self, tape: Tape) -> Tape:
        return (self.slope(tape),)

    def back(self, grad: tuple, factors: Tape, w: Weights) -> tuple:
        return ((grad[0] * factors[0]) @ w.U,)

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        return {"activation": self.slope(tape)}


class Gru:
    """``nn.GRU``: n = tanh(W x + b + r ⊙ (U h + b′)), h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}."""

    gates, names = 3, ("reset", "update", "candidate")

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        (h,) = state
        recurrent = linear(h, w.U, w.bias_state)
        from_input, from_state = drive.chunk(3, -1), recurrent.chunk(3, -1)
        r = torch.sigmoid(from_input[0] + from_state[0])
        z = torch.sigmoid(from_input[1] + from_state[1])
        n = torch.tanh(from_input[2] + r * from_state[2])
        new = n + z * (h - n)
        return (new,), recurrent, (r, z, n, from_state[2], h)

    def factors(self, tape: Tape) -> Tape:
        r, z, n, inner, h = tape
        candidate = (1 - z) * (1 - n * n)
        parts = (candidate * (inner * r * (1 - r)), (h - n) * z * (1 - z), candidate * r)
        return z, torch.stack(parts, -2)

    def back(self, grad: tuple, factors: Tape, w: Weights) -> tuple:
        (g,), (z, parts) = grad, factors
        return (g * z + (g[..., None, :] * parts).flatten(-2) @ w.U,)

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        r, z, n, *_ = tape
        return {"reset": r, "update": z, "candidate": 1 - n * n}


class Lstm:
    """``nn.LSTM``: c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t), projected where P is given."""

    gates, names = 4, ("input", "forget", "cell", "output")

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        h, c = state
        recurrent = linear(h, w.U, w.bias_state)
        i, f, g, o = (drive + recurrent).chunk(4, -1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        new_c = f * c + i * g
        squashed = torch.tanh(new_c)
        new_h = o * squashed
        if w.P is not None:
            new_h = linear(new_h, w.P)
        return (new_h, new_c), recurrent, (i, f, g, o, squashed, c)

    def factors(self, tape: Tape) -> Tape:
        i, f, g, o, squashed, c = tape
        by_c = (g * i * (1 - i), c * f * (1 - f), i * (1 - g * g))
        return f, o * (1 - squashed * squashed), torch.stack(by_c, -2), squashed * o * (1 - o)

    def total(self, grad: tuple, factors: Tape, w: Weights) -> tuple[Tensor, Tensor]:
        """Return ∂L/∂(o tanh c) and the total ∂L/∂c_t, with the path through h_t in it."""
        g_h, g_c = grad
        if w.P is not None:
            g_h = g_h @ w.P
        return g_h, g_c + g_h * factors[1]

    def back(self, grad: tuple, factors: Tape, w: Weights) -> tuple:
        g_h, g_c = self.total(grad, factors, w)
        f, _, by_c, by_h = factors
        parts = torch.cat([(g_c[..., None, :] * by_c).flatten(-2), g_h * by_h], -1)
        return parts @ w.U, g_c * f

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        i, f, g, o, *_ = tape
        return {"input": i, "forget": f, "cell": 1 - g * g, "output": o}
