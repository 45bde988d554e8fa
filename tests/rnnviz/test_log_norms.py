import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from rnnviz import products
from rnnviz.bptt import jacobian_product, lag_log_norms, log_norms, run_rnn, step_jacobians

both_norms = pytest.mark.parametrize("ord", [2, "fro"])


def norm_of_identity(hidden, ord):
    return 1.0 if ord == 2 else math.sqrt(hidden)


def naive_log_norms(steps, ord):
    """Multiply out ∂h_t/∂h_i for every i, one t after the other, renormalised every time."""
    length, hidden, _ = steps.shape
    table = torch.full((length + 1, length + 1), -math.inf, dtype=torch.float64)
    products = torch.empty(0, hidden, hidden, dtype=torch.float64)
    scale = torch.empty(0, dtype=torch.float64)
    for t in range(length + 1):
        products = torch.cat([products, torch.eye(hidden, dtype=torch.float64)[None]])
        scale = torch.cat([scale, scale.new_zeros(1)])
        table[t, : t + 1] = scale + torch.linalg.matrix_norm(products, ord=ord).log()
        if t < length:
            products = steps[t].double() @ products
            size = products.abs().amax((-2, -1))
            size[size == 0] = 1.0
            products, scale = products / size[:, None, None], scale + size.log()
    return table


def exact_log_norms(steps):
    """Frobenius norms from Python's integers, which neither round nor overflow."""
    length, hidden, _ = steps.shape
    table = torch.full((length + 1, length + 1), -math.inf, dtype=torch.float64)
    whole = [np.array([[int(x) for x in row] for row in step], dtype=object) for step in steps]
    for i in range(length + 1):
        product = np.array([[int(a == b) for a in range(hidden)] for b in range(hidden)], object)
        table[i, i] = 0.5 * math.log(hidden)
        for t in range(i, length):
            product = whole[t] @ product
            squares = int((product**2).sum())
            table[t + 1, i] = 0.5 * math.log(squares) if squares else -math.inf
    return table


# What a long product can do: each makes (length, hidden, hidden) steps from a Gaussian draw.


def rotation(draws):
    return torch.linalg.qr(draws).Q


def contracting(draws):
    return 0.5 * draws / math.sqrt(draws.shape[-1])


def exploding(draws):
    return 4.0 * draws / math.sqrt(draws.shape[-1])


def relu(draws):
    return (draws[:, :, :1] > 0) * draws  # dead units are zero rows; now and then all are dead


def rank_one(draws):
    return draws[:, :, :1] @ draws[:, :1, :]


def masked_shuffle(draws):
    # A permutation with some entries struck out: big factors whose product is exactly zero.
    shuffled = torch.nn.functional.one_hot(draws[:, 0].argsort(-1), draws.shape[-1])
    return shuffled * (draws[:, :, :1] > -0.7) * 3.0


def uneven(draws):
    return draws * torch.exp(40 * draws[:, :1, :1])  # steps from e^−100 to e^100 in one chain


def saturating(draws):
    W_R = 1.5 * draws[0] / math.sqrt(draws.shape[-1]) if len(draws) else draws.sum(0)
    W_I, h0 = torch.eye(len(W_R), dtype=torch.float64), torch.zeros(len(W_R), dtype=torch.float64)
    return step_jacobians(W_R, run_rnn(W_I, W_R, draws[:, 0], h0))


REGIMES = [
    *(rotation, contracting, exploding, relu),
    *(rank_one, masked_shuffle, uneven, saturating),
]


@both_norms
@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 8, 37, 64])
@pytest.mark.parametrize("regime", REGIMES)
def test_every_pair_agrees_with_the_naive_double_loop(gaussian, regime, length, ord):
    steps = regime(gaussian(length, 5, 5, seed=length))
    expected = naive_log_norms(steps, ord)
    assert_close(log_norms(steps, ord=ord), expected, rtol=0, atol=1e-8)
    assert_close(lag_log_norms(steps, ord=ord), expected[-1].flip(0), rtol=0, atol=1e-8)


