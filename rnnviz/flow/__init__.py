"""Gradient flow: where along time the gradient of a recurrent module dies or blows up.

The numbers behind notebook 05, and a tool for anyone's own module: ``nn.RNN``, ``nn.GRU``,
``nn.LSTM`` with any number of layers, their cells, and any callable ``(x_t, state) -> state``.

The gradient is followed *through the recurrence*. A fused module's output at step t is a copy that
step t+1 does not read, so ``output.retain_grad()`` shows only what the loss asks of that output
directly: for a loss on the last step, zero everywhere else. Here the module's steps are run again,
one by one, with its own weights, so that every h_t is the one that step t+1 reads.

The module is left as it was: its ``.grad``, its training mode, its buffers and the state of the
random number generators. Nothing is hooked into it. (What a callable keeps outside itself, such as
the running statistics of a module that a lambda calls, cannot be known: pass the module itself.)

- ``cells``: one step of RNN, GRU and LSTM written out, and its derivative in closed form
- ``unroll``, ``callables``: run a module or a callable step by step, which leaves ``layer_run``
- ``gradient``: ‖∂loss/∂h_t‖ at every step; ``loss``: of which loss
- ``jacobian``: ∂h_T/∂h_{T−ℓ} by lag, and the Jacobian of one step
- ``loss_map``: the gradient of a loss at every step at every step
- ``by_autograd``: the same of a callable, whose derivative is not written out
- ``report``: what is wrong; ``remedies``: what would help; ``recorder``: the flow while it trains
"""

from rnnviz.flow.gradient import GradientFlow, gradient_flow
from rnnviz.flow.jacobian import JacobianFlow, jacobian_flow, step_jacobian
from rnnviz.flow.loss_map import gradient_map
from rnnviz.flow.recorder import FlowRecorder
from rnnviz.flow.remedies import set_gate_bias
from rnnviz.flow.report import Report, report

__all__ = [
    "FlowRecorder",
    "GradientFlow",
    "JacobianFlow",
    "Report",
    "gradient_flow",
    "gradient_map",
    "jacobian_flow",
    "report",
    "set_gate_bias",
    "step_jacobian",
]
