"""The sliders, driven from Python: every callback over its range."""

import base64
import io
import itertools
import math

import ipywidgets as ipw
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from rnnviz import growth, widgets
from rnnviz import surface as surface_numbers
from rnnviz.flow import gradient_flow, jacobian_flow, set_gate_bias
from rnnviz.surface import descend, error_surface, fixed_points

NORMS = torch.logspace(-2, 3, 60, dtype=torch.float64)

torch.manual_seed(0)
INPUTS = torch.randn(12, 1, 3)
FLOWS = [gradient_flow(kind(3, 4), INPUTS) for kind in (torch.nn.RNN, torch.nn.LSTM)]
PANELS = {
    "animation": lambda **start: widgets.flow.animation(*FLOWS, **start),
    "forget_bias": lambda **start: widgets.flow.forget_bias(hidden=4, steps=12, **start),
    "compound": widgets.growth.compound,
    "random_matrix": widgets.growth.random_matrix,
    "product": widgets.bptt.product,
    "horizon": lambda **start: widgets.surface.horizon(size=32, **start),
    "fixed_points": widgets.surface.fixed_points,
    "descent": lambda **start: widgets.surface.descent(updates=20, **start),
    "threshold": lambda **start: widgets.clipping.threshold(NORMS, **start),
}


@pytest.fixture(params=PANELS)
def panel(request):
    return PANELS[request.param]()


def values_of(control):
    """Return values over the whole range of a control, both ends included."""
    if isinstance(control, ipw.ToggleButtons):
        return control.options
    if isinstance(control, ipw.FloatLogSlider):
        return [control.base**power for power in (control.min, -0.5, control.max)]
    middle = (control.min + control.max) / 2
    middle = int(middle) if isinstance(control, ipw.IntSlider | ipw.Play) else middle
    return (control.min, middle, control.max)


def test_every_combination_of_controls_redraws_and_reports(panel, request):
    """Of more than 30 combinations a third, in which all but one control still take all of theirs.

    With ``--whole`` every one.
    """
    seen = {}
    every = list(itertools.product(*(enumerate(values_of(c)) for c in panel.controls.values())))
    if len(every) > 30 and not request.config.getoption("--whole"):
        every = [places for places in every if sum(place for place, _ in places) % 3 == 0]
    for values in ([value for _, value in places] for places in every):
        for control, value in zip(panel.controls.values(), values, strict=True):
            control.value = value
        assert bytes(panel.image.value).startswith(b"\x89PNG")
        assert "nan" not in panel.readout.value
        seen.setdefault(panel.readout.value, bytes(panel.image.value))
    assert len(seen) >= 3
    assert len(set(seen.values())) >= len(seen) - 2  # the picture moves with the numbers


def test_every_single_control_changes_the_picture(panel):
    for control in panel.controls.values():
        before, start = panel.image.value, control.value
        control.value = next(v for v in reversed(values_of(control)) if v != start)
        assert panel.image.value != before, control.description
        control.value = start


def test_the_way_back_gives_the_first_picture_again(panel):
    before, readout = panel.image.value, panel.readout.value
    for control in panel.controls.values():
        start = control.value
        for value in values_of(control):
            control.value = value
        control.value = start
    assert panel.readout.value == readout
    assert panel.image.value == before


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [
        ("compound", {"factor": 0.95, "steps": 700}),
        ("random_matrix", {"radius": 0.6}),
        ("product", {"radius": 2.0, "input_scale": 0.0, "activation": "relu"}),
        ("horizon", {"steps": 20, "x0": 0.8}),
        ("fixed_points", {"w": 3.0, "b": -1.0, "x0": 1.5}),
        ("descent", {"w": 5.0, "b": -2.2, "learning_rate": 0.2, "threshold": "1"}),
        ("threshold", {"threshold": 10.0}),
        ("animation", {"lag": 7}),
        ("forget_bias", {"bias": 3.0}),
    ],
)
def test_moving_there_gives_the_picture_of_starting_there(name, elsewhere):
    """Nothing of an earlier frame stays behind, and no part of the picture is forgotten."""
    moved, started = PANELS[name](), PANELS[name](**elsewhere)
    for control, value in elsewhere.items():
        moved.controls[control].value = value
    assert moved.readout.value == started.readout.value
    assert bytes(moved.image.value) == bytes(started.image.value)


def test_it_redraws_in_place(panel):
    """While the sliders move, no artist is made or thrown away, and pyplot knows of no figure."""
    figure = panel._canvas.figure

    def artists():
        return [id(a) for ax in figure.axes for a in (ax, *ax.lines, *ax.images, *ax.patches)]

    before = artists()
    for control in panel.controls.values():
        for value in values_of(control):
            control.value = value
    assert artists() == before
    assert plt.get_fignums() == []