@both_norms
@pytest.mark.parametrize("regime", [relu, masked_shuffle])
def test_these_regimes_do_reach_exact_zeros(gaussian, regime, ord):
    # Otherwise the comparison above would say nothing about −inf.
    dead = log_norms(regime(gaussian(64, 5, 5, seed=64)), ord=ord).isneginf()
    assert dead.tril().sum() > 100


@both_norms
def test_where_representable_they_are_the_norms_of_the_products(gaussian, ord):
    steps = gaussian(9, 4, 4, seed=1)
    table = log_norms(steps, ord=ord)
    for t in range(10):
        for i in range(t + 1):
            expected = torch.linalg.matrix_norm(jacobian_product(steps, t, i), ord=ord).log()
            assert_close(table[t, i], expected, rtol=0, atol=1e-12)


@both_norms
def test_where_representable_they_are_the_norms_of_autograds_jacobians(gaussian, ord):
    W_I, W_R, inputs = gaussian(5, 2, seed=2), gaussian(5, 5, seed=3), gaussian(7, 2, seed=4)
    states = run_rnn(W_I, W_R, inputs, gaussian(5, seed=5))
    table = log_norms(step_jacobians(W_R, states), ord=ord)
    for i in range(8):
        for t in range(i, 8):

            def later(h, i=i, t=t):
                for x in inputs[i:t]:
                    h = torch.tanh(W_I @ x + W_R @ h)
                return h

            jacobian = torch.autograd.functional.jacobian(later, states[i])
            expected = torch.linalg.matrix_norm(jacobian, ord=ord).log()
            assert_close(table[t, i], expected, rtol=0, atol=1e-11)


@both_norms
@given(seed=st.integers(0, 10_000), length=st.integers(0, 20), hidden=st.integers(1, 5))
def test_minus_inf_stands_exactly_above_the_diagonal(gaussian, ord, seed, length, hidden):
    table = log_norms(gaussian(length, hidden, hidden, seed=seed), ord=ord)
    assert table.dtype == torch.float64
    assert table.isneginf().equal(torch.ones_like(table).triu(1).bool())
    on_diagonal = torch.full_like(table.diagonal(), math.log(norm_of_identity(hidden, ord)))
    assert_close(table.diagonal(), on_diagonal, rtol=0, atol=1e-12)


@given(seed=st.integers(0, 10_000), length=st.integers(1, 30), hidden=st.integers(1, 5))
def test_frobenius_norms_of_whole_numbers_are_exact(gaussian, seed, length, hidden):
    steps = (2 * gaussian(length, hidden, hidden, seed=seed)).round()
    expected = exact_log_norms(steps)
    assert_close(log_norms(steps, ord="fro"), expected, rtol=1e-12, atol=1e-7)
    assert_close(lag_log_norms(steps, ord="fro"), expected[-1].flip(0), rtol=1e-12, atol=1e-7)


@both_norms
@pytest.mark.parametrize("rate", [30.0, -30.0, 600.0, -600.0])
def test_log_norms_of_3000_and_more_in_closed_form(gaussian, rate, ord):
    steps = math.exp(rate) * rotation(gaussian(100, 6, 6, seed=6))
    t = torch.arange(101, dtype=torch.float64)
    closed = rate * (t[:, None] - t) + math.log(norm_of_identity(6, ord))
    lower = torch.ones(101, 101).tril().bool()
    table = log_norms(steps, ord=ord)
    assert_close(table[lower], closed[lower], rtol=1e-13, atol=1e-10)
    assert_close(lag_log_norms(steps, ord=ord), closed[-1].flip(0), rtol=1e-13, atol=1e-10)


