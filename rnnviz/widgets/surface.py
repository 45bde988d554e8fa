"""Sliders for notebook 03."""

from functools import lru_cache

import torch
from torch import Tensor

from rnnviz import plots
from rnnviz import surface as numbers
from rnnviz.plots import array
from rnnviz.widgets.panel import Canvas, Panel, choice, slider

# The window of the published figure, Pascanu et al. (2013), Figure 6.
W, B = (4.6, 5.4), (-2.8, -2.0)
LARGEST_ERROR = 0.4
STEPS = 50
THRESHOLDS = {"none": None, "0.2": 0.2, "1": 1.0, "10": 10.0}


def window(size: int) -> tuple[Tensor, Tensor]:
    """Return `size` weights and biases over the published window, float64."""
    w, b = (torch.linspace(*ends, size, dtype=torch.float64) for ends in (W, B))
    return w, b


def horizon(steps: int = STEPS, x0: float = 0.5, *, size: int = 256) -> Panel:
    """Return sliders over T and x_0 of the error surface.

    Parameters
    ----------
    steps : int
        Where the slider over T starts, 1 to 50. It only shows what one pass has computed.
    x0 : float
        Where the slider over the first state starts, −1 to 2.
    size : int
        Points of the map in each direction.

    Returns
    -------
    Panel
    """
    w, b = (ends.float() for ends in window(size))  # exact enough to be looked at, and faster
    shown = {"steps": steps}

    @lru_cache(maxsize=1)
    def every_horizon(x0: float) -> list[Tensor]:
        return [surface.error for surface in numbers.error_surfaces(w, b, x0=x0, steps=STEPS)]

    def error(steps: int, x0: float) -> Tensor:
        if steps == shown["steps"]:  # x_0 has moved: one surface is enough
            return numbers.error_surface(w, b, x0=x0, steps=steps).error
        shown["steps"] = steps
        return every_horizon(x0)[steps]

    def steepest(steps: int, x0: float) -> float:
        """Look along w = 5, closer and closer: the wall is thinner than the map's pixels."""
        middle, low, high = torch.tensor([5.0], dtype=torch.float64), B[0] - 0.2, B[1] + 0.2
        for _ in range(4):
            near = torch.linspace(low, high, 401, dtype=torch.float64)
            norms = numbers.error_surface(middle, near, x0=x0, steps=steps).grad_norm[0]
            at = int(norms.argmax())
            low, high = near[max(at - 2, 0)].item(), near[min(at + 2, 400)].item()
        return norms.max().item()

    with plots.style():
        figure, (ax,) = plots.figure(width=6.4, height=4.8, detached=True)
        plots.surface.contour(numbers.error_surface(w, b), ax=ax, limit=LARGEST_ERROR)
        plots.surface.wall(w, numbers.wall(w), ax=ax)
        ax.set(xlim=W, ylim=B)
    image, line = ax.images[0], ax.lines[0]

    def update(steps: int, x0: float) -> str:
        # Coloured here: the map has a quarter as many points as its picture has pixels.
        image.set_data(image.to_rgba(array(error(steps, x0).T), bytes=True))
        line.set_ydata(array(numbers.wall(w, x0=x0)))
        largest = steepest(steps, x0)
        return f"T = {steps}, x0 = {x0:.2f}: steepest gradient along w = 5: {largest:.3g}"

    controls = {
        "steps": slider("steps T", steps, 1, STEPS, 1),
        "x0": slider("first state x₀", x0, -1.0, 2.0, 0.05),
    }
    return Panel(controls, Canvas(figure, [image, line]), update)


