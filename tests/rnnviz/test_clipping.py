import copy
import dataclasses
import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.testing import assert_close

from rnnviz.clipping import (
    GradientNormMonitor,
    Threshold,
    clip_by_norm,
    clip_by_value,
    suggest_threshold,
)

INF, NAN = math.inf, math.nan
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
seeds = st.integers(0, 10_000)
shapes = st.lists(st.lists(st.integers(0, 5), max_size=3).map(tuple), min_size=1, max_size=5)
scales = st.sampled_from([1e-200, 1e-30, 1e-3, 1.0, 1e3, 1e30, 1e200])


def double(*entries):
    return torch.tensor(entries, dtype=torch.float64)


@pytest.fixture(scope="module")
def draw(gaussian):
    """Gradients of these shapes, of which some may be single numbers, or empty."""

    def gradients(shapes, scale, seed):
        sizes = [math.prod(shape) for shape in shapes]
        pieces = gaussian(sum(sizes), seed=seed).mul(scale).split(sizes)
        return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]

    return gradients


def flat(gradients):
    return torch.cat([gradient.reshape(-1).double() for gradient in gradients])


def parameters_with(*gradients):
    """Parameters whose gradients are these."""
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    return parameters


def torch_clips(gradients, threshold):
    """What torch's own function makes of it: the gradients after it, and the norm it returns."""
    parameters = parameters_with(*gradients)
    norm = clip_grad_norm_(parameters, threshold)
    return [parameter.grad for parameter in parameters], norm.item()


def monitor_clips(gradients, threshold):
    parameters = parameters_with(*gradients)
    norm = GradientNormMonitor(parameters, threshold).clip()
    return [parameter.grad for parameter in parameters], norm


# The rule: one function of the gradients, and the same in place by the monitor.
BOTH = pytest.mark.parametrize("clip", [clip_by_norm, monitor_clips])


@BOTH
def test_algorithm_1_by_hand(clip):
    # ‖(2, 3, 6)‖ = 7, over two tensors of different shapes together.
    (first, second), norm = clip([double(2.0), double(3.0, 6.0).reshape(2, 1)], 3.5)
    assert norm == pytest.approx(7, rel=1e-15)
    assert_close(first, double(1.0), rtol=1e-15, atol=0)
    assert_close(second, double(1.5, 3.0).reshape(2, 1), rtol=1e-15, atol=0)


@BOTH
def test_at_the_threshold_nothing_changes_to_the_last_bit(clip, gaussian):
    gradients = [gaussian(4, 4, seed=1), gaussian(4, seed=2)]
    norm = clip(gradients, 1.0)[1]
    clipped, _ = clip(gradients, norm)
    assert_close(clipped, gradients, rtol=0, atol=0)


@BOTH
@pytest.mark.parametrize("entries", [(3.0, 4.0), (0.0, 0.0), (1e-200, 0.0)])
def test_below_the_threshold_nothing_changes_to_the_last_bit(clip, entries):
    (clipped,), norm = clip([double(*entries)], 5.5)
    assert clipped.tolist() == list(entries)
    assert norm == math.hypot(*entries)


@BOTH
@given(seed=seeds, shapes=shapes, scale=scales, ratio=st.floats(1e-6, 1e6))
def test_shorter_than_the_threshold_and_in_the_same_direction(
    draw, clip, seed, shapes, scale, ratio
):
    gradients = draw(shapes, scale, seed)
    length = scale * flat(gradients).div(scale).norm().item()
    threshold = ratio * scale
    clipped, norm = clip(gradients, threshold)
    assert norm == pytest.approx(length, rel=1e-13)
    # Lengths are compared in units of the scale, where squares neither under- nor overflow.
    before, after = flat(gradients) / scale, flat(clipped) / scale
    assert after.norm() <= ratio * (1 + 1e-13)
    if length < threshold * (1 - 1e-12):
        assert_close(clipped, gradients, rtol=0, atol=0)
    elif length:
        assert after.norm().item() == pytest.approx(min(ratio, length / scale), rel=1e-12)
        assert (before @ after / before.norm() / after.norm()).item() == pytest.approx(1, abs=1e-14)


