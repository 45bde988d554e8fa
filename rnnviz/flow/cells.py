"""One step of each of torch's recurrent networks, written out, and its derivative.

A fused ``nn.RNN`` shows nothing of what happens between its steps, so the steps are run here, with
the module's own weights. Each kind has

- ``run``: one step, x_t and the state to the next state, and what it saw on the way, its tape;
- ``factors``: the tape to the numbers that the derivative multiplies with, once for all steps;
- ``back``: ∂L/∂(h_t, c_t) to ∂L/∂(h_{t−1}, c_{t−1}), without a graph, for any number of L at once
  (an LSTM's ``total`` is its first half);
- ``saturation``: how open its gates are, and how steep its other functions.

W is the weight of the input and U that of the state, the lecture's W_I and W_R and torch's
``weight_ih`` and ``weight_hh``, with biases b_W and b_U. What comes in as ``drive`` is W x_t + b_W,
and what goes out as ``recurrent`` is U h_{t−1} + b_U: the gradient of U hangs on it. A primed gate
is its slope at its pre-activation: r′ = r (1 − r) for a sigmoid, n′ = 1 − n² for a tanh. States and
gradients are rows, so that the products read h Uᵀ forward and δ U back.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnviz.activations import get_activation

# What a step keeps for its derivative, shape (batch, hidden), and what that gives for all steps.
Tape = tuple[Tensor, ...]
Factors = tuple[Tensor, ...]


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
    """``nn.RNN``: h_t = φ(W x_t + b_W + U h_{t−1} + b_U), φ = tanh or ReLU.

    Its Jacobian is ∂h_t/∂h_{t−1} = diag(φ′) U.
    """

    def __init__(self, nonlinearity: str) -> None:
        self.activation = get_activation(nonlinearity)

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        """Return the next state, the recurrent share of the pre-activation, and the tape."""
        (h,) = state
        recurrent = linear(h, w.U, w.bias_state)  # U h_{t−1} + b_U
        h = self.activation.function(drive + recurrent)  # h_t = φ(W x_t + b_W + U h_{t−1} + b_U)
        return (h,), recurrent, (h,)

    def factors(self, tape: Tape) -> Factors:
        """Return φ′, read off h_t."""
        (h,) = tape
        return (self.activation.slope(h),)  # tanh′(a) = 1 − h², ReLU′(a) = 1 where h > 0

    def back(self, grad: tuple, factors: Factors, w: Weights) -> tuple:
        """Return ∂L/∂h_{t−1} = (∂L/∂h_t ⊙ φ′) U."""
        (g_h,), (slope,) = grad, factors
        return ((g_h * slope) @ w.U,)  # δ U with δ = ∂L/∂h_t ⊙ φ′

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        """Return φ′: 1 where a unit passes everything on, 0 where it is saturated."""
        return {"activation": self.factors(tape)[0]}


class Gru:
    """``nn.GRU``, with the blocks of its weights in the order r, z, n.

    r, z = σ(W x_t + b_W + U h_{t−1} + b_U), each with its own block,
    n = tanh(W_n x_t + b_Wn + r ⊙ a) with a = U_n h_{t−1} + b_Un,
    h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}.

    Its Jacobian is

        ∂h_t/∂h_{t−1} = diag(z) + diag((1 − z) n′ a r′) U_r + diag((h_{t−1} − n) z′) U_z
                      + diag((1 − z) n′ r) U_n.
    """

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        """Return the next state, the recurrent shares of the pre-activations, and the tape."""
        (h,) = state
        recurrent = linear(h, w.U, w.bias_state)  # U h_{t−1} + b_U, for r, z and n
        from_input, from_state = drive.chunk(3, -1), recurrent.chunk(3, -1)
        r = torch.sigmoid(from_input[0] + from_state[0])  # σ(W_r x_t + b_Wr + U_r h_{t−1} + b_Ur)
        z = torch.sigmoid(from_input[1] + from_state[1])  # σ(W_z x_t + b_Wz + U_z h_{t−1} + b_Uz)
        n = torch.tanh(from_input[2] + r * from_state[2])  # tanh(W_n x_t + b_Wn + r ⊙ a)
        new = n + z * (h - n)  # h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}
        return (new,), recurrent, (r, z, n, from_state[2], h)

    def factors(self, tape: Tape) -> Factors:
        """Return z, and the slopes of h_t by the recurrent shares of r, z and n."""
        r, z, n, a, h = tape
        by_n = (1 - z) * (1 - n * n)  # (1 − z) n′
        by_r = by_n * (a * r * (1 - r))  # (1 − z) n′ a r′
        by_z = (h - n) * z * (1 - z)  # (h_{t−1} − n) z′
        return z, torch.stack([by_r, by_z, by_n * r], -2)

    def back(self, grad: tuple, factors: Factors, w: Weights) -> tuple:
        """Return ∂L/∂h_{t−1}: what z keeps, and the three blocks of U together."""
        (g_h,), (z, by_rzn) = grad, factors
        delta = (g_h[..., None, :] * by_rzn).flatten(-2)  # by the recurrent shares of r, z, n
        return (g_h * z + delta @ w.U,)

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        """Return the gates, and the slope of the candidate."""
        r, z, n, *_ = tape
        return {"reset": r, "update": z, "candidate": 1 - n * n}


class Lstm:
    """``nn.LSTM``, with the blocks of its weights in the order i, f, g, o.

    i, f, o = σ(W x_t + b_W + U h_{t−1} + b_U) and g = tanh(…), each with its own block,
    c_t = f ⊙ c_{t−1} + i ⊙ g,
    h_t = o ⊙ tanh(c_t), and P (o ⊙ tanh(c_t)) where there is a projection P.

    Its Jacobian has four blocks. With M = diag(g i′) U_i + diag(c_{t−1} f′) U_f + diag(i g′) U_g

        ∂h_t/∂h_{t−1} = diag(o tanh′(c_t)) M         ∂h_t/∂c_{t−1} = diag(o tanh′(c_t) f),
                      + diag(tanh(c_t) o′) U_o,
        ∂c_t/∂h_{t−1} = M,                           ∂c_t/∂c_{t−1} = diag(f),

    those of h_t with P on their left where there is one.
    """

    def run(self, drive: Tensor, state: tuple, w: Weights) -> tuple[tuple, Tensor, Tape]:
        """Return the next state, the recurrent shares of the pre-activations, and the tape."""
        h, c = state
        recurrent = linear(h, w.U, w.bias_state)  # U h_{t−1} + b_U, for i, f, g and o
        i, f, g, o = (drive + recurrent).chunk(4, -1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        new_c = f * c + i * g  # c_t = f ⊙ c_{t−1} + i ⊙ g
        squashed = torch.tanh(new_c)
        new_h = o * squashed  # h_t = o ⊙ tanh(c_t)
        if w.P is not None:
            new_h = linear(new_h, w.P)  # h_t = P (o ⊙ tanh(c_t))
        return (new_h, new_c), recurrent, (i, f, g, o, squashed, c)

    def factors(self, tape: Tape) -> Factors:
        """Return f, o tanh′(c_t), the slopes of c_t by i, f and g, and that of h_t by o."""
        i, f, g, o, squashed, c = tape
        by_ifg = (g * i * (1 - i), c * f * (1 - f), i * (1 - g * g))  # g i′, c_{t−1} f′, i g′
        by_c = o * (1 - squashed * squashed)  # o tanh′(c_t)
        by_o = squashed * o * (1 - o)  # tanh(c_t) o′
        return f, by_c, torch.stack(by_ifg, -2), by_o

    def total(self, grad: tuple, factors: Factors, w: Weights) -> tuple[Tensor, Tensor]:
        """Return ∂L/∂(o tanh c_t), and dL/dc_t: the total, with the path through h_t in it."""
        g_h, g_c = grad
        g_out = g_h if w.P is None else g_h @ w.P  # ∂L/∂(o ⊙ tanh(c_t))
        return g_out, g_c + g_out * factors[1]  # dL/dc_t = ∂L/∂c_t + g_out ⊙ o tanh′(c_t)

    def back(self, grad: tuple, factors: Factors, w: Weights) -> tuple:
        """Return ∂L/∂h_{t−1}, the four blocks of U together, and ∂L/∂c_{t−1} = f ⊙ dL/dc_t."""
        g_out, total_c = self.total(grad, factors, w)
        f, _, by_ifg, by_o = factors
        # δ: by the pre-activations of i, f and g through c_t, and by that of o through h_t.
        delta = torch.cat([(total_c[..., None, :] * by_ifg).flatten(-2), g_out * by_o], -1)
        return delta @ w.U, total_c * f  # ∂L/∂h_{t−1} = δ U, ∂L/∂c_{t−1} = dL/dc_t ⊙ f

    def saturation(self, tape: Tape) -> dict[str, Tensor]:
        """Return the gates, and the slope of the candidate."""
        i, f, g, o, *_ = tape
        return {"input": i, "forget": f, "cell": 1 - g * g, "output": o}


Cell = Elman | Gru | Lstm
