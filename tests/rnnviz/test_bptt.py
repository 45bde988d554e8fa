import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from rnnviz.activations import ACTIVATIONS
from rnnviz.bptt import (
    gradient_terms,
    jacobian_product,
    lag_log_norms,
    log_norms,
    lyapunov_exponents,
    run_rnn,
    step_jacobians,
)

# Written out a second time, so that the package is not its own judge.
F = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.nn.functional.relu,
    "identity": lambda a: a,
}
every_activation = pytest.mark.parametrize("activation", F)
seeds = st.integers(0, 10_000)
sizes = st.integers(1, 5)
activations = st.sampled_from(sorted(F))


@pytest.fixture(scope="session")
def network(gaussian):
    """Draw W_I, W_R, W_O, inputs and h0 of a small network."""

    def draw(seed, *, hidden=4, channels=2, outputs=3, length=6):
        return (
            gaussian(hidden, channels, seed=seed),
            gaussian(hidden, hidden, seed=seed + 1) / math.sqrt(hidden),
            gaussian(outputs, hidden, seed=seed + 2),
            gaussian(length, channels, seed=seed + 3),
            gaussian(hidden, seed=seed + 4),
        )

    return draw


def rotation(draws):
    return torch.linalg.qr(draws).Q


# The activations


def test_the_activations_are_the_four_of_the_course():
    assert set(ACTIVATIONS) == set(F)


@every_activation
def test_an_activation_its_slope_and_its_steepest_slope(activation):
    a = torch.linspace(-4, 4, 81, dtype=torch.float64, requires_grad=True)  # 0 is among them
    h = F[activation](a)
    (expected,) = torch.autograd.grad(h.sum(), a)
    ours = ACTIVATIONS[activation]
    assert_close(ours.function(a), h)
    assert_close(ours.slope(h.detach()), expected, rtol=1e-12, atol=1e-15)
    assert ours.steepest == pytest.approx(expected.max().item(), rel=1e-12)


# run_rnn


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_states_are_those_of_torchs_rnn(network, activation, dtype):
    W_I, W_R, _, inputs, h0 = (x.to(dtype) for x in network(10, length=20))
    theirs = torch.nn.RNN(2, 4, bias=False, nonlinearity=activation, dtype=dtype)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(W_I)
        theirs.weight_hh_l0.copy_(W_R)
        expected, _ = theirs(inputs, h0[None])
    states = run_rnn(W_I, W_R, inputs, h0, activation=activation)
    assert states.dtype == dtype
    assert states[0].equal(h0)
    assert_close(states[1:], expected)


@every_activation
def test_every_state_satisfies_the_recurrence(network, activation):
    W_I, W_R, _, inputs, h0 = network(20)
    states = run_rnn(W_I, W_R, inputs, h0, activation=activation)
    assert states.shape == (7, 4)
    for t in range(1, 7):
        a = W_I @ inputs[t - 1] + W_R @ states[t - 1]
        assert_close(states[t], F[activation](a), rtol=1e-13, atol=1e-13)


def test_tanh_is_the_default_activation_everywhere(network):
    W_I, W_R, W_O, inputs, h0 = network(30)
    states = run_rnn(W_I, W_R, inputs, h0)
    assert states.equal(run_rnn(W_I, W_R, inputs, h0, activation="tanh"))
    steps = step_jacobians(W_R, states)
    assert steps.equal(step_jacobians(W_R, states, activation="tanh"))
    network = (W_I, W_R, W_O, inputs, h0, torch.sum)
    assert gradient_terms(*network).equal(gradient_terms(*network, activation="tanh"))


def test_no_inputs_leave_the_first_state(network):
    W_I, W_R, _, inputs, h0 = network(40)
    assert run_rnn(W_I, W_R, inputs[:0], h0).equal(h0[None])


# Step Jacobians and their products


@every_activation
@pytest.mark.parametrize("seed", [50, 60])
def test_a_step_jacobian_is_autograds(network, activation, seed):
    W_I, W_R, _, inputs, h0 = network(seed)
    states = run_rnn(W_I, W_R, inputs, h0, activation=activation)
    steps = step_jacobians(W_R, states, activation=activation)
    assert steps.shape == (6, 4, 4)
    for k in range(6):

        def step(h, x=inputs[k]):
            return F[activation](W_I @ x + W_R @ h)

        expected = torch.autograd.functional.jacobian(step, states[k])
        assert_close(steps[k], expected, rtol=1e-12, atol=1e-14)


