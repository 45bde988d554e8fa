"""The pictures, read off their artists: what is drawn is what was computed."""

import math
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from rnnviz import bptt, growth, plots
from rnnviz.clipping import GradientNormMonitor
from rnnviz.flow import gradient_flow, report
from rnnviz.surface import descend, error_surface, fixed_points

W, B = torch.linspace(4.6, 5.4, 5).double(), torch.linspace(-2.8, -2.0, 4).double()
FLUNG = descend(4.9, -2.4, learning_rate=0.05, updates=25)
NORMS = torch.tensor([1.0, 20.0, math.nan, 0.0, 3.0]).double()
CLIPPED = torch.tensor([False, True, False, False, False])
torch.manual_seed(0)
LSTM, INPUTS = torch.nn.LSTM(3, 4), torch.randn(30, 2, 3)
FLOW, REPORT = gradient_flow(LSTM, INPUTS), report(LSTM, INPUTS)
COUNTS = torch.tensor([[0, 5], [4, 1]])
LINE = torch.linspace(-3, 3, 7).double()
POINTS = fixed_points(5.0, -2.55)


def watched():
    """A monitor that has seen NORMS, clipping at 5."""
    parameter = torch.nn.Parameter(torch.zeros(1).double())
    monitor = GradientNormMonitor([parameter], threshold=5.0)
    for norm in NORMS:
        parameter.grad = norm[None].clone()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            monitor.clip()
    return monitor


CALLS = {
    "compound": lambda ax: plots.growth.compound(growth.compound(1.01, 10), ax=ax),
    "matrix_growth": lambda ax: plots.growth.matrix_growth(
        growth.matrix_growth(torch.eye(2), 5), ax=ax, bounds=True
    ),
    "eigenvalues": lambda ax: plots.growth.eigenvalues(torch.ones(3).cdouble(), ax=ax),
    "lag_profile": lambda ax: plots.bptt.lag_profile(torch.zeros(4), ax=ax),
    "norm_table": lambda ax: plots.bptt.norm_table(torch.zeros(4, 4), ax=ax),
    "term_shares": lambda ax: plots.bptt.term_shares(torch.ones(4), ax=ax),
    "exponents": lambda ax: plots.bptt.exponents(torch.ones(4), ax=ax),
    "contour": lambda ax: plots.surface.contour(error_surface(W, B), ax=ax),
    "history": lambda ax: plots.surface.history(FLUNG, ax=ax),
    "clipping history": lambda ax: plots.clipping.history(NORMS, CLIPPED, ax=ax),
    "learned": lambda ax: plots.clipping.learned(COUNTS, (0.1, 0.02), (math.inf, 1.0), of=5, ax=ax),
    "flow norms": lambda ax: plots.flow.norms(FLOW, ax=ax),
    "weight_term": lambda ax: plots.flow.weight_term(FLOW.weight_term(29), limit=1.0, ax=ax),
    "training_map": lambda ax: plots.flow.training_map(B, torch.ones(4, 7).double(), ax=ax),
    "report": lambda ax: plots.flow.report(REPORT, ax=ax),
    "histogram": lambda ax: plots.clipping.histogram(NORMS, ax=ax),
    "monitor": lambda ax: plots.clipping.monitor(watched(), ax=ax),
    "return_map": lambda ax: plots.surface.return_map(LINE, LINE / 2, POINTS, ax=ax),
    "bifurcation": lambda ax: plots.surface.bifurcation(LINE, LINE, LINE > 0, ax=ax),
    "basins": lambda ax: plots.surface.basins(B, LINE, torch.zeros(7, 4), ax=ax),
    "outcome": lambda ax: plots.surface.outcome(
        W, B, torch.arange(20).reshape(5, 4), ax=ax, colorbar=False
    ),
}


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    with mpl.rc_context():
        yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.figure().subplots()


@pytest.fixture
def steps(gaussian):
    W_R = gaussian(5, 5, seed=0)
    inputs, h0 = gaussian(7, 5, seed=1), gaussian(5, seed=2)
    return bptt.step_jacobians(W_R, bptt.run_rnn(torch.eye(5).double(), W_R, inputs, h0))


@pytest.mark.parametrize("name", CALLS)
def test_draws_on_the_axes_it_is_given_and_returns_it(name, ax):
    assert CALLS[name](ax) is ax
    assert len(plt.get_fignums()) == 1
    assert ax.has_data()


