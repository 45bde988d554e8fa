"""The sliders, driven from Python: every callback over its range."""

import base64
import itertools

import ipywidgets as ipw
import matplotlib.pyplot as plt
import pytest

from rnnviz import growth, widgets

PANELS = {
    "compound": widgets.growth.compound,
    "random_matrix": widgets.growth.random_matrix,
    "product": widgets.bptt.product,
}


@pytest.fixture(params=PANELS)
def panel(request):
    return PANELS[request.param]()


def values_of(control):
    """Return values over the whole range of a control, both ends included."""
    if isinstance(control, ipw.ToggleButtons):
        return control.options
    middle = (control.min + control.max) / 2
    middle = int(middle) if isinstance(control, ipw.IntSlider) else middle
    return (control.min, middle, control.max)


def test_every_combination_of_controls_redraws_and_reports(panel):
    seen = {}
    for values in itertools.product(*(values_of(c) for c in panel.controls.values())):
        for control, value in zip(panel.controls.values(), values, strict=True):
            control.value = value
        assert bytes(panel.image.value).startswith(b"\x89PNG")
        assert "nan" not in panel.readout.value
        seen.setdefault(panel.readout.value, bytes(panel.image.value))
    assert len(seen) >= 3
    assert len(set(seen.values())) >= len(seen) - 2  # the picture moves with the numbers


def test_every_single_control_changes_the_picture(panel):
    for control in panel.controls.values():
        before = panel.image.value
        control.value = next(v for v in reversed(values_of(control)) if v != control.value)
        assert panel.image.value != before, control.description


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


def test_it_is_one_box_with_labelled_controls(panel):
    assert isinstance(panel, ipw.VBox)
    assert panel.children == (*panel.controls.values(), panel.image, panel.readout)
    assert all(control.description for control in panel.controls.values())


def test_without_a_kernel_its_picture_stands_in_the_notebook(panel):
    bundle = panel._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == panel.image.value
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_error_in_the_computation_is_not_swallowed(panel, monkeypatch):
    def broken(**values):
        raise RuntimeError("broken")

    monkeypatch.setattr(panel, "_update", broken)
    control = next(iter(panel.controls.values()))
    with pytest.raises(RuntimeError, match="broken"):
        control.value = control.min


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
