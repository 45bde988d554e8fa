"""Sliders for notebook 02."""

import math

import torch

from rnnviz import bptt, plots
from rnnviz.activations import ACTIVATIONS
from rnnviz.plots import LOG10, array
from rnnviz.widgets.panel import Canvas, Panel, choice, slider

DECADES = 12  # how far the colour scale and the axis reach, up and down


def product(
    radius: float = 1.0,
    input_scale: float = 0.5,
    activation: str = "tanh",
    *,
    hidden: int = 24,
    steps: int = 50,
    seed: int = 0,
) -> Panel:
    """Return sliders over what decides the fate of ∂h_t/∂h_i in a random network.

    Parameters
    ----------
    radius : float
        Where the slider over the spectral radius of W_R starts, 0.1 to 8.
    input_scale : float
        Where the slider over the standard deviation of what the inputs add to each
        pre-activation starts, 0 to 3.
    activation : {"tanh", "sigmoid", "relu", "identity"}
        Which button is pressed at first.
    hidden, steps : int
        H and T.
    seed : int
        Of the weights and inputs; the sliders only scale them.

    Returns
    -------
    Panel
    """
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(hidden, hidden, generator=generator, dtype=torch.float64)
    W = W / torch.linalg.eigvals(W).abs().max()
    x = torch.randn(steps, hidden, generator=generator, dtype=torch.float64)
    h0 = torch.randn(hidden, generator=generator, dtype=torch.float64) / math.sqrt(hidden)
    W_I = torch.eye(hidden, dtype=torch.float64)

    def table(radius: float, input_scale: float, activation: str) -> tuple[torch.Tensor, float]:
        states = bptt.run_rnn(W_I, radius * W, input_scale * x, h0, activation=activation)
        jacobians = bptt.step_jacobians(radius * W, states, activation=activation)
        slope = ACTIVATIONS[activation].slope(states[1:]).mean().item()
        return bptt.log_norms(jacobians), slope

    first, _ = table(radius, input_scale, activation)
    with plots.style():
        figure, (heat, lags) = plots.figure(2, width=11, detached=True)
        plots.bptt.norm_table(first, ax=heat, limit=DECADES)
        plots.bptt.lag_profile(first[-1].flip(0), ax=lags)
        # Its quantity goes above: beside it stands the label of the colour scale.
        lags.set_title(lags.get_ylabel())
        lags.set(ylim=(-DECADES, DECADES), xlim=(0, steps), ylabel="")
    image, line = heat.images[0], lags.lines[-1]

    def update(radius: float, input_scale: float, activation: str) -> str:
        log_norms, slope = table(radius, input_scale, activation)
        decades = log_norms / LOG10
        image.set_data(array(plots.bptt.table_image(log_norms, DECADES)))
        line.set_ydata(array(decades[-1].flip(0)))
        line.set_color(plots.tone(decades[-1, 0].item()))
        return (
            f"log10 of the norm of dh_{steps}/dh_0 = {decades[-1, 0]:.1f}, "
            f"mean slope f' = {slope:.2f}"
        )

    controls = {
        "radius": slider("spectral radius", radius, 0.1, 8.0, 0.05),
        "input_scale": slider("input scale", input_scale, 0.0, 3.0, 0.05),
        "activation": choice("activation", ACTIVATIONS, activation),
    }
    return Panel(controls, Canvas(figure, [image, line]), update)