@both_norms
@pytest.mark.parametrize("scale", [1e160, 1e-160, 1e200, 1e-200, 1e300, 1e-300])
def test_steps_whose_squares_leave_float64(gaussian, scale, ord):
    steps = gaussian(12, 4, 4, seed=7)
    t = torch.arange(13, dtype=torch.float64)
    expected = naive_log_norms(steps, ord) + (t[:, None] - t) * math.log(scale)
    assert_close(log_norms(steps * scale, ord=ord), expected, rtol=1e-13, atol=1e-9)
    assert_close(lag_log_norms(steps * scale, ord=ord), expected[-1].flip(0), rtol=1e-13, atol=1e-9)


@both_norms
@pytest.mark.parametrize("length", [5, 128, 300])
def test_products_that_vanish_although_no_step_is_small(length, ord):
    # J = [[a, 1], [0, a]], so J^k = a^k [[1, k/a], [0, 1]]: each step has norm 1, 300 have e^−4000.
    a, k = 1e-6, torch.arange(length + 1, dtype=torch.float64)
    steps = torch.tensor([[a, 1.0], [0.0, a]], dtype=torch.float64).expand(length, -1, -1)
    shear = torch.eye(2, dtype=torch.float64).repeat(length + 1, 1, 1)
    shear[:, 0, 1] = k / a
    closed = k * math.log(a) + torch.linalg.matrix_norm(shear, ord=ord).log()
    lags = (k[:, None] - k).long()
    table = log_norms(steps, ord=ord)
    assert_close(table[lags >= 0], closed[lags[lags >= 0]], rtol=1e-9, atol=1e-9)
    assert_close(lag_log_norms(steps, ord=ord), closed, rtol=1e-9, atol=1e-9)


@both_norms
def test_huge_and_tiny_steps_in_one_chain_cancel(gaussian, ord):
    steps = gaussian(12, 4, 4, seed=8)
    scales = torch.tensor([1e300, 1e-300] * 6, dtype=torch.float64)
    expected = naive_log_norms(steps, ord)[::2, ::2]  # over an even lag the scales cancel
    table = log_norms(steps * scales[:, None, None], ord=ord)
    assert_close(table[::2, ::2], expected, rtol=0, atol=1e-9)
    lags = lag_log_norms(steps * scales[:, None, None], ord=ord)
    assert_close(lags[::2], expected[-1].flip(0), rtol=0, atol=1e-9)


@both_norms
def test_one_dead_step_cuts_off_everything_that_spans_it(gaussian, ord):
    steps = gaussian(11, 3, 3, seed=9)
    steps[6] = 0
    t = torch.arange(12)
    spans = (t[:, None] > 6) & (t <= 6)
    dead = log_norms(steps, ord=ord).isneginf()
    assert dead.equal(spans | (t[:, None] < t))
    assert lag_log_norms(steps, ord=ord).isneginf().tolist() == [False] * 5 + [True] * 7


def lost_and_regained(gaussian, digits, seed=10):
    """Six steps: the first leaves half of the directions `digits` behind, the last the other half.

    Neither end is small, their product is, and it is the directions that fell behind first that
    carry its norm.
    """
    stretches = torch.ones(6, 6, dtype=torch.float64)
    stretches[0, :3] = 10.0**-digits
    stretches[-1, 3:] = 0.1 * 10.0**-digits
    # Every state in its own rotated coordinates, so that no product is diagonal.
    frames = rotation(gaussian(7, 6, 6, seed=seed))
    return frames[1:] @ stretches.diag_embed() @ frames[:-1].mT


@both_norms
@pytest.mark.parametrize("digits", [2, 4, 5, 6, 7, 8, 10])
def test_a_direction_that_fell_digits_behind_comes_back(gaussian, digits, ord):
    steps = lost_and_regained(gaussian, digits)
    closed = -digits * math.log(10) + (0.0 if ord == 2 else 0.5 * math.log(3 * 1.01))
    # A float64 that fell d digits behind has 16 − d left.
    accuracy = max(1e-7, 10.0 ** (digits - 14))
    table = log_norms(steps, ord=ord)
    assert table[6, 0].item() == pytest.approx(closed, abs=accuracy)
    assert lag_log_norms(steps, ord=ord)[6].item() == pytest.approx(closed, abs=accuracy)
    assert_close(table, naive_log_norms(steps, ord), rtol=0, atol=accuracy)