def test_the_picture_is_in_colour(panel):
    shown = np.asarray(Image.open(io.BytesIO(panel.image.value))).astype(int)
    assert shown.shape[-1] == 3
    assert (shown.max(-1) - shown.min(-1)).max() > 100


def test_it_is_one_box_with_labelled_controls(panel):
    assert isinstance(panel, ipw.VBox)
    assert panel.children == (*panel.controls.values(), panel.image, panel.readout)
    assert all(control.description for control in panel.controls.values())


def test_without_a_kernel_its_picture_stands_in_the_notebook(panel):
    bundle = panel._repr_mimebundle_()
    stored = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    shown = Image.open(io.BytesIO(panel.image.value))
    assert ImageChops.difference(stored, shown).getbbox() is None
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_error_in_the_computation_is_not_swallowed(panel, monkeypatch):
    def broken(**values):
        raise RuntimeError("broken")

    monkeypatch.setattr(panel, "_update", broken)
    control = next(iter(panel.controls.values()))
    with pytest.raises(RuntimeError, match="broken"):
        control.value = next(v for v in values_of(control) if v != control.value)


def test_compound_reads_what_growth_computes():
    panel = widgets.growth.compound(factor=1.01, steps=365)
    assert panel.readout.value == "1.0100^365 = 37.78"
    panel.controls["factor"].value = 0.99
    panel.controls["steps"].value = 100
    assert panel.readout.value == f"0.9900^100 = {growth.compound(0.99, 100)[-1]:.4g}"


def test_random_matrix_scales_as_a_fresh_computation_would(gaussian):
    panel = widgets.growth.random_matrix(radius=1.0, size=6, steps=10, seed=3)
    panel.controls["radius"].value = 0.8
    matrix = gaussian(6, 6, seed=3)
    radius = growth.matrix_growth(matrix, 0).spectral_radius
    fresh = growth.matrix_growth(0.8 * matrix / radius, 10)
    norm, below, above = panel._canvas.figure.axes[1].lines
    assert norm.get_ydata()[-1].item() == pytest.approx(fresh.log_norms[-1].item() / 2.302585093)
    assert below.get_ydata()[-1].item() == pytest.approx(10 * -0.09691001)
    assert panel.readout.value.startswith(
        f"spectral radius 0.80, spectral norm {fresh.spectral_norm:.2f}"
    )
    assert above.get_ydata()[-1].item() >= norm.get_ydata()[-1].item()


def test_product_does_not_depend_on_the_input_where_the_network_is_linear():
    panel = widgets.bptt.product(activation="identity")
    before = panel.readout.value
    panel.controls["input_scale"].value = 3.0
    assert panel.readout.value == before


def test_horizon_shows_what_surface_computes_and_its_steepest_gradient():
    panel = widgets.surface.horizon(size=16)
    image = panel._canvas.figure.axes[0].images[0]
    for steps, x0 in ((50, 0.5), (7, 0.5), (7, 0.8), (30, 0.8)):
        panel.controls["x0"].value, panel.controls["steps"].value = x0, steps
        w, b = widgets.surface.window(16)
        error = error_surface(w.float(), b.float(), x0=x0, steps=steps).error.T.numpy()
        assert np.array_equal(image.get_array(), image.to_rgba(error, bytes=True))
    panel.controls["x0"].value, panel.controls["steps"].value = 0.5, 50
    assert panel.readout.value.endswith("along w = 5: 6.77e+03")


# Also where x0 lies beyond the watershed and the jump is at a fold.
@pytest.mark.parametrize("x0", [0.5, 1.0, -1.0, 2.0])
@pytest.mark.parametrize("steps", [10, 30])
def test_horizon_finds_the_steepest_place_wherever_it_is(x0, steps):
    panel = widgets.surface.horizon(steps, x0, size=8)
    fine = torch.linspace(-3, -1.8, 400_001, dtype=torch.float64)
    cut = error_surface(torch.tensor([5.0], dtype=torch.float64), fine, x0=x0, steps=steps)
    assert float(panel.readout.value.split()[-1]) == pytest.approx(
        cut.grad_norm.max().item(), rel=5e-3
    )


def test_horizon_over_T_computes_one_pass_for_all(monkeypatch):
    passes = []

    def counted(*args, **options):
        passes.append(options)
        return every(*args, **options)

    every = surface_numbers.error_surfaces
    monkeypatch.setattr(surface_numbers, "error_surfaces", counted)
    panel = widgets.surface.horizon(size=16)
    for steps in (10, 30, 49, 2):
        panel.controls["steps"].value = steps
    assert [options["x0"] for options in passes] == [0.5]
    panel.controls["x0"].value = 0.7  # while x0 moves, one surface a step is enough
    assert len(passes) == 1


