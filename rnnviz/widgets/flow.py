"""Sliders for notebook 05."""

import math

import ipywidgets as ipw
import torch
from torch import nn

from rnnviz import flow as numbers
from rnnviz import plots
from rnnviz.flow import GradientFlow
from rnnviz.plots import LOG10, array
from rnnviz.widgets.panel import Canvas, Panel, slider


def animation(
    left: GradientFlow,
    right: GradientFlow,
    names: tuple[str, str] = ("RNN", "LSTM"),
    *,
    lag: int = 0,
    grey: float = 0.25,
) -> Panel:
    """Return the recurrent weight's gradient, step by step back in time, of two modules.

    Slide 10 of the lecture: two images in grey and a counter that runs down. A play button runs
    it; a slider takes it to any step.

    Parameters
    ----------
    left, right : GradientFlow
        Of as many steps, with weight terms.
    names : tuple of str
        Their titles.
    lag : int
        Where the slider starts: steps back from the last one.
    grey : float
        Black and white are at so much of the largest entry in the last step of either: one scale
        for both images and all steps.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        If one has no weight terms, or the numbers of steps differ.
    """
    flows, steps = (left, right), len(left.norms)
    if len(right.norms) != steps:
        raise ValueError(f"both must have as many steps, got {steps} and {len(right.norms)}")

    def terms(lag: int) -> list[torch.Tensor]:
        return [flow.weight_term(steps - 1 - lag).double() for flow in flows]

    limit = grey * max(term.abs().max().item() for term in terms(0))
    with plots.style():
        figure, (*pictures, curves) = plots.figure(
            3, width=12, height=4.6, ratios=(1, 1, 1.3), detached=True
        )
        for ax, name, term in zip(pictures, names, terms(lag), strict=True):
            plots.flow.weight_term(term, limit=limit, ax=ax)
            ax.set_title(name)
        pictures[1].set_ylabel("")
        colors = (plots.VANISHES, plots.OTHERS[0])
        for flow, name, color in zip(flows, names, colors, strict=True):
            sizes = flow.weight_terms[:, 0]  # exactly zero at t = 1, where h_0 = 0: no place for it
            sizes = torch.where(sizes > 0, sizes, torch.nan)
            curves.semilogy(range(1, steps + 1), array(sizes), color=color, label=name)
        mark = curves.axvline(steps - lag, color=plots.NEUTRAL, ls="--", lw=2)
        curves.set(xlabel="step $t$", title="norm of the term (log scale)", xlim=(0, steps + 1))
        curves.legend(loc="center left", fontsize=12)
    images = [ax.images[0] for ax in pictures]

    def update(lag: int, play: int) -> str:
        del play  # it only moves the slider
        for image, term in zip(images, terms(lag), strict=True):
            image.set_data(array(term))
        mark.set_xdata([steps - lag, steps - lag])
        sizes = [flow.weight_terms[steps - 1 - lag, 0].item() for flow in flows]
        numbers_ = ", ".join(f"{n} {s:.1e}" for n, s in zip(names, sizes, strict=True))
        return f"t = {steps - lag}: norm of the term: {numbers_}; black and white at ±{limit:.1e}"

    back = slider("steps back", lag, 0, steps - 1, 1)
    play = ipw.Play(value=lag, min=0, max=steps - 1, interval=120, description="run back")
    ipw.link((play, "value"), (back, "value"))
    return Panel({"lag": back, "play": play}, Canvas(figure, [*images, mark]), update)


def forget_bias(
    bias: float = 0.0, *, hidden: int = 32, steps: int = 100, batch: int = 2, seed: int = 0
) -> Panel:
    """Return a slider over the forget bias of an untrained LSTM, on its gradient flow.

    Parameters
    ----------
    bias : float
        Where the slider starts, −2 to 6.
    hidden, steps, batch : int
        H, T and the number of sequences.
    seed : int
        Of the weights and the Gaussian inputs; the slider changes nothing else.

    Returns
    -------
    Panel
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        module = nn.LSTM(hidden, hidden, dtype=torch.float64)
        inputs = torch.randn(steps, batch, hidden, dtype=torch.float64)

    def flow(bias: float) -> numbers.JacobianFlow:
        numbers.set_gate_bias(module, bias)
        return numbers.jacobian_flow(module, inputs)

    first = flow(bias)
    curves = {
        "log_norms": r"$h$: $\|\partial h_T/\partial h_{T-\ell}\|$",
        "cell_log_norms": r"$c$: $\|\partial c_T/\partial c_{T-\ell}\|$",
    }
    curves["gate_log_norms"] = "product of the forget gates"
    with plots.style():
        figure, (ax,) = plots.figure(width=9, height=4.6, detached=True)
        for (name, label), color in zip(
            curves.items(), (plots.VANISHES, plots.OTHERS[0], plots.OTHERS[2]), strict=True
        ):
            ax.plot(array(getattr(first, name) / LOG10), color=color, label=label)
        ax.set(xlim=(0, steps), ylim=(-30, 5), xlabel=r"lag $\ell$", ylabel="log10 of the norm")
        ax.axhline(0, color=plots.NEUTRAL, ls="--", lw=1)
        ax.legend(loc="lower left")
    lines = ax.lines[:3]

    def update(bias: float) -> str:
        found = flow(bias)
        for line, name in zip(lines, curves, strict=True):
            line.set_ydata(array(getattr(found, name) / LOG10))
        gate = math.exp(((found.gate_log_norms[-1]) / (steps - 1)).item())
        half = found.half_life
        words = f"halves in {half:.1f} steps" if half < steps else "does not halve"
        cell = found.cell_log_norms[-1].item() / LOG10
        return (
            f"forget bias {bias:.1f}: factor a step of h {found.decay:.3f} ({words}), by the "
            f"forget gates alone {gate:.3f}; c at lag {steps - 1}: 10^{cell:.1f}"
        )

    controls = {"bias": slider("forget bias", bias, -2.0, 6.0, 0.1)}
    return Panel(controls, Canvas(figure, lines), update)