@BOTH
@pytest.mark.parametrize("dtype", DTYPES)
def test_each_tensor_keeps_its_dtype(clip, gaussian, dtype):
    gradients = [gaussian(50, seed=3).to(dtype), 2 * gaussian(7, seed=4)]
    (narrow, wide), norm = clip(gradients, 0.1)
    assert norm == pytest.approx(flat(gradients).norm().item(), rel=1e-7)
    assert (narrow.dtype, wide.dtype) == (dtype, torch.float64)
    once_rounded = (0.1 / norm * gradients[0].double()).to(dtype)
    # The monitor multiplies float32 by a float32 factor, which is fast; else one rounding is all.
    rounding = 1e-6 if clip is monitor_clips and dtype == torch.float32 else 1e-14
    assert_close(narrow, once_rounded, rtol=rounding, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_monitors_norm_of_a_million_entries_is_right_where_the_dtypes_is_not(dtype):
    entries = torch.rand(4_000_000, generator=torch.Generator().manual_seed(0)).to(dtype)
    norm = GradientNormMonitor(parameters_with(entries)).clip()
    assert norm == pytest.approx(entries.double().norm().item(), rel=1e-9)
    assert entries.norm().item() != pytest.approx(norm, rel=2e-5)


@BOTH
@pytest.mark.parametrize(
    ("size", "dtype"),
    [
        (1e30, torch.float32),
        (3e38, torch.float32),
        (1e-30, torch.float32),
        (6e4, torch.float16),
        (3e38, torch.bfloat16),
        (1e200, torch.float64),
        (1e-200, torch.float64),
        (5e-324, torch.float64),
    ],
)
def test_squares_that_the_dtype_cannot_hold(clip, size, dtype):
    entries = torch.tensor([size, size], dtype=dtype)
    length = entries[0].double().item() * math.sqrt(2)
    (clipped,), norm = clip([entries], length * 2)
    assert norm == pytest.approx(length, rel=1e-14, abs=5e-324)
    assert torch.equal(clipped, entries)
    if length > 1:
        (clipped,), _ = clip([entries], 1.0)
        assert_close(clipped, torch.full((2,), math.sqrt(0.5), dtype=dtype))


@BOTH
def test_a_norm_that_not_even_float64_can_hold_is_inf_and_clipped_rightly(clip):
    (clipped,), norm = clip([torch.full((4,), 1.7e308, dtype=torch.float64)], 3.0)
    assert norm == INF
    assert_close(clipped, torch.full((4,), 1.5, dtype=torch.float64), rtol=1e-14, atol=0)


@BOTH
@pytest.mark.parametrize(("entry", "threshold"), [(1e36, 1e-12), (1e17, 1e-30)])
def test_a_factor_below_what_float32_can_hold_does_not_kill_the_gradient(clip, entry, threshold):
    # The factor of 1e-47 or less is zero in float32; the clipped gradient is not.
    (clipped,), _ = clip([torch.tensor([entry])], threshold)
    assert clipped.item() == pytest.approx(threshold, rel=1e-6, abs=0)
    assert torch.tensor([entry]).mul_(threshold / entry).item() == 0


def test_nothing_to_clip():
    assert clip_by_norm([], 1.0) == ([], 0.0)
    (clipped,), norm = clip_by_norm([torch.zeros(0, 3)], 1.0)
    assert (clipped.shape, norm) == ((0, 3), 0.0)
    (clipped,), norm = clip_by_norm([torch.zeros(2)], 1e-300)
    assert (clipped.tolist(), norm) == ([0.0, 0.0], 0.0)


@pytest.mark.parametrize(
    ("clip", "bound"), [(clip_by_norm, 1.0), (clip_by_norm, 9.0), (clip_by_value, 1.0)]
)
def test_the_input_is_left_alone_and_shares_no_memory(clip, bound):
    gradients = [double(0.3, 4.0).requires_grad_(), double(3.0)]
    before = copy.deepcopy(gradients)
    result = clip(gradients, bound)
    clipped = result[0] if clip is clip_by_norm else result
    for tensor in clipped:
        assert not tensor.requires_grad
        tensor.fill_(77)
    assert_close(gradients, before, rtol=0, atol=0)


def test_a_generator_is_read_once_and_clipped_whole():
    parameters = parameters_with(double(6.0), double(8.0))
    clipped, norm = clip_by_norm((p.grad for p in parameters), 5.0)
    assert (flat(clipped).tolist(), norm) == ([3.0, 4.0], 10.0)
    assert flat(clip_by_value((p.grad for p in parameters), 7.0)).tolist() == [6.0, 7.0]


def test_clipping_each_tensor_by_itself_is_not_the_algorithm():
    # Slide 8's loop, made to clip inside: the direction turns and the norm is not the threshold.
    gradients = [double(30.0), double(0.4)]
    one_by_one = flat([clip_by_norm([gradient], 1.0)[0][0] for gradient in gradients])
    together = flat(clip_by_norm(gradients, 1.0)[0])
    assert one_by_one.tolist() == [1.0, 0.4]
    assert one_by_one.norm() > 1.07
    assert together.norm().item() == pytest.approx(1, rel=1e-15)
    assert (together[1] / together[0]).item() == pytest.approx(0.4 / 30, rel=1e-14)


# By value


def test_by_value_clamps_every_entry_and_turns_the_gradient():
    (clipped,) = clip_by_value([double(0.9, -100.0)], 1.0)
    assert clipped.tolist() == [0.9, -1.0]
    # From almost along the second axis to almost the diagonal: 41.5 degrees.
    cosine = torch.cosine_similarity(clipped, double(0.9, -100.0), dim=0).item()
    assert math.degrees(math.acos(cosine)) == pytest.approx(41.5, abs=0.05)


@given(seed=seeds, shapes=shapes, limit=st.floats(1e-3, 1e3))
def test_by_value_is_what_torch_does(draw, seed, shapes, limit):
    gradients = draw(shapes, 10, seed)
    parameters = parameters_with(*gradients)
    nn.utils.clip_grad_value_(parameters, limit)
    assert_close(clip_by_value(gradients, limit), [p.grad for p in parameters], rtol=0, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_limit_beyond_the_dtype_clips_nothing(dtype):
    # torch.clamp refuses it: "value cannot be converted to type c10::Half without overflow".
    entries = torch.tensor([-6e4, 0.5], dtype=dtype)
    assert torch.equal(clip_by_value([entries], 1e300)[0], entries)


# Beside torch's own function: the same, and each known difference


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(seed=seeds, shapes=shapes, size=st.floats(-4, 8), ratio=st.floats(-3, 3))
def test_the_same_as_torch_up_to_its_1e_6(draw, clip, dtype, seed, shapes, size, ratio):
    gradients = [gradient.to(dtype) for gradient in draw(shapes, 10**size, seed)]
    threshold = 10 ** (size + ratio)
    theirs, norm_of_torch = torch_clips(gradients, threshold)
    ours, norm = clip(gradients, threshold)
    rounding = 1e-5 if dtype == torch.float32 else 1e-13
    assert norm == pytest.approx(norm_of_torch, rel=rounding, abs=0)
    if norm:
        # torch's factor is smaller than the rule's by norm / (norm + 1e-6), and by nothing else.
        shorter = norm / (norm + 1e-6) if threshold < norm + 1e-6 else 1.0
        size_of_error = rounding * min(norm, threshold)
        assert_close(flat(theirs), shorter * flat(ours), rtol=rounding, atol=size_of_error)


def test_torch_adds_1e_6_to_the_norm():
    gradients = [double(6.0, 8.0)]
    assert clip_by_norm(gradients, 10.0)[0][0].norm() == 10
    assert torch_clips(gradients, 10.0)[0][0].norm().item() == pytest.approx(9.999999, abs=1e-9)


def test_torch_halves_a_gradient_of_norm_1e_6_at_threshold_1e_6():
    gradients = [double(6e-7, 8e-7)]
    assert_close(clip_by_norm(gradients, 1e-6)[0], gradients, rtol=1e-15, atol=0)
    assert_close(torch_clips(gradients, 1e-6)[0], [gradients[0] / 2], rtol=1e-9, atol=0)


def test_torch_makes_nan_of_inf_where_ours_raises():
    gradients = [torch.tensor([INF, 1.0])]
    (theirs,), norm = torch_clips(gradients, 1.0)
    assert (str(theirs.tolist()), norm) == ("[nan, 0.0]", INF)
    with pytest.raises(ValueError, match=r"gradients\[0\] must be finite, got 1 NaN or inf of 2"):
        clip_by_norm(gradients, 1.0)


def test_torch_raises_too_if_asked_to():
    with pytest.raises(RuntimeError, match="non-finite"):
        clip_grad_norm_(parameters_with(double(INF, 1.0)), 1.0, error_if_nonfinite=True)


@BOTH
def test_torch_silently_skips_the_update_where_float32_overflows(clip):
    gradients = [torch.tensor([1e30, 1e30])]
    (theirs,), norm = torch_clips(gradients, 1.0)
    assert (theirs.tolist(), norm) == ([0.0, 0.0], INF)
    (ours,), norm = clip(gradients, 1.0)
    assert norm == pytest.approx(math.sqrt(2) * 1e30, rel=1e-7)
    assert_close(ours, torch.full((2,), math.sqrt(0.5)))


def test_torch_counts_a_parameter_twice_that_comes_twice():
    twice = parameters_with(double(3.0, 4.0)) * 2
    assert clip_grad_norm_(twice, 10.0).item() == pytest.approx(math.sqrt(50))
    assert GradientNormMonitor(twice, 10.0).clip() == 5


def test_torch_clips_nothing_with_an_exhausted_generator_where_the_monitor_raises():
    (parameter,) = parameters_with(double(3.0, 4.0))
    generator = (p for p in [parameter])
    assert clip_grad_norm_(generator, 1.0) == 5
    parameter.grad = double(30.0, 40.0)  # the next update, with the same generator
    with pytest.warns(UserWarning, match="empty generator"):
        assert clip_grad_norm_(generator, 1.0) == 0
    assert parameter.grad.tolist() == [30, 40]
    with pytest.raises(ValueError, match="parameters must be at least one, got none"):
        GradientNormMonitor(generator, 1.0)


# The heuristic


def test_the_range_is_from_half_to_ten_times_the_mean():
    assert suggest_threshold(double(1.0, 2.0, 6.0)) == Threshold(3.0, 1.5, 30.0, 0)


@pytest.mark.parametrize(
    "norms", [[1, 2.0, 6.0], (n for n in (1.0, 2.0, 6.0)), torch.tensor([3.0])]
)
def test_norms_may_come_as_numbers_or_in_any_dtype(norms):
    assert suggest_threshold(norms).mean == 3


def test_norms_that_are_not_finite_are_left_out_and_counted():
    assert suggest_threshold(double(NAN, 2.0, INF, 4.0)) == Threshold(3.0, 1.5, 30.0, 2)


def test_the_mean_of_huge_norms_does_not_overflow():
    assert suggest_threshold(double(1e308, 1e308)).mean == 1e308


def test_the_suggestion_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        suggest_threshold(double(1.0)).mean = 2.0


# The monitor in a training loop


def network(dtype=torch.float64):
    """A small RNN, scaled up so that its gradients explode now and then, and a batch for it."""
    generator = torch.Generator().manual_seed(0)
    model = nn.ModuleDict({"rnn": nn.RNN(2, 8), "out": nn.Linear(8, 1)}).to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    inputs, targets = torch.randn(12, 4, 2, generator=generator), torch.ones(4, 1)
    return model, inputs.to(dtype), targets.to(dtype)


def train(model, inputs, targets, *, clip, updates=20):
    """Train, with `clip` between backward() and step(); return ‖ĝ‖ of each update, by hand."""
    norms, optimizer = [], torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(updates):
        optimizer.zero_grad()
        error = (model["out"](model["rnn"](inputs)[0][-1]) - targets).square().mean()
        error.backward()
        norms.append(
            math.sqrt(sum((p.grad.double() ** 2).sum().item() for p in model.parameters()))
        )
        clip()
        optimizer.step()
    return norms


def test_the_monitor_records_the_norms_before_clipping_and_who_was_clipped():
    model, *batch = network()
    monitor = GradientNormMonitor(model.parameters(), threshold=4.5)
    returned = []
    norms = train(model, *batch, clip=lambda: returned.append(monitor.clip()))
    assert_close(monitor.norms, double(*norms), rtol=1e-13, atol=0)
    assert monitor.norms.tolist() == returned
    assert monitor.clipped.tolist() == [norm >= 4.5 for norm in norms]
    assert 0 < monitor.clipped.sum() < len(norms)
    assert monitor.suggest() == suggest_threshold(monitor.norms)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_training_run_is_that_of_torchs_loop(dtype):
    ours, *batch = network(dtype)
    theirs = copy.deepcopy(ours)
    monitor = GradientNormMonitor(ours.parameters(), threshold=0.5)
    train(ours, *batch, clip=monitor.clip)
    train(theirs, *batch, clip=lambda: clip_grad_norm_(theirs.parameters(), 0.5))
    start, *_ = network(dtype)
    update = flat(ours.parameters()) - flat(start.parameters())
    difference = flat(ours.parameters()) - flat(theirs.parameters())
    # torch adds 1e-6 to a norm of at least 0.5, in every one of the updates.
    assert difference.norm() < 1e-5 * update.norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_update_is_torchs_within_1e_6(dtype):
    ours, *batch = network(dtype)
    theirs, start = copy.deepcopy(ours), flat(ours.parameters()).detach()
    monitor = GradientNormMonitor(ours.parameters(), threshold=1.0)
    norms = train(ours, *batch, clip=monitor.clip, updates=1)
    assert norms[0] > 1.0
    train(theirs, *batch, clip=lambda: clip_grad_norm_(theirs.parameters(), 1.0), updates=1)
    update, their_update = flat(ours.parameters()) - start, flat(theirs.parameters()) - start
    assert (update - their_update).norm() <= 1e-6 * update.norm()


def test_without_a_threshold_the_monitor_only_watches():
    watched, *batch = network()
    plain = copy.deepcopy(watched)
    monitor = GradientNormMonitor(watched.parameters())
    norms = train(watched, *batch, clip=monitor.clip)
    train(plain, *batch, clip=lambda: None)
    assert_close(flat(watched.parameters()), flat(plain.parameters()), rtol=0, atol=0)
    assert_close(monitor.norms, double(*norms), rtol=1e-13, atol=0)
    assert not monitor.clipped.any()


def test_the_monitor_has_nothing_to_show_before_the_first_update():
    monitor = GradientNormMonitor(parameters_with(double(1.0)))
    assert (monitor.norms.shape, monitor.norms.dtype) == ((0,), torch.float64)
    assert (monitor.clipped.shape, monitor.clipped.dtype) == ((0,), torch.bool)
    with pytest.raises(ValueError, match="norms must hold a finite number above 0, got none in 0"):
        monitor.suggest()


def test_at_the_threshold_an_update_counts_as_clipped():
    monitor = GradientNormMonitor(parameters_with(double(3.0, 4.0)), threshold=5)
    monitor.clip()
    assert monitor.clipped.tolist() == [True]


@pytest.mark.parametrize("threshold", [None, 1.0])
@pytest.mark.parametrize(
    ("bad", "norm"), [((NAN, 1.0), NAN), ((INF, 1.0), INF), ((-INF, 1.0), INF), ((INF, NAN), NAN)]
)
def test_a_gradient_that_is_not_finite_is_reported_recorded_and_left(threshold, bad, norm):
    parameters = parameters_with(double(3.0, 4.0), double(0.0))
    monitor = GradientNormMonitor((p for p in parameters), threshold)
    monitor.clip()
    parameters[0].grad = double(*bad)
    with pytest.warns(RuntimeWarning, match=f"norm of update 1 .from 0. is {norm}") as caught:
        assert monitor.clip() == pytest.approx(norm, nan_ok=True)
    assert len(caught) == 1
    assert_close(parameters[0].grad, double(*bad), equal_nan=True)
    parameters[0].grad = double(6.0, 8.0)
    assert monitor.clip() == 10
    assert_close(monitor.norms, double(5.0, norm, 10.0), equal_nan=True)
    assert monitor.clipped.tolist() == [threshold is not None, False, threshold is not None]
    assert monitor.suggest().non_finite == 1


def test_every_bad_update_is_reported_though_python_shows_a_repeated_warning_once():
    monitor = GradientNormMonitor(parameters_with(double(NAN)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            monitor.clip()
    assert [str(w.message)[21:29] for w in caught] == ["update 0", "update 1", "update 2"]


def test_parameters_without_a_gradient_are_skipped_until_they_have_one():
    frozen, late, learning = parameters_with(double(9.0), double(9.0), double(3.0, 4.0))
    frozen.requires_grad_(False).grad = late.grad = None
    monitor = GradientNormMonitor([frozen, late, learning], threshold=1.0)
    assert monitor.clip() == 5
    assert_close(learning.grad, double(0.6, 0.8))
    late.grad, learning.grad = double(12.0), double(3.0, 4.0)
    assert monitor.clip() == 13
    assert frozen.grad is None
    assert_close(late.grad, double(12 / 13))


def test_the_monitor_clips_in_place_also_a_gradient_that_has_a_graph():
    weight = nn.Parameter(double(3.0))
    (gradient,) = torch.autograd.grad((weight**2).sum(), weight, create_graph=True)
    weight.grad = gradient
    GradientNormMonitor([weight], threshold=0.5).clip()
    assert weight.grad is gradient
    assert gradient.item() == 0.5


def test_clipping_before_backward_is_an_error():
    monitor = GradientNormMonitor(nn.Linear(2, 2).parameters())
    with pytest.raises(ValueError, match=r"clip\(\) must come after backward\(\).*got no grad"):
        monitor.clip()
    assert len(monitor.norms) == 0


# Bad input

BAD_NUMBERS = [0, 0.0, -1.0, NAN, INF, True, "1", None, [1.0]]
GRADIENTS = [double(3.0, 4.0)]
TAKES_TENSORS = [
    pytest.param(lambda tensors: clip_by_norm(tensors, 1.0), "gradients", id="clip_by_norm"),
    pytest.param(lambda tensors: clip_by_value(tensors, 1.0), "gradients", id="clip_by_value"),
    pytest.param(GradientNormMonitor, "parameters", id="GradientNormMonitor"),
]
BAD_TENSORS = [
    (double(3.0, 4.0), " must be an iterable of tensors, got one Tensor"),
    (None, " must be an iterable of tensors, got one NoneType"),
    ([double(1.0), [2.0]], "[1] must be a torch.Tensor, got list"),
    ([None], "[0] must be a torch.Tensor, got NoneType"),
    ({"weight": double(1.0)}, "[0] must be a torch.Tensor, got str"),
    ([("weight", double(1.0))], "[0] must be a torch.Tensor, got tuple"),
    ([torch.tensor([1])], "[0] must hold floating-point numbers, got torch.int64"),
    ([double(1.0), torch.tensor([1j])], "[1] must hold floating-point numbers, got torch.complex"),
    ([double(1.0), double(2.0, NAN)], "[1] must be finite, got 1 NaN or inf of 2"),
    ([double(-INF, INF)], "[0] must be finite, got 2 NaN or inf of 2"),
]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("call", "name"), TAKES_TENSORS)
@pytest.mark.parametrize(("bad", "message"), BAD_TENSORS)
def test_what_is_not_a_list_of_gradients(call, name, bad, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call(bad)
    assert str(caught.value).startswith(name + message)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize(("call", "name"), TAKES_TENSORS)
def test_a_sparse_tensor(call, name):
    with pytest.raises(ValueError, match=rf"{name}\[0\] must be dense, got torch.sparse_coo"):
        call([double(3.0, 4.0).to_sparse()])


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_a_sparse_gradient_in_the_loop():
    table = nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(ValueError, match="gradients must be dense, got a sparse one"):
        GradientNormMonitor(table.parameters()).clip()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("bad", BAD_NUMBERS)
def test_a_threshold_that_is_no_positive_number(bad):
    for call, name in [(clip_by_norm, "threshold"), (clip_by_value, "limit")]:
        with pytest.raises(ValueError, match=f"{name} must be .*, got "):
            call(GRADIENTS, bad)
    if bad is not None:
        with pytest.raises(ValueError, match=r"threshold must be .*, got "):
            GradientNormMonitor(GRADIENTS, bad)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([], "norms must hold a finite number above 0, got none in 0"),
        ([NAN, INF], "norms must hold a finite number above 0, got none in 2"),
        ([0.0, 0.0, 0.0], "norms must hold a finite number above 0, got none in 3"),
        ([1.0, -2.0], "norms must not be negative, got -2.0"),
        ([1.0, -INF], "norms must not be negative, got -1.79"),
        (torch.ones(2, 2), r"norms must have shape \(updates,\), got \(2, 2\)"),
        (torch.tensor(1.0), r"norms must have shape \(updates,\), got \(\)"),
    ],
)
def test_norms_that_tell_nothing(bad, message):
    with pytest.raises(ValueError, match=message):
        suggest_threshold(bad)
