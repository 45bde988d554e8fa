"""Pictures of gradient flow through time."""

from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from torch import Tensor

from rnnviz.flow import GradientFlow, Report
from rnnviz.plots._style import LOG10, NEUTRAL, OTHERS, VANISHES, array, styled
from rnnviz.plots.bptt import lag_profile


@styled
def norms(
    flow: GradientFlow,
    *,
    layer: int = -1,
    ax: Axes | None = None,
    label: str | None = None,
    color: str = VANISHES,
) -> Axes:
    """Draw ‖∂loss/∂h_t‖ at every step t, on a logarithmic axis.

    Parameters
    ----------
    flow : GradientFlow
        From :func:`rnnviz.flow.gradient_flow`.
    layer : int
        Which column of it.
    ax : Axes, optional
        Where to draw; a new figure without it.
    label, color : str, optional
        Of the line.

    Returns
    -------
    Axes
        A step whose gradient is exactly zero has no place on it, and leaves a gap.
    """
    values = flow.norms[:, layer]
    ax.semilogy(range(1, len(values) + 1), array(values), color=color, label=label)
    ax.set_xlabel("step $t$")
    ax.set_ylabel(r"$\|\partial E/\partial h_t\|$ (log scale)")
    return ax


@styled
def weight_term(
    term: Float[Tensor, "rows columns"], *, limit: float, ax: Axes | None = None
) -> Axes:
    """Draw one step's share of the recurrent weight's gradient as an image in grey.

    Parameters
    ----------
    term : Tensor, shape (rows, columns)
        From ``GradientFlow.weight_term``.
    limit : float
        Black is −limit and less, white limit and more, mid-grey zero.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes
    """
    ax.imshow(array(term), cmap="gray", vmin=-limit, vmax=limit, aspect="auto")
    ax.grid(False)
    ax.set_xlabel("from unit")
    ax.set_ylabel("to unit")
    return ax


@styled
def training_map(
    updates: Float[Tensor, " records"],
    norms: Float[Tensor, "records time"],
    *,
    ax: Axes | None = None,
    decades: float = 8,
) -> Axes:
    """Draw the gradient flow of a module while it trains: lag by update.

    Parameters
    ----------
    updates, norms : Tensor, shape (records,) and (records, time)
        ``FlowRecorder.updates`` and ``.norms``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    decades : float
        The colours reach from the norm at the last step so many decades down and up.

    Returns
    -------
    Axes
        Grey where the norm is not a number, or that at lag 0 is zero.

    Raises
    ------
    ValueError
        If there are fewer than two records, or not as many updates as norms.
    """
    if norms.ndim != 2 or len(norms) < 2 or len(updates) != len(norms):
        raise ValueError(
            f"updates and norms must be of the same two records or more, got {len(updates)} "
            f"updates and norms of shape {tuple(norms.shape)}"
        )
    relative = (norms / norms[:, -1:]).log10().clamp(-decades, decades).flip(1)
    half = (updates[1] - updates[0]).item() / 2  # every column stands over its update
    extent = [updates[0].item() - half, updates[-1].item() + half, -0.5, norms.shape[1] - 0.5]
    place = {"origin": "lower", "extent": extent, "aspect": "auto"}
    image = ax.imshow(array(relative.T), **place, cmap=colormaps["RdBu_r"].with_extremes(bad="0.8"))
    image.set_clim(-decades, decades)
    ax.grid(False)
    ax.set_xlabel("update")
    ax.set_ylabel(r"lag $\ell$")
    label = "norm relative to lag 0,\nlogarithm base 10"
    ax.figure.colorbar(image, ax=ax).set_label(label)
    return ax


@styled
def report(found: Report, *, ax: Axes | None = None) -> Axes:
    """Draw a report: the flow over the lags, and at its right how open the gates are.

    Parameters
    ----------
    found : Report
        From :func:`rnnviz.flow.report`.
    ax : Axes, optional
        Where to draw; a new figure without it. The histograms take a third of its width.

    Returns
    -------
    Axes
        That of the flow; the histograms' is ``ax.child_axes[0]``, if the gates are known.
    """
    half = found.jacobian.half_life
    lag_profile(found.jacobian.log_norms, ax=ax, label=f"as it is: half-life {half:.1f} steps")
    if found.improved is not None:
        name = f"{found.advice.partition(':')[0]}: half-life {found.improved.half_life:.1f}"
        ax.plot(array(found.improved.log_norms / LOG10), "--", color=OTHERS[0], label=name)
    for lag, word in ((found.dies, "below a thousandth"), (found.explodes, "above a thousandfold")):
        if lag is not None:
            ax.axvline(lag, color=NEUTRAL, ls=":", lw=2, label=f"{word} from lag {lag}")
    ax.legend(fontsize=11)
    if found.saturation:
        beside = ax.inset_axes([1.1, 0, 0.5, 1])
        for (name, (_, values)), color in zip(
            found.saturation.items(), (VANISHES, *OTHERS), strict=False
        ):
            slope = name in ("activation", "cell", "candidate")
            label = f"{name} slope" if slope else f"{name} gate"
            style = {"bins": 25, "range": (0, 1), "density": True, "histtype": "step", "lw": 2}
            beside.hist(array(values), color=color, label=label, **style)
        beside.set_xlabel("value, 0 to 1")
        beside.set_title("gates and slopes")
        beside.legend(fontsize=11)
    return ax