def test_gram_matrices_alone_would_get_a_cancelling_product_wrong(gaussian, monkeypatch):
    # ‖AB‖² from AᵀA and BBᵀ is a sum of large terms that cancel: with the guard off it is noise.
    # (Noise below zero still asks for the product itself, hence several draws.)
    draws = [lost_and_regained(gaussian, digits=10, seed=seed) for seed in range(20)]

    def worst():
        errors = [log_norms(s, ord="fro") - naive_log_norms(s, "fro") for s in draws]
        return max(error[6, 0].abs().item() for error in errors)

    assert worst() < 1e-4
    monkeypatch.setattr(products, "CANCELLATION", 0.0)
    assert worst() > 1.0


def test_cancelling_products_are_multiplied_out_in_chunks(gaussian, monkeypatch):
    steps = lost_and_regained(gaussian, digits=10).repeat(6, 1, 1)
    at_once = log_norms(steps, ord="fro")
    monkeypatch.setattr(products, "CHUNK", 3)
    assert_close(log_norms(steps, ord="fro"), at_once, rtol=0, atol=1e-12)


def test_spectral_products_lose_their_negligible_columns(gaussian):
    # The table stays right (above) although most of the product has been dropped.
    product = torch.eye(16, dtype=torch.float64)
    for step in contracting(gaussian(64, 16, 16, seed=11)):
        product = step @ product
    kept = products._drop_negligible((product / product.abs().max()).expand(1, -1, -1))
    assert kept.shape[-1] < 12
    whole = torch.linalg.matrix_norm(product / product.abs().max(), ord=2)
    assert_close(torch.linalg.matrix_norm(kept[0], ord=2), whole, rtol=1e-11, atol=0)


@both_norms
@pytest.mark.parametrize("regime", [contracting, rotation, saturating])
def test_float32_steps_cost_less_than_1e_4(gaussian, regime, ord):
    # The float64 steps are the truth; rounding them to float32 is all that is lost.
    steps = regime(gaussian(40, 16, 16, seed=12))
    same_steps = naive_log_norms(steps.float(), ord)
    table = log_norms(steps.float(), ord=ord)
    assert table.dtype == torch.float64
    assert_close(table, same_steps, rtol=0, atol=1e-4)
    assert_close(lag_log_norms(steps.float(), ord=ord), same_steps[-1].flip(0), rtol=0, atol=1e-4)
    assert_close(table, naive_log_norms(steps, ord), rtol=0, atol=1e-4)


@both_norms
@pytest.mark.parametrize("batch", [(1,), (3,), (2, 2), (0,), (0, 2)])
@pytest.mark.parametrize("length", [0, 4])
def test_a_batch_is_a_loop_over_its_members(gaussian, batch, length, ord):
    steps = gaussian(*batch, length, 3, 3, seed=13)
    members = list(steps.reshape(math.prod(batch), length, 3, 3))
    tables, lags = log_norms(steps, ord=ord), lag_log_norms(steps, ord=ord)
    assert tables.shape == (*batch, length + 1, length + 1)
    assert lags.shape == (*batch, length + 1)
    for member, table, lag in zip(
        members,
        tables.reshape(len(members), length + 1, length + 1),
        lags.reshape(len(members), length + 1),
        strict=True,
    ):
        assert_close(table, log_norms(member, ord=ord), rtol=0, atol=1e-12)
        assert_close(lag, lag_log_norms(member, ord=ord), rtol=0, atol=1e-12)


@both_norms
def test_the_input_is_left_alone_and_the_result_detached(gaussian, ord):
    steps = gaussian(6, 3, 3, seed=14)
    before = steps.clone()
    assert not log_norms(steps.clone().requires_grad_(), ord=ord).requires_grad
    assert not lag_log_norms(steps.clone().requires_grad_(), ord=ord).requires_grad
    log_norms(steps, ord=ord)
    lag_log_norms(steps, ord=ord)
    assert steps.equal(before)
