"""Pictures for notebook 02: the Jacobian product and the sum of its terms."""

import math

import matplotlib.patheffects as effects
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.plots._style import EXPLODES, LOG10, NEUTRAL, VANISHES, array, styled


@styled
def lag_profile(
    log_norms: Float[Tensor, " time_plus_1"],
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: str | None = None,
) -> Axes:
    """Draw log10 ‖∂h_T/∂h_{T−ℓ}‖ against the lag ℓ.

    Parameters
    ----------
    log_norms : Tensor, shape (T+1,)
        From :func:`rnnviz.bptt.lag_log_norms` (natural logarithms; drawn in decades).
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line.

    Returns
    -------
    Axes
    """
    if not any(line.get_gid() == "one" for line in ax.lines):
        ax.axhline(0, color=NEUTRAL, lw=1.5, ls="--", gid="one")
    ax.plot(range(len(log_norms)), array(log_norms / LOG10), label=label, color=color)
    ax.set_xlabel(r"lag $\ell$ (steps back in time)")
    ax.set_ylabel(r"$\log_{10}\,\|\partial h_T/\partial h_{T-\ell}\|$")
    return ax


@styled
def norm_table(
    log_norms: Float[Tensor, "time_plus_1 time_plus_1"],
    *,
    ax: Axes | None = None,
    limit: float | None = None,
    colorbar: bool = True,
) -> Axes:
    """Draw the table of log10 ‖∂h_t/∂h_i‖ as a heat map: blue vanishes, red explodes.

    Grey stands above the diagonal, where there is no derivative: h_t does not depend on what
    comes after t.

    Parameters
    ----------
    log_norms : Tensor, shape (T+1, T+1)
        From :func:`rnnviz.bptt.log_norms` (natural logarithms; drawn in decades).
    ax : Axes, optional
        Where to draw; a new figure without it.
    limit : float, optional
        The colour scale runs from −limit to +limit decades; by default as far as the table does.
    colorbar : bool
        Draw the colour scale beside the map.

    Returns
    -------
    Axes
    """
    if limit is None:
        finite = log_norms[log_norms.isfinite()] / LOG10
        limit = max(1.0, math.ceil(finite.abs().max().item()))
    image = ax.imshow(array(table_image(log_norms, limit)), vmin=-limit, vmax=limit, origin="upper")
    ax.set_facecolor("#C8C8C8")
    ax.grid(False)
    ax.set_xlabel("from time $i$")
    ax.set_ylabel("to time $t$")
    if colorbar:
        bar = ax.figure.colorbar(image, ax=ax, extend="both")
        bar.set_label(r"$\log_{10}\,\|\partial h_t/\partial h_i\|$")
    return ax


def table_image(
    log_norms: Float[Tensor, "time_plus_1 time_plus_1"], limit: float
) -> Float[Tensor, "time_plus_1 time_plus_1"]:
    """Return the heat map's values in decades, no derivative (above the diagonal) being NaN.

    A product that is exactly zero is drawn like the smallest one.
    """
    above = log_norms.new_ones(log_norms.shape).triu(1) > 0
    return (log_norms / LOG10).clamp(min=-limit).masked_fill(above, math.nan)


@styled
def term_shares(
    norms: Float[Tensor, " time"], *, ax: Axes | None = None, color: str = VANISHES
) -> Axes:
    """Draw the norm of every term of ∂E_T/∂W_R against its lag, as a share of the largest.

    Parameters
    ----------
    norms : Tensor, shape (T,)
        Norms of the entries of :func:`rnnviz.bptt.gradient_terms`, in the order of time.
    ax : Axes, optional
        Where to draw; a new figure without it.
    color : str
        Of the bars.

    Returns
    -------
    Axes
    """
    ax.bar(range(len(norms)), array(norms.flip(0) / norms.max()), color=color, width=0.85)
    ax.set_yscale("log")
    ax.set_xlabel("lag $T-i$ of the term")
    ax.set_ylabel("norm of the term,\nshare of the largest (log)")
    return ax


@styled
def exponents(
    values: Float[Tensor, " hidden"],
    *,
    ax: Axes | None = None,
    label: str | None = None,
    color: str | None = None,
) -> Axes:
    """Draw Lyapunov exponents in descending order, with the line that parts the two failures.

    Parameters
    ----------
    values : Tensor, shape (H,)
        From :func:`rnnviz.bptt.lyapunov_exponents`, in nats a step.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the points.

    Returns
    -------
    Axes
    """
    if not any(line.get_gid() == "zero" for line in ax.lines):
        ax.axhline(0, color=NEUTRAL, lw=1.5, ls="--", gid="zero")
        for y, word, side, tone in (
            (4, "explodes", "bottom", EXPLODES),
            (-4, "vanishes", "top", VANISHES),
        ):
            ax.annotate(
                word,
                (1, 0),
                xycoords=("axes fraction", "data"),
                xytext=(-4, y),
                textcoords="offset points",
                ha="right",
                va=side,
                color=tone,
                path_effects=[effects.withStroke(linewidth=3, foreground="white")],
            )
    ax.plot(range(1, len(values) + 1), array(values), "o-", ms=4, lw=1.5, label=label, color=color)
    ax.set_xlabel("rank of the exponent")
    ax.set_ylabel("Lyapunov exponent\n(nats a step)")
    return ax
