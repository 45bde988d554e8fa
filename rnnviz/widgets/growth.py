"""Sliders for notebook 01."""

import math

import torch

from rnnviz import growth, plots
from rnnviz.plots import LOG10, array
from rnnviz.widgets.panel import Canvas, Panel, slider


def compound(factor: float = 1.01, steps: int = 365) -> Panel:
    """Return sliders over the factor and the number of steps of compound growth.

    Parameters
    ----------
    factor : float
        Where the first slider starts, 0.9 to 1.1.
    steps : int
        Where the second slider starts, 1 to 1000.

    Returns
    -------
    Panel
    """
    with plots.style():
        figure, (ax,) = plots.figure(detached=True)
        plots.growth.compound(growth.compound(1.0, 1000), ax=ax, color=plots.NEUTRAL)
        (line,) = ax.plot([], [], marker="o", markevery=[-1])
        ax.set(xlim=(0, 1000), ylim=(1e-99, 1e99))  # the widest labels, for the layout

    def update(factor: float, steps: int) -> str:
        values = growth.compound(factor, steps)
        line.set_data(range(steps + 1), array(values))
        line.set_color(plots.tone(factor - 1))
        # Limits in whole powers of a hundred: the axes stay still while the line moves.
        decades = 2 * math.ceil(max(1, abs(values[-1].log10().item())) / 2)
        reach = 10.0 ** (decades + 0.4)  # a little more, so that the last label fits in
        ax.set(xlim=(0, 1.02 * steps), ylim=(1 / reach, reach))
        return f"{factor:.4f}^{steps} = {values[-1]:.4g}"

    controls = {
        "factor": slider("factor", factor, 0.9, 1.1, 0.0005),
        "steps": slider("steps", steps, 1, 1000, 1),
    }
    return Panel(controls, Canvas(figure, [line]), update)


def random_matrix(radius: float = 1.0, *, size: int = 50, steps: int = 60, seed: int = 0) -> Panel:
    """Return a slider over the spectral radius of a random Gaussian matrix.

    Parameters
    ----------
    radius : float
        Where the slider starts, 0.5 to 1.5.
    size : int
        n, of the (n, n) matrix.
    steps : int
        The largest power shown.
    seed : int
        Of the matrix; the slider only scales it.

    Returns
    -------
    Panel
    """
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(size, size, generator=generator, dtype=torch.float64)
    unit = growth.matrix_growth(matrix / growth.matrix_growth(matrix, 0).spectral_radius, steps)
    k = torch.arange(steps + 1)
    with plots.style():
        figure, (plane, powers) = plots.figure(2, width=11, ratios=(1, 1.6), detached=True)
        plots.growth.eigenvalues(unit.eigenvalues, ax=plane)
        plane.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
        style = {"color": plots.NEUTRAL}  # in the legend; the line itself changes its colour
        plots.growth.matrix_growth(unit, ax=powers, bounds=True, label=r"$\|M^k\|_2$", **style)
        powers.set(ylim=(-12, 12), xlim=(0, steps))
        powers.legend(loc="lower left")
    norm, bound, ceiling = powers.lines
    points = plane.lines[-1]

    def update(radius: float) -> str:
        # (cM)^k = c^k M^k: scaling the matrix tilts every line by ln c a step.
        tilt = k * torch.tensor(radius, dtype=torch.float64).log()
        decades = (unit.log_norms + tilt) / LOG10
        norm.set_ydata(array(decades))
        bound.set_ydata(array(tilt / LOG10))
        sigma = torch.tensor(unit.spectral_norm * radius, dtype=torch.float64)
        ceiling.set_ydata(array(k * sigma.log10()))
        points.set_data(*array(torch.view_as_real(radius * unit.eigenvalues)).T)
        for artist in (norm, points):
            artist.set_color(plots.tone(radius - 1))
        return (
            f"spectral radius {radius:.2f}, spectral norm {sigma:.2f}: "
            f"log10 of the norm of M^{steps} = {decades[-1]:.2f}"
        )

    controls = {"radius": slider("spectral radius", radius, 0.5, 1.5, 0.01)}
    return Panel(controls, Canvas(figure, [norm, bound, ceiling, points]), update)