@every_activation
def test_a_jacobian_product_is_autograds_jacobian_over_many_steps(network, activation):
    W_I, W_R, _, inputs, h0 = network(70)
    states = run_rnn(W_I, W_R, inputs, h0, activation=activation)
    steps = step_jacobians(W_R, states, activation=activation)
    for i in range(7):
        for t in range(i, 7):

            def later(h, i=i, t=t):
                for x in inputs[i:t]:
                    h = F[activation](W_I @ x + W_R @ h)
                return h

            expected = torch.autograd.functional.jacobian(later, states[i])
            assert_close(jacobian_product(steps, t, i), expected, rtol=1e-12, atol=1e-13)


def test_later_steps_stand_on_the_left(gaussian):
    steps = gaussian(3, 2, 2, seed=80)
    product = jacobian_product(steps, 3, 0)
    assert_close(product, steps[2] @ steps[1] @ steps[0])
    assert not torch.allclose(product, steps[0] @ steps[1] @ steps[2])


def test_a_finite_difference_of_the_states_agrees(network):
    W_I, W_R, _, inputs, h0 = network(90)
    product = jacobian_product(step_jacobians(W_R, run_rnn(W_I, W_R, inputs, h0)), 6, 0)
    for b, nudge in enumerate(1e-6 * torch.eye(4, dtype=torch.float64)):
        ahead = run_rnn(W_I, W_R, inputs, h0 + nudge)[-1]
        behind = run_rnn(W_I, W_R, inputs, h0 - nudge)[-1]
        assert_close(product[:, b], (ahead - behind) / 2e-6, rtol=0, atol=1e-8)


@given(
    seed=seeds,
    hidden=sizes,
    times=st.tuples(*3 * [st.integers(0, 8)]).map(sorted),
    name=activations,
)
def test_chain_rule(network, seed, hidden, times, name):
    i, k, t = times
    W_I, W_R, _, inputs, h0 = network(seed, hidden=hidden, length=8)
    states = run_rnn(W_I, W_R, inputs, h0, activation=name)
    steps = step_jacobians(W_R, states, activation=name)
    whole = jacobian_product(steps, t, i)
    parts = jacobian_product(steps, t, k) @ jacobian_product(steps, k, i)
    assert_close(whole, parts, rtol=1e-11, atol=1e-12)


@given(seed=seeds, hidden=sizes, length=st.integers(0, 12))
def test_no_product_stretches_more_than_its_steps_can(gaussian, seed, hidden, length):
    steps = gaussian(length, hidden, hidden, seed=seed)
    most = torch.linalg.matrix_norm(steps, ord=2).log().cumsum(0)
    most = torch.cat([most.new_zeros(1), most])
    bound = most[:, None] - most[None, :]  # [t, i]: the sum of ln σ_max(J_k) over i ≤ k < t
    assert (log_norms(steps) <= bound + 1e-9).all()
    assert (lag_log_norms(steps) <= bound[-1].flip(0) + 1e-9).all()


@given(seed=seeds, hidden=sizes, length=st.integers(0, 6))
def test_no_time_between_is_the_identity(gaussian, seed, hidden, length):
    steps = gaussian(length, hidden, hidden, seed=seed)
    for t in range(length + 1):
        assert jacobian_product(steps, t, t).equal(torch.eye(hidden, dtype=torch.float64))


@given(seed=seeds, hidden=sizes, c=st.floats(0.01, 100))
def test_scaling_a_linear_network_shifts_its_log_norms_by_the_lag(network, seed, hidden, c):
    W_I, W_R, _, inputs, h0 = network(seed, hidden=hidden, length=7)
    states = run_rnn(W_I, W_R, inputs, h0, activation="identity")
    t = torch.arange(8, dtype=torch.float64)
    for ord in (2, "fro"):
        plain = log_norms(step_jacobians(W_R, states, activation="identity"), ord=ord)
        scaled = log_norms(step_jacobians(c * W_R, states, activation="identity"), ord=ord)
        expected = plain + (t[:, None] - t) * math.log(c)
        assert_close(scaled, expected, rtol=1e-9, atol=1e-9)


@given(
    seed=seeds,
    batch=st.lists(st.integers(0, 3), max_size=2).map(tuple),
    length=st.integers(0, 4),
    name=activations,
)
def test_a_batch_is_a_loop_over_its_members(network, gaussian, seed, batch, length, name):
    W_I, W_R, _, _, _ = network(seed)
    inputs, h0 = gaussian(*batch, length, 2, seed=seed), gaussian(*batch, 4, seed=seed)
    states = run_rnn(W_I, W_R, inputs, h0, activation=name)
    steps = step_jacobians(W_R, states, activation=name)
    products = jacobian_product(steps, length, 0)
    assert states.shape == (*batch, length + 1, 4)
    assert steps.shape == (*batch, length, 4, 4)
    assert products.shape == (*batch, 4, 4)
    for m in itertools.product(*map(range, batch)):
        assert_close(states[m], run_rnn(W_I, W_R, inputs[m], h0[m], activation=name))
        assert_close(steps[m], step_jacobians(W_R, states[m], activation=name))
        assert_close(products[m], jacobian_product(steps[m], length, 0))


