"""Pictures for notebook 01: repeated multiplication."""

import math

from jaxtyping import Complex, Float
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from rnnviz.growth import MatrixGrowth
from rnnviz.plots._style import LOG10, NEUTRAL, array, styled


@styled
def compound(
    values: Float[Tensor, " steps_plus_1"],
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: str | None = None,
) -> Axes:
    """Draw factor^k against k on a logarithmic axis, where compound growth is a straight line.

    Parameters
    ----------
    values : Tensor, shape (steps+1,)
        From :func:`rnnviz.growth.compound`.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line; the label is written at its end, in its colour.

    Returns
    -------
    Axes
    """
    (line,) = ax.semilogy(range(len(values)), array(values), color=color)
    if label:
        ax.annotate(
            label,
            (len(values) - 1, values[-1].item()),
            xytext=(6, 0),
            textcoords="offset points",
            color=line.get_color(),
            va="center",
            annotation_clip=False,
        )
    ax.set_xlabel("step $k$")
    ax.set_ylabel("factor$^k$ (log scale)")
    return ax


@styled
def matrix_growth(
    growth: MatrixGrowth,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: str | None = None,
    bounds: bool = False,
) -> Axes:
    """Draw log10 ‖M^k‖₂ against k, on request between its bounds ρ^k and σ_max^k.

    Parameters
    ----------
    growth : MatrixGrowth
        From :func:`rnnviz.growth.matrix_growth`.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line of norms.
    bounds : bool
        Also draw ρ(M)^k (dashed, from below) and σ_max(M)^k (dotted, from above).

    Returns
    -------
    Axes
    """
    k = range(len(growth.log_norms))
    ax.plot(k, array(growth.log_norms / LOG10), label=label, color=color)
    if bounds:
        slopes = {
            (r"$\rho(M)^k$", "--"): growth.spectral_radius,
            (r"$\sigma_{\max}(M)^k$", ":"): growth.spectral_norm,
        }
        for (name, style), base in slopes.items():
            if base > 0:
                line = [math.log10(base) * step for step in k]
                ax.plot(k, line, style, color=NEUTRAL, lw=2, label=name)
    ax.set_xlabel("power $k$")
    ax.set_ylabel(r"$\log_{10}\,\|M^k\|_2$")
    return ax


@styled
def eigenvalues(
    values: Complex[Tensor, " size"], *, ax: Axes | None = None, color: str | None = None
) -> Axes:
    """Draw eigenvalues in the complex plane, with the unit circle: the border of stability.

    Parameters
    ----------
    values : Tensor, shape (n,), complex
        ``MatrixGrowth.eigenvalues``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    color : str, optional
        Of the points.

    Returns
    -------
    Axes
    """
    ax.add_patch(Circle((0, 0), 1, fill=False, ls="--", lw=2, color=NEUTRAL))
    ax.plot(array(values.real), array(values.imag), "o", ms=6, color=color)
    ax.set_aspect("equal")
    ax.set_xlabel(r"Re $\lambda$")
    ax.set_ylabel(r"Im $\lambda$")
    return ax
