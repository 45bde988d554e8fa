"""One step of the slider over the error surface, beside a new figure for every step."""

import io
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch

from rnnviz import widgets
from rnnviz.surface import error_surface

torch.set_num_threads(1)
mpl.use("agg")

SIZE = 256
FRAME = 1000 / 30  # milliseconds between two pictures of a film that looks continuous
# Every step asks for an x_0 that was not asked for before.
FIRST_STATES = itertools.cycle([0.05 * k for k in range(40)])


@pytest.fixture(scope="module")
def panel():
    return widgets.surface.horizon(size=SIZE)


def slider_x0(panel):
    panel.controls["x0"].value = next(FIRST_STATES)
    return panel.image.value


def slider_steps(panel):
    panel.controls["steps"].value = panel.controls["steps"].value % 50 + 1
    return panel.image.value


def inline(draw):
    """Compute and draw as a cell would that makes its figure anew, and encode it as inline does."""
    surface = error_surface(*widgets.surface.window(SIZE), x0=next(FIRST_STATES))
    figure, ax = plt.subplots(figsize=(6.4, 4.8))
    draw(ax, surface)
    png = io.BytesIO()
    figure.savefig(png, format="png", bbox_inches="tight")
    plt.close(figure)
    return png.getvalue()


def contourf(ax, surface):
    image = ax.contourf(surface.w, surface.b, surface.error.T.numpy(), levels=20, cmap="viridis")
    ax.figure.colorbar(image, ax=ax)


def imshow(ax, surface):
    image = ax.imshow(surface.error.T.numpy(), origin="lower", aspect="auto", cmap="viridis")
    ax.figure.colorbar(image, ax=ax)


WAYS = {
    "ours": slider_x0,
    "slider over T": slider_steps,
    "new contourf inline": lambda _: inline(contourf),
    "new imshow inline": lambda _: inline(imshow),
}


@pytest.mark.parametrize("way", WAYS)
def test_slider_step(measure, remark, benchmark, panel, way):
    goal = 4 if way == "new contourf inline" else None
    comparison = f"slider step, {SIZE}²: compute, draw, encode"
    png = measure(comparison, way, lambda: WAYS[way](panel), rounds=30, goal=goal)
    assert bytes(png).startswith(b"\x89PNG")
    if benchmark.stats and way in ("ours", "slider over T"):
        median = 1e3 * benchmark.stats.stats.median
        verdict = "met" if median < FRAME else "MISSED"
        remark(f"{comparison}: {way} {median:.1f} ms, goal < {FRAME:.0f} ms: {verdict}")