# The terms of slide 5's sum


def square_error(y):
    return ((y - 0.7) ** 2).sum()


def cross_entropy(y):
    return -torch.log_softmax(y, -1)[0]


losses = pytest.mark.parametrize("loss", [square_error, cross_entropy])


def final_loss(W_I, each_W_R, W_O, inputs, h0, loss, f):
    h = h0
    for W_R, x in zip(each_W_R, inputs, strict=True):
        h = f(W_I @ x + W_R @ h)
    return loss(W_O @ h)


@losses
@every_activation
@pytest.mark.parametrize(("hidden", "length"), [(1, 1), (4, 6), (8, 30)])
@pytest.mark.parametrize("seed", [100, 200])
def test_the_terms_add_up_to_autograds_gradient(network, loss, activation, hidden, length, seed):
    W_I, W_R, W_O, inputs, h0 = network(seed, hidden=hidden, length=length)
    terms = gradient_terms(W_I, W_R, W_O, inputs, h0, loss, activation=activation)
    W_R.requires_grad_()
    error = final_loss(W_I, [W_R] * length, W_O, inputs, h0, loss, F[activation])
    (expected,) = torch.autograd.grad(error, W_R)
    assert terms.shape == (length, hidden, hidden)
    assert (terms.sum(0) - expected).norm() <= 1e-12 * expected.norm()


@losses
@every_activation
def test_a_term_is_the_gradient_when_only_that_use_of_W_R_may_change(network, loss, activation):
    W_I, W_R, W_O, inputs, h0 = network(300)
    terms = gradient_terms(W_I, W_R, W_O, inputs, h0, loss, activation=activation)
    for i in range(1, 7):
        uses = [W_R.detach()] * 6
        uses[i - 1] = W_R.clone().requires_grad_()
        error = final_loss(W_I, uses, W_O, inputs, h0, loss, F[activation])
        (expected,) = torch.autograd.grad(error, uses[i - 1])
        assert_close(terms[i - 1], expected, rtol=1e-11, atol=1e-14)