@pytest.mark.parametrize("name", [*CALLS, "unrolled"])
def test_makes_a_figure_where_it_is_given_none(name):
    drawn = CALLS[name](None) if name in CALLS else plots.unrolled.unrolled()
    assert isinstance(drawn, mpl.axes.Axes)
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", CALLS)
def test_axes_are_labelled(name, ax):
    CALLS[name](ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("name", CALLS)
def test_matplotlib_settings_are_left_as_they_were(name, ax):
    before = dict(mpl.rcParams)
    CALLS[name](ax)
    plots.figure()
    assert dict(mpl.rcParams) == before


def test_style_holds_inside_and_use_style_holds_on():
    with mpl.rc_context():
        figure, (ax,) = plots.figure()
        assert ax.xaxis.label.get_size() == 14
        assert tuple(figure.get_size_inches()) == (9, 4.5)
        plots.use_style()
        assert plt.figure().subplots().xaxis.label.get_size() == 14


def test_a_detached_figure_is_not_shown_by_pyplot():
    figure, axes = plots.figure(2, detached=True)
    assert len(axes) == 2
    assert figure.axes == axes
    assert plt.get_fignums() == []


def test_compound_draws_the_values_on_a_logarithmic_axis(ax):
    plots.growth.compound(growth.compound(0.5, 3), ax=ax, label="half")
    assert list(ax.lines[0].get_ydata()) == [1, 0.5, 0.25, 0.125]
    assert ax.get_yscale() == "log"
    assert ax.texts[0].get_text() == "half"


def test_matrix_growth_stands_between_its_bounds(ax):
    result = growth.matrix_growth(torch.tensor([[0.9, 10.0], [0.0, 0.9]]), 30)
    plots.growth.matrix_growth(result, ax=ax, bounds=True)
    norm, below, above = (np.asarray(line.get_ydata()) for line in ax.lines)
    assert norm == pytest.approx((result.log_norms / math.log(10)).numpy())
    assert (below <= norm + 1e-9).all()
    assert (norm <= above + 1e-9).all()


def test_lag_profile_is_in_decades_and_marks_one_once(ax):
    log_norms = torch.tensor([0.0, math.log(10), 2 * math.log(10)])
    for _ in range(2):
        plots.bptt.lag_profile(log_norms, ax=ax)
    reference, first, second = ax.lines
    assert first.get_ydata() == pytest.approx([0, 1, 2])
    assert list(reference.get_ydata()) == [0, 0]
    assert second.get_ydata() == pytest.approx([0, 1, 2])


def test_norm_table_is_in_decades_and_empty_above_the_diagonal(ax, steps):
    table = bptt.log_norms(steps)
    plots.bptt.norm_table(table, ax=ax)
    (image,) = ax.images
    drawn = image.get_array()
    assert drawn.mask.tolist() == np.triu(np.ones((8, 8), bool), 1).tolist()
    assert drawn[5, 2] == pytest.approx(table[5, 2].item() / math.log(10))
    low, high = image.get_clim()
    assert low == -high
    assert drawn.min() >= low


def test_norm_table_draws_an_exact_zero_like_the_smallest(ax):
    table = bptt.log_norms(torch.zeros(2, 3, 3))
    plots.bptt.norm_table(table, ax=ax, limit=4)
    assert ax.images[0].get_array()[2, 0] == -4


def test_term_shares_run_from_the_last_step_backwards(ax):
    plots.bptt.term_shares(torch.tensor([1.0, 2.0, 4.0]), ax=ax)
    assert [bar.get_height() for bar in ax.patches] == [1, 0.5, 0.25]


def test_exponents_mark_the_border_of_the_two_failures(ax):
    plots.bptt.exponents(torch.tensor([0.5, -1.0]), ax=ax, label="a network")
    assert {text.get_text() for text in ax.texts} == {"explodes", "vanishes"}
    assert list(ax.lines[-1].get_ydata()) == [0.5, -1.0]


def test_eigenvalues_are_drawn_with_the_unit_circle(ax):
    plots.growth.eigenvalues(torch.tensor([1 + 2j, -1j]), ax=ax)
    assert ax.lines[0].get_xydata().tolist() == [[1, 2], [0, -1]]
    assert ax.patches[0].radius == 1


@pytest.mark.parametrize("backward", [False, True])
def test_unrolled_network_names_all_its_parts(ax, backward):
    plots.unrolled.unrolled(ax=ax, backward=backward)
    words = [text.get_text() for text in ax.texts]
    for part in ("$h_{0}$", "$x_{t}$", "$y_{t-1}$", "$W_I$", "$W_R$", "$W_O$"):
        assert part in words
    assert ("$E_t$" in words) == backward


def test_contour_shows_the_error_at_its_place(ax):
    surface = error_surface(W, B)
    plots.surface.contour(surface, ax=ax, limit=0.2)
    (image,) = ax.images
    assert np.asarray(image.get_array()) == pytest.approx(surface.error.T.numpy())
    assert image.get_extent() == pytest.approx([4.6, 5.4, -2.8, -2.0])
    assert image.origin == "lower"
    assert image.get_clim() == (0, 0.2)


def test_descent_and_wall_are_drawn_where_they_are(ax):
    plots.surface.wall(W, B[[0, 1, 2, 3, 3]], ax=ax)
    plots.surface.descent(FLUNG, ax=ax)
    line, path, start = ax.lines
    assert list(line.get_xdata()) == W.tolist()
    assert path.get_xydata().tolist() == torch.stack([FLUNG.w, FLUNG.b], 1).tolist()
    assert start.get_xydata().tolist() == [[4.9, -2.4]]
    batch = descend(W, W - 7, learning_rate=0.05, updates=1)
    with pytest.raises(ValueError, match=r"way must be of one start, got a batch of shape \(5,\)"):
        plots.surface.descent(batch, ax=ax)


def test_history_marks_the_update_that_flung_the_start(ax):
    plots.surface.history(FLUNG, ax=ax)
    norms, mark = ax.lines
    assert list(norms.get_ydata()) == FLUNG.grad_norm.tolist()
    assert list(mark.get_xdata()) == [17, 17]
    assert FLUNG.grad_norm.argmax() == 17
    assert [text.get_text() for text in ax.texts] == ["flung"]


def test_clipping_history_marks_what_was_clipped_and_the_threshold(ax):
    plots.clipping.history(NORMS, CLIPPED, threshold=5.0, ax=ax)
    norms, marked, threshold = ax.lines
    assert norms.get_ydata() == pytest.approx(NORMS.numpy(), nan_ok=True)
    assert marked.get_xydata().tolist() == [[1, 20]]
    assert list(threshold.get_ydata()) == [5, 5]


def test_histogram_counts_every_finite_norm_once(ax):
    plots.clipping.histogram(NORMS, threshold=5.0, ax=ax)
    assert sum(bar.get_height() for bar in ax.patches) == 3
    assert list(ax.lines[0].get_xdata()) == [5, 5]
    with pytest.raises(ValueError, match="norms must hold a finite number above 0, got none in 2"):
        plots.clipping.histogram(torch.tensor([0.0, math.inf]), ax=ax)


def test_landscape_is_drawn_in_three_dimensions_and_coarsely():
    w, b = torch.linspace(4.6, 5.4, 120).double(), torch.linspace(-2.8, -2.0, 130).double()
    surface = error_surface(w, b)
    ax = plots.surface.landscape(surface)
    assert ax.name == "3d"
    assert [ax.get_xlabel(), ax.get_ylabel()] == ["weight $w$", "bias $b$"]
    assert ax.get_zlabel() == "error $E$"
    (drawn,) = ax.collections
    corners = np.concatenate(drawn._faces)
    assert 1000 < len(drawn.get_facecolor()) <= 50 * 50
    for x, y, z in corners[:: len(corners) // 7]:
        i, j = (w - x).abs().argmin(), (b - y).abs().argmin()
        assert z == pytest.approx(surface.error[i, j].item())
    given = plt.figure().add_subplot(projection="3d")
    assert plots.surface.landscape(surface, ax=given) is given


def test_bifurcation_draws_each_kind_where_it_is_and_joins_no_two_branches(ax):
    stable = torch.tensor([True, True, False, False, True, True, True])
    plots.surface.bifurcation(LINE, LINE.square(), stable, ax=ax)
    solid, dashed = (np.asarray(line.get_ydata()) for line in ax.lines)
    assert np.isfinite(solid).tolist() == stable.tolist()
    assert np.isfinite(dashed).tolist() == (~stable).tolist()
    assert solid[0] == 9
    assert dashed[2] == 1
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]


def test_basins_and_outcome_stand_at_their_place(ax):
    last = torch.arange(28.0).reshape(7, 4)
    plots.surface.basins(B, LINE, last, ax=ax, colorbar=False)
    (image,) = ax.images
    assert np.array_equal(image.get_array(), last)
    assert image.get_extent() == pytest.approx([-2.8, -2.0, -3, 3])
    other = plots.surface.outcome(W, B, torch.arange(20).reshape(5, 4))
    drawn = other.images[0].get_array()
    assert drawn.shape == (4, 5)
    assert drawn[1, 2] == 9
    assert drawn.mask.sum() == 1  # blank where it was not flung, at 0
    assert other.images[0].get_extent() == pytest.approx([4.6, 5.4, -2.8, -2.0])


def test_return_map_climbs_the_stairs_and_marks_stability(ax):
    states = torch.tensor([2.0, 1.0, 0.5]).double()
    plots.surface.return_map(LINE, LINE / 2, POINTS, states=states, ax=ax)
    diagonal, curve, stairs, stable, unstable = ax.lines
    assert diagonal.get_xdata() == pytest.approx(diagonal.get_ydata())
    assert curve.get_ydata() == pytest.approx(LINE.numpy() / 2)
    assert stairs.get_xydata().tolist() == [[2, 2], [2, 1], [1, 1], [1, 0.5], [0.5, 0.5]]
    assert list(stable.get_xdata()) == POINTS.x[POINTS.stable].tolist()
    assert list(unstable.get_ydata()) == POINTS.x[~POINTS.stable].tolist()
    assert unstable.get_markerfacecolor() == "white"


def test_monitor_draws_history_and_histogram_with_the_threshold_in_both(ax):
    monitor = watched()
    plots.clipping.monitor(monitor, ax=ax)
    (beside,) = ax.child_axes
    norms, marked, threshold = ax.lines
    assert norms.get_ydata() == pytest.approx(NORMS.numpy(), nan_ok=True)
    assert marked.get_xydata().tolist() == [[1, 20]]
    assert list(threshold.get_ydata()) == list(beside.lines[0].get_ydata()) == [5, 5]
    assert sum(bar.get_width() for bar in beside.patches) == 3
    assert beside.get_ylim() == ax.get_ylim()
    empty = GradientNormMonitor([torch.nn.Parameter(torch.zeros(1))])
    with pytest.raises(ValueError, match="norms must hold a finite number above 0, got none in 0"):
        plots.clipping.monitor(empty, ax=ax)


def test_learned_puts_every_count_at_its_rate_and_threshold(ax):
    plots.clipping.learned(COUNTS, (0.1, 0.02), (math.inf, 1.0), of=5, ax=ax)
    words = {text.get_position(): text.get_text() for text in ax.texts}
    assert words == {(0, 0): "1 of 5", (1, 0): "4 of 5", (0, 1): "5 of 5", (1, 1): "0 of 5"}
    assert ax.images[0].get_array().tolist() == [[1, 4], [5, 0]]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "none"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.02", "0.1"]


def test_flow_is_drawn_at_the_steps_it_belongs_to(ax):
    plots.flow.norms(FLOW, ax=ax, label="flow")
    (line,) = ax.lines
    assert line.get_xydata()[[0, -1], 0].tolist() == [1, 30]
    assert line.get_ydata() == pytest.approx(FLOW.norms[:, 0].numpy())
    assert ax.get_yscale() == "log"


def test_weight_term_has_its_zero_in_mid_grey(ax):
    plots.flow.weight_term(FLOW.weight_term(29), limit=0.5, ax=ax)
    (image,) = ax.images
    assert image.get_array().shape == (16, 4)
    assert image.get_clim() == (-0.5, 0.5)
    assert image.get_cmap().name == "gray"


def test_training_map_is_relative_to_lag_zero_and_counts_lags_upwards(ax):
    norms = torch.tensor([[1e-3, 1e-1, 10.0], [1e-20, 1.0, 1.0]]).double()
    plots.flow.training_map(torch.tensor([0.0, 50.0]).double(), norms, ax=ax, decades=6)
    (image,) = ax.images
    assert image.get_array().T.tolist() == pytest.approx(np.array([[0, -2, -4], [0, 0, -6]]))
    assert image.origin == "lower"
    assert image.get_extent() == [-25, 75, -0.5, 2.5]
    with pytest.raises(
        ValueError, match=r"two records or more, got 1 updates and norms .*\(1, 3\)"
    ):
        plots.flow.training_map(B[:1], norms[:1], ax=ax)


def test_report_draws_the_flow_the_improvement_and_the_gates(ax):
    plots.flow.report(REPORT, ax=ax)
    decades = REPORT.jacobian.log_norms.numpy() / math.log(10)
    drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
    assert any(len(y) == 30 and y == pytest.approx(decades) for y in drawn)
    better = REPORT.improved.log_norms.numpy() / math.log(10)
    assert any(len(y) == 30 and y == pytest.approx(better) for y in drawn)
    assert any(list(line.get_xdata()) == [REPORT.dies] * 2 for line in ax.lines)
    (beside,) = ax.child_axes
    words = [text.get_text() for text in beside.get_legend().get_texts()]
    assert words == ["input gate", "forget gate", "cell slope", "output gate"]