@pytest.mark.parametrize(("x0", "lines"), [(0.5, 1), (2.0, 0)])
def test_horizon_draws_the_wall_only_where_there_is_one(x0, lines):
    panel = widgets.surface.horizon(x0=x0, size=16)
    wall = panel._canvas.figure.axes[0].lines[0]
    assert np.isfinite(wall.get_ydata()).any() == (lines == 1)


def test_fixed_points_are_where_the_step_crosses_the_diagonal():
    panel = widgets.surface.fixed_points(w=5.0, b=-2.55)
    panel.controls["b"].value = -2.6
    _, curve, stairs, stable, unstable = panel._canvas.figure.axes[0].lines
    points = fixed_points(5.0, -2.6)
    assert [*stable.get_xdata(), *unstable.get_ydata()] == points.x[[0, 2, 1]].tolist()
    x, following = curve.get_data()
    assert following == pytest.approx(5 / (1 + np.exp(-x)) - 2.6)
    across, up = stairs.get_data()
    assert up[1] == pytest.approx(5 / (1 + np.exp(-across[0])) - 2.6)
    assert across[-1] == up[-1] == pytest.approx(points.x[2].item(), abs=1e-2)


def test_descent_walks_as_descend_does_and_says_where_it_ends():
    panel = widgets.surface.descent(updates=30)
    assert panel.readout.value == (
        "flung in update 18; largest gradient 496, error at the end 0.09"
    )
    panel.controls["threshold"].value = "0.2"
    way = descend(4.9, -2.4, learning_rate=0.05, updates=30, threshold=0.2)
    chart, norms = panel._canvas.figure.axes[:2]
    assert chart.lines[1].get_xydata().tolist() == torch.stack([way.w, way.b], 1).tolist()
    assert norms.lines[0].get_ydata().tolist() == way.grad_norm.tolist()
    assert panel.readout.value.startswith("never flung")


def test_threshold_counts_and_marks_what_it_would_clip():
    norms = torch.tensor([1.0, 5.0, math.nan, 0.0, 5.0, math.inf, 20.0], dtype=torch.float64)
    panel = widgets.clipping.threshold(norms, threshold=5.0)
    assert panel.readout.value == (
        "threshold 5: 3 of 7 updates clipped; the heuristic says 3.1 to 62"
    )
    marks = panel._canvas.figure.axes[1].lines[1]
    assert marks.get_xydata().tolist() == [[1, 5], [4, 5], [6, 20]]
    panel.controls["threshold"].value = 10.0
    assert marks.get_xydata().tolist() == [[6, 20]]
    with pytest.raises(ValueError, match="norms must hold a finite number above 0, got none in 1"):
        widgets.clipping.threshold(torch.zeros(1))


def test_animation_shows_the_terms_of_one_step_on_one_scale():
    panel = PANELS["animation"]()
    left, right, curves = panel._canvas.figure.axes
    panel.controls["lag"].value = 5
    for ax, flow in zip((left, right), FLOWS, strict=True):
        assert np.array_equal(ax.images[0].get_array(), flow.weight_term(6).double())
    assert left.images[0].get_clim() == right.images[0].get_clim()
    largest = max(flow.weight_term(11).abs().max().item() for flow in FLOWS)
    assert left.images[0].get_clim()[1] == pytest.approx(largest / 4)
    assert list(curves.lines[2].get_xdata()) == [7, 7]
    assert panel.readout.value.startswith(
        f"t = 7: norm of the term: RNN {FLOWS[0].weight_terms[6, 0]:.1e}"
    )


def test_play_and_slider_move_each_other():
    panel = PANELS["animation"]()
    panel.controls["play"].value = 3
    assert panel.controls["lag"].value == 3
    panel.controls["lag"].value = 8
    assert panel.controls["play"].value == 8


def test_animation_refuses_flows_of_different_length():
    short = gradient_flow(torch.nn.RNN(3, 4), INPUTS[:5])
    with pytest.raises(ValueError, match="both must have as many steps, got 12 and 5"):
        widgets.flow.animation(FLOWS[0], short)


def test_forget_bias_draws_what_jacobian_flow_measures():
    panel = widgets.flow.forget_bias(hidden=4, steps=12)
    panel.controls["bias"].value = 2.0
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        module = torch.nn.LSTM(4, 4, dtype=torch.float64)
        inputs = torch.randn(12, 2, 4, dtype=torch.float64)
    set_gate_bias(module, 2.0)
    found = jacobian_flow(module, inputs)
    lines = panel._canvas.figure.axes[0].lines
    for line, values in zip(
        lines, (found.log_norms, found.cell_log_norms, found.gate_log_norms), strict=False
    ):
        assert line.get_ydata() == pytest.approx(values.numpy() / math.log(10))
    assert f"factor a step of h {found.decay:.3f}" in panel.readout.value
