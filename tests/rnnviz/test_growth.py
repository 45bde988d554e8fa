import dataclasses
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from rnnviz.growth import compound, matrix_growth

EPS = torch.finfo(torch.float64).eps
seeds = st.integers(0, 10_000)
sizes = st.integers(1, 6)


def matrix(rows):
    return torch.tensor(rows, dtype=torch.float64)


def orthogonal(draws):
    return torch.linalg.qr(draws).Q


def test_the_poster():
    assert compound(1.01, 365)[-1].item() == pytest.approx(37.78343433288728, rel=1e-13)
    assert compound(0.99, 365)[-1].item() == pytest.approx(0.025517964452291125, rel=1e-13)


@pytest.mark.parametrize("factor", [1.01, 0.99, -0.7, 3.0, 1 / 3])
def test_compound_is_the_exact_power_up_to_rounding(factor):
    exact = [float(Fraction(factor) ** k) for k in range(201)]
    assert_close(compound(factor, 200), matrix(exact), rtol=200 * EPS, atol=0)


@given(factor=st.floats(-2, 2), first=st.integers(0, 20), then=st.integers(0, 20))
def test_exponents_add(factor, first, then):
    powers = compound(factor, first + then)
    assert_close(powers[first] * powers[then], powers[first + then], rtol=1e-13, atol=1e-300)


def test_exponent_zero_is_one_even_for_factor_zero():
    assert compound(0.0, 3).tolist() == [1, 0, 0, 0]
    assert compound(5.0, 0).tolist() == [1]


def test_float32_underflows_to_exactly_zero_after_its_smallest_number():
    halves = compound(torch.tensor(0.5, dtype=torch.float32), 160)
    assert halves.dtype == torch.float32
    assert halves[149] == 2.0**-149
    assert not halves[150:].any()


def test_float32_overflows_to_inf_where_float64_does_not():
    assert compound(torch.tensor(2.0, dtype=torch.float32), 128)[-2:].tolist() == [2**127, math.inf]
    assert compound(2.0, 128)[-1] == 2.0**128


def test_float32_rounds_after_every_step_as_a_recurrence_does():
    # Rounding each step is what float32 does to a network. At the very bottom 0.9 times a number
    # rounds back to that number, so the true recurrence gets stuck and never reaches zero.
    factor = torch.tensor(0.9, dtype=torch.float32)
    state, recurrence = torch.ones(()), [1.0]
    for _ in range(1200):
        state = state * factor
        recurrence.append(state.item())
    assert recurrence[-1] > 0
    assert compound(factor, 1200).tolist() == recurrence


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_tensor_keeps_its_dtype(dtype):
    assert compound(torch.tensor(0.5, dtype=dtype), 2).dtype == dtype


def test_a_python_number_is_taken_as_float64():
    assert compound(0.5, 2).dtype == torch.float64


def test_a_whole_number_may_be_compounded():
    assert compound(2, 3).tolist() == [1, 2, 4, 8]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_are_those_of_the_matrix_powers(gaussian, dtype):
    M = gaussian(5, 5, seed=1).to(dtype)
    powers = [torch.linalg.matrix_power(M.double(), k) for k in range(13)]
    expected = torch.linalg.matrix_norm(torch.stack(powers), ord=2)
    growth = matrix_growth(M, 12)
    assert_close(growth.norms, expected, rtol=1e-12, atol=0)
    assert_close(growth.log_norms, expected.log(), rtol=1e-12, atol=1e-12)
    assert growth.spectral_norm == pytest.approx(expected[1].item(), rel=1e-12)


def test_eigenvalues_are_the_roots_of_the_characteristic_polynomial():
    # λ² − 2λ + 5 = 0 for M = [[1, −4], [1, 1]]: 1 ± 2i, of size √5.
    growth = matrix_growth(matrix([[1.0, -4.0], [1.0, 1.0]]), 1)
    roots = sorted(growth.eigenvalues.tolist(), key=lambda root: root.imag)
    assert roots == pytest.approx([1 - 2j, 1 + 2j], rel=1e-12)
    assert growth.spectral_radius == pytest.approx(math.sqrt(5), rel=1e-12)