def test_a_term_is_slide_5s_product_of_four_factors(network):
    W_I, W_R, W_O, inputs, h0 = network(400)
    terms = gradient_terms(W_I, W_R, W_O, inputs, h0, square_error)
    states = run_rnn(W_I, W_R, inputs, h0)
    steps = step_jacobians(W_R, states)
    at_output = 2 * (W_O @ states[6] - 0.7)  # ∂E_T/∂y_T
    for i in range(1, 7):
        delta = at_output @ W_O @ jacobian_product(steps, 6, i)  # ∂E_T/∂h_i
        immediate = torch.outer(1 - states[i] ** 2, states[i - 1])
        assert_close(terms[i - 1], delta[:, None] * immediate, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("w", [0.5, 1.0, 1.5, -0.9])
def test_in_a_scalar_linear_network_every_term_is_the_same(w):
    # h_T = w^T h_0, so dE/dw = T · W_O w^(T−1) h_0, shared equally among the T uses of w.
    def one(value):
        return torch.tensor([[value]], dtype=torch.float64)

    inputs, h0 = torch.zeros(9, 1, dtype=torch.float64), torch.tensor([2.0], dtype=torch.float64)
    terms = gradient_terms(one(1.0), one(w), one(3.0), inputs, h0, torch.sum, activation="identity")
    expected = torch.full((9,), 3.0 * w**8 * 2.0, dtype=torch.float64)
    assert_close(terms.flatten(), expected, rtol=1e-13, atol=0)


def test_the_first_term_is_zero_when_the_network_starts_at_rest(network):
    W_I, W_R, W_O, inputs, h0 = network(500)
    terms = gradient_terms(W_I, W_R, W_O, inputs, torch.zeros_like(h0), square_error)
    assert not terms[0].any()
    assert terms[1:].flatten(1).any(1).all()


def test_gradients_work_where_the_caller_has_switched_autograd_off(network):
    weights = network(600)
    with torch.no_grad():
        inside = gradient_terms(*weights, square_error)
    assert inside.equal(gradient_terms(*weights, square_error))


def test_nothing_returned_hangs_on_a_graph(network):
    W_I, W_R, W_O, inputs, h0 = (x.requires_grad_() for x in network(700))
    states = run_rnn(W_I, W_R, inputs, h0)
    steps = step_jacobians(W_R, states)
    terms = gradient_terms(W_I, W_R, W_O, inputs, h0, square_error)
    leaf = steps.clone().requires_grad_()
    results = [states, steps, terms, jacobian_product(leaf, 3, 1), lyapunov_exponents(leaf)]
    assert not any(result.requires_grad for result in results)
    assert all(x.grad is None for x in (W_I, W_R, W_O, inputs, h0))


def test_a_product_may_be_written_to(gaussian):
    # Neither the steps nor the other members of the batch see it.
    steps = gaussian(2, 3, 2, 2, seed=800)
    before = steps.clone()
    for t in range(4):
        products = jacobian_product(steps, t, 0)
        other = products[1].clone()
        products[0] += 1.0
        assert products[1].equal(other)
    assert steps.equal(before)


# Lyapunov exponents


def test_diagonal_steps_have_their_mean_log_entries_as_exponents(gaussian):
    entries = gaussian(30, 4, seed=900)
    expected = entries.abs().log().mean(0).sort(descending=True).values
    assert_close(lyapunov_exponents(entries.diag_embed()), expected, rtol=1e-12, atol=1e-12)


def test_a_rotation_neither_stretches_nor_shrinks(gaussian):
    exponents = lyapunov_exponents(rotation(gaussian(5, 5, seed=910)).expand(200, -1, -1))
    assert_close(exponents, torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-13)


def test_a_constant_normal_matrix_has_its_log_eigenvalues_as_exponents(gaussian):
    Q = rotation(gaussian(4, 4, seed=920))
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    M = Q @ torch.block_diag(1.2 * turn, torch.tensor([[-0.9]]), torch.tensor([[0.5]])) @ Q.T
    expected = torch.tensor([1.2, 1.2, 0.9, 0.5], dtype=torch.float64).log()
    # The frame turns into the eigenvectors at a rate of 1/T.
    assert_close(lyapunov_exponents(M.expand(4000, -1, -1)), expected, rtol=0, atol=1e-3)


def test_a_constant_triangular_matrix_has_its_eigenvalues_not_its_singular_values():
    M = torch.tensor([[0.9, 10.0], [0.0, 0.8]], dtype=torch.float64)
    expected = torch.tensor([0.9, 0.8], dtype=torch.float64).log()
    assert_close(lyapunov_exponents(M.expand(50, -1, -1)), expected, rtol=1e-12, atol=0)


@given(seed=seeds, hidden=sizes, length=st.integers(1, 30))
def test_the_exponents_add_up_to_the_mean_log_determinant(gaussian, seed, hidden, length):
    steps = gaussian(length, hidden, hidden, seed=seed)
    expected = torch.linalg.slogdet(steps).logabsdet.mean()
    assert_close(lyapunov_exponents(steps).sum(), expected, rtol=1e-9, atol=1e-9)


@given(seed=seeds, hidden=sizes, length=st.integers(1, 5))
def test_a_few_steps_give_the_qr_factors_of_their_product(gaussian, seed, hidden, length):
    # Step by step or at once, R's diagonal is the same; this also fixes the order of the steps.
    steps = gaussian(length, hidden, hidden, seed=seed)
    stretches = torch.linalg.qr(jacobian_product(steps, length, 0)).R.diagonal().abs()
    expected = (stretches.log() / length).sort(descending=True).values
    assert_close(lyapunov_exponents(steps), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_the_largest_exponent_is_the_slope_of_the_log_norms(network, gaussian, gain):
    W_I, W_R, _, inputs, h0 = network(930, hidden=16, length=1500)
    states = run_rnn(0.3 * W_I, gain * W_R, inputs, h0)
    steps = step_jacobians(gain * W_R, states)
    lags = lag_log_norms(steps)
    slope = (lags[1500] - lags[300]) / 1200
    assert lyapunov_exponents(steps)[0].item() == pytest.approx(slope.item(), abs=0.02)


def test_exponents_descend_and_a_lost_direction_has_minus_inf(gaussian):
    steps = gaussian(20, 4, 4, seed=940)
    steps[:, :, 2] = 0  # no step reads the third unit
    steps[:, 2] = 0  # and none writes it
    exponents = lyapunov_exponents(steps)
    assert exponents.tolist() == sorted(exponents.tolist(), reverse=True)
    assert exponents.isneginf().tolist() == [False, False, False, True]


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1.7e308])
def test_exponents_of_extreme_steps(gaussian, scale):
    steps = rotation(gaussian(20, 3, 3, seed=950))
    expected = torch.full((3,), math.log(scale), dtype=torch.float64)
    assert_close(lyapunov_exponents(scale * steps), expected, rtol=1e-12, atol=0)


def test_exponents_are_taken_in_float64(gaussian):
    steps = gaussian(50, 3, 3, seed=960).float()
    assert_close(lyapunov_exponents(steps), lyapunov_exponents(steps.double()), rtol=0, atol=0)