def fixed_points(w: float = 5.0, b: float = -2.55, x0: float = 0.5) -> Panel:
    """Return sliders over the network and its first state, on one step and on the way it takes.

    Parameters
    ----------
    w, b, x0 : float
        Where the sliders start: the weight 0 to 8, the bias −5 to 1, the first state −3 to 3.

    Returns
    -------
    Panel
    """
    x = torch.linspace(-6, 6, 241, dtype=torch.float64)

    def states(w: float, b: float, x0: float) -> Tensor:
        way = [torch.tensor(x0, dtype=torch.float64)]
        for _ in range(STEPS):
            way.append(w * torch.sigmoid(way[-1]) + b)
        return torch.stack(way)

    with plots.style():
        figure, (step, time) = plots.figure(2, width=11, height=5, detached=True)
        way, points = states(w, b, x0), numbers.fixed_points(w, b)
        plots.surface.return_map(x, w * torch.sigmoid(x) + b, points, states=way, ax=step)
        step.set(xlim=(-4, 4), ylim=(-4, 4))
        step.legend(loc="upper left", fontsize=12)
        (line,) = time.plot(array(way), ".-", color=plots.EXPLODES, lw=1.5)
        time.set(xlabel="step $t$", xlim=(0, STEPS), ylim=(-4, 4))
        time.set_title("state $x_t$")
    _, curve, stairs, stable, unstable = step.lines

    def update(w: float, b: float, x0: float) -> str:
        way, points = states(w, b, x0), numbers.fixed_points(w, b)
        curve.set_ydata(array(w * torch.sigmoid(x) + b))
        stairs.set_data(*map(array, plots.surface.staircase(way)))
        line.set_ydata(array(way))
        for marks, kind in ((stable, True), (unstable, False)):
            at = array(points.x[points.stable == kind])
            marks.set_data(at, at)
        kinds = [
            f"{at:.2f} ({'' if good else 'un'}stable, slope {slope:.2f})"
            for at, slope, good in zip(points.x, points.slope, points.stable, strict=True)
        ]
        return f"fixed points: {', '.join(kinds)}; x_{STEPS} = {way[-1]:.2f}"

    controls = {
        "w": slider("weight w", w, 0.0, 8.0, 0.05),
        "b": slider("bias b", b, -5.0, 1.0, 0.01),
        "x0": slider("first state x₀", x0, -3.0, 3.0, 0.05),
    }
    return Panel(controls, Canvas(figure, [curve, stairs, stable, unstable, line]), update)


def descent(
    w: float = 4.9,
    b: float = -2.4,
    learning_rate: float = 0.05,
    threshold: str = "none",
    *,
    updates: int = 100,
) -> Panel:
    """Return sliders over the start of a gradient descent on the map, its step and its threshold.

    Parameters
    ----------
    w, b : float
        Where the sliders over the start begin: 4.6 to 5.4 and −2.8 to −2.
    learning_rate : float
        Where the slider over the learning rate starts, 0.01 to 0.3.
    threshold : {"none", "0.2", "1", "10"}
        Which button is pressed at first: plain descent, or clipped by Algorithm 1.
    updates : int
        How many.

    Returns
    -------
    Panel
    """

    def descend(w: float, b: float, learning_rate: float, threshold: str) -> numbers.Descent:
        rule = {"learning_rate": learning_rate, "threshold": THRESHOLDS[threshold]}
        return numbers.descend(w, b, **rule, updates=updates)

    way = descend(w, b, learning_rate, threshold)
    grid = window(256)
    with plots.style():
        figure, (chart, norms) = plots.figure(2, width=11, height=5, detached=True)
        plots.surface.contour(numbers.error_surface(*grid), ax=chart, limit=LARGEST_ERROR)
        plots.surface.wall(grid[0], numbers.wall(grid[0]), ax=chart)
        plots.surface.descent(way, ax=chart)
        chart.set(xlim=W, ylim=B)
        (norm,) = norms.semilogy(array(way.grad_norm), color=plots.EXPLODES)
        norms.set(xlim=(0, updates), ylim=(1e-18, 1e5), xlabel="update")
        norms.set_ylabel("length of the gradient (log scale)")
    path, ring = chart.lines[1:]

    def update(w: float, b: float, learning_rate: float, threshold: str) -> str:
        way = descend(w, b, learning_rate, threshold)
        path.set_data(array(way.w), array(way.b))
        ring.set_data([w], [b])
        norm.set_ydata(array(way.grad_norm))
        fate = f"flung in update {way.flung}" if way.flung else "never flung"
        largest, end = way.grad_norm.max(), way.error[-1]
        return f"{fate}; largest gradient {largest:.3g}, error at the end {end:.2g}"

    controls = {
        "w": slider("start w", w, *W, 0.05),
        "b": slider("start b", b, *B, 0.05),
        "learning_rate": slider("learning rate", learning_rate, 0.01, 0.3, 0.01),
        "threshold": choice("clip at", THRESHOLDS, threshold),
    }
    return Panel(controls, Canvas(figure, [path, ring, norm]), update)