@given(seed=seeds, size=sizes, steps=st.integers(0, 20))
def test_norms_lie_between_the_spectral_radius_and_the_spectral_norm(gaussian, seed, size, steps):
    growth = matrix_growth(gaussian(size, size, seed=seed), steps)
    k = torch.arange(steps + 1, dtype=torch.float64)
    assert (growth.log_norms >= k * math.log(growth.spectral_radius) - 1e-6).all()
    assert (growth.log_norms <= k * math.log(growth.spectral_norm) + 1e-9).all()


@given(seed=seeds, size=sizes)
def test_a_symmetric_matrix_meets_both_bounds(gaussian, seed, size):
    M = gaussian(size, size, seed=seed)
    growth = matrix_growth(M + M.T, 10)
    assert growth.spectral_radius == pytest.approx(growth.spectral_norm, rel=1e-12)
    assert_close(growth.log_norms, torch.arange(11).double() * math.log(growth.spectral_norm))


def test_an_orthogonal_matrix_keeps_every_norm_at_one(gaussian):
    growth = matrix_growth(orthogonal(gaussian(7, 7, seed=2)), 1000)
    assert_close(growth.norms, torch.ones(1001, dtype=torch.float64), rtol=0, atol=1e-11)


def test_the_identity_stays_one_exactly_where_it_was():
    assert_close(matrix_growth(torch.eye(4, dtype=torch.float64), 50).log_norms, matrix([0.0] * 51))


def test_a_non_normal_matrix_grows_before_it_decays():
    growth = matrix_growth(matrix([[0.9, 10.0], [0.0, 0.9]]), 200)
    assert growth.spectral_radius == pytest.approx(0.9, rel=1e-12)
    assert growth.spectral_norm > 10
    assert growth.norms.argmax() == 9
    assert growth.norms[9].item() == pytest.approx(38.746, abs=0.001)
    assert growth.norms[200] < 1e-5
    # M^k = 0.9^k [[1, 10 k / 0.9], [0, 1]]
    closed = torch.stack([0.9**k * matrix([[1, 10 * k / 0.9], [0, 1]]) for k in range(201)])
    assert_close(growth.norms, torch.linalg.matrix_norm(closed, ord=2), rtol=1e-11, atol=0)


@pytest.mark.parametrize("rate", [30.0, -30.0])
def test_log_norms_hold_at_3000_where_the_norms_cannot(gaussian, rate):
    growth = matrix_growth(math.exp(rate) * orthogonal(gaussian(5, 5, seed=3)), 100)
    assert_close(growth.log_norms, rate * torch.arange(101).double(), rtol=1e-13, atol=1e-12)
    assert growth.norms[-1] == (math.inf if rate > 0 else 0)


def test_the_zero_matrix_has_norm_zero_from_the_first_power():
    growth = matrix_growth(torch.zeros(3, 3, dtype=torch.float64), 3)
    assert growth.log_norms.tolist()[1:] == [-math.inf] * 3
    assert_close(growth.norms, matrix([1.0, 0, 0, 0]), rtol=0, atol=1e-15)
    assert growth.spectral_radius == growth.spectral_norm == 0


@pytest.mark.parametrize("scale", [1.0, 3.0, 0.1])
def test_a_shift_matrix_is_alive_for_its_size_and_then_exactly_zero(scale):
    N = scale * torch.diag(torch.ones(4, dtype=torch.float64), 1)
    log_norms = matrix_growth(N, 8).log_norms
    assert_close(log_norms[:5], math.log(scale) * torch.arange(5).double())
    assert log_norms[5:].tolist() == [-math.inf] * 4


@pytest.mark.parametrize("rows", [[[2, -1], [4, -2]], [[3, -9], [1, -3]], [[6, -4], [9, -6]]])
def test_a_full_nilpotent_matrix_squares_to_exactly_zero(rows):
    # The renormalisation must not round: what is exactly zero in plain arithmetic stays so.
    log_norms = matrix_growth(matrix(rows).double(), 4).log_norms
    assert log_norms[2:].tolist() == [-math.inf] * 3


def test_zero_steps_leave_the_identity(gaussian):
    assert_close(matrix_growth(gaussian(3, 3, seed=4), 0).norms, matrix([1.0]))


def test_the_result_is_frozen_and_detached(gaussian):
    growth = matrix_growth(gaussian(3, 3, seed=5).requires_grad_(), 2)
    assert not growth.log_norms.requires_grad
    assert not compound(torch.tensor(0.5, requires_grad=True), 2).requires_grad
    with pytest.raises(dataclasses.FrozenInstanceError):
        growth.spectral_norm = 1.0
