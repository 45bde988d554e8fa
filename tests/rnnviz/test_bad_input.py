import cmath
import math
import re

import pytest
import torch

from rnnviz.bptt import (
    gradient_terms,
    jacobian_product,
    lag_log_norms,
    log_norms,
    lyapunov_exponents,
    run_rnn,
    step_jacobians,
)
from rnnviz.growth import compound, matrix_growth


def ones(*shape):
    return torch.ones(shape, dtype=torch.float64)


WEIGHTS = {"W_I": ones(3, 2), "W_R": ones(3, 3), "inputs": ones(5, 2), "h0": ones(3)}
STEPS = {"steps": ones(4, 3, 3)}
# What each function accepts; every test below changes one thing of it.
GOOD = {
    compound: {"factor": ones(), "steps": 3},
    matrix_growth: {"matrix": ones(3, 3), "steps": 3},
    run_rnn: WEIGHTS,
    step_jacobians: {"W_R": ones(3, 3), "states": ones(6, 3)},
    jacobian_product: {**STEPS, "t": 3, "i": 1},
    log_norms: STEPS,
    lag_log_norms: STEPS,
    gradient_terms: {**WEIGHTS, "W_O": ones(1, 3), "loss": torch.sum},
    lyapunov_exponents: STEPS,
}
TENSORS = [
    (function, name)
    for function, arguments in GOOD.items()
    for name, value in arguments.items()
    if isinstance(value, torch.Tensor)
]


def refuses(function, expected, came, **changes):
    """Assert a ValueError that says what was expected and, after it, what came."""
    message = f"{re.escape(expected)}.*got .*{re.escape(came)}"
    with pytest.raises(ValueError, match=message):
        function(**GOOD[function] | changes)


pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.mark.parametrize("function", GOOD)
def test_the_good_input_is_accepted(function):
    function(**GOOD[function])


@pytest.mark.parametrize(("function", "name"), TENSORS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite(function, name, bad):
    tensor = GOOD[function][name].clone()
    tensor.view(-1)[-1] = bad
    came = f"1 NaN or inf of {tensor.numel()}"
    refuses(function, f"{name} must be finite", came, **{name: tensor})


@pytest.mark.parametrize(("function", "name"), TENSORS)
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex128])
def test_numbers_that_are_not_real(function, name, dtype):
    tensor = GOOD[function][name].to(dtype)
    refuses(function, f"{name} must hold floating-point numbers", str(dtype), **{name: tensor})


@pytest.mark.parametrize(("function", "name"), [(f, n) for f, n in TENSORS if f != compound])
@pytest.mark.parametrize("bad", [[[1.0]], 1.0, None, ones(3, 3).numpy()])
def test_what_is_not_a_tensor(function, name, bad):
    refuses(function, f"{name} must be a torch.Tensor", type(bad).__name__, **{name: bad})


@pytest.mark.parametrize(
    ("function", "name"),
    [(f, n) for f, n in TENSORS if f in (run_rnn, step_jacobians, gradient_terms)],
)
def test_mixed_dtypes(function, name):
    tensor = GOOD[function][name].float()
    refuses(function, "all tensors must have one dtype", "torch.float32", **{name: tensor})


@pytest.mark.parametrize("function", [run_rnn, step_jacobians, gradient_terms])
@pytest.mark.parametrize("bad", ["Tanh", "gelu", "", None, 2, torch.tanh])
def test_an_unknown_activation(function, bad):
    expected = "activation must be one of 'tanh', 'sigmoid', 'relu', 'identity'"
    refuses(function, expected, repr(bad), activation=bad)


@pytest.mark.parametrize("function", [log_norms, lag_log_norms])
@pytest.mark.parametrize("bad", [1, -2, "2", "nuc", math.inf, None, True, [2]])
def test_an_unknown_norm(function, bad):
    refuses(function, "ord must be one of 2, 'fro'", repr(bad), ord=bad)


@pytest.mark.parametrize("function", [compound, matrix_growth])
@pytest.mark.parametrize("bad", [-1, 2.0, True, None, "3", math.nan])
def test_steps_that_are_no_number_of_steps(function, bad):
    refuses(function, "steps must be an integer of at least 0", repr(bad), steps=bad)


@pytest.mark.parametrize(
    ("bad", "came"),
    [
        (math.nan, "NaN or inf"),
        (math.inf, "NaN or inf"),
        (ones(1), "(1,)"),
        (ones(2, 2), "(2, 2)"),
        ("1.01", "str"),
        (None, "NoneType"),
        ([1.01], "list"),
        (cmath.rect(1, 1), "complex"),
    ],
)
def test_a_factor_that_is_not_one_real_number(bad, came):
    refuses(compound, "factor must be", came, factor=bad)


SHAPES = [
    (matrix_growth, "matrix must be square", {"matrix": ones(3, 4)}),
    (matrix_growth, "matrix must be square", {"matrix": ones(3)}),
    (matrix_growth, "matrix must be square", {"matrix": ones(2, 3, 3)}),
    (matrix_growth, "matrix must be", {"matrix": ones(0, 0)}),
    (run_rnn, "W_R must be square", {"W_R": ones(3, 4)}),
    (run_rnn, "W_R must be square", {"W_R": ones(3)}),
    (run_rnn, "W_R must be", {"W_R": ones(0, 0)}),
    (run_rnn, "W_I must have shape (3, D)", {"W_I": ones(2, 3)}),
    (run_rnn, "W_I must have shape (3, D)", {"W_I": ones(3)}),
    (run_rnn, "W_I must have shape (3, D)", {"W_I": ones(3, 2, 1)}),
    (run_rnn, "inputs must have shape (..., T, 2)", {"inputs": ones(5, 3)}),
    (run_rnn, "inputs must have shape (..., T, 2)", {"inputs": ones(2)}),
    (run_rnn, "inputs must have shape (..., T, 2)", {"inputs": ones()}),
    (run_rnn, "h0 must have shape (3,)", {"h0": ones(4)}),
    (run_rnn, "h0 must have shape (3,)", {"h0": ones(1, 3)}),
    (run_rnn, "h0 must have shape (3,)", {"h0": ones()}),
    (step_jacobians, "W_R must be square", {"W_R": ones(3, 4)}),
    (step_jacobians, "states must have shape (..., T+1, 3)", {"states": ones(6, 4)}),
    (step_jacobians, "states must have shape (..., T+1, 3)", {"states": ones(3)}),
    (step_jacobians, "states must have shape (..., T+1, 3)", {"states": ones(0, 3)}),
    (gradient_terms, "W_R must be square", {"W_R": ones(3, 4)}),
    (gradient_terms, "W_O must have shape (Y, 3)", {"W_O": ones(3, 2)}),
    (gradient_terms, "W_O must have shape (Y, 3)", {"W_O": ones(3)}),
    (gradient_terms, "inputs must have shape (T, D)", {"inputs": ones(0, 2)}),
    (gradient_terms, "h0 must have shape (3,)", {"h0": ones(4)}),
    (lyapunov_exponents, "steps must have shape (T, H, H)", {"steps": ones(0, 3, 3)}),
    (lyapunov_exponents, "steps must have shape (T, H, H)", {"steps": ones(2, 4, 3, 3)}),
    *(
        (function, "steps must have shape (", {"steps": ones(*shape)})
        for function in (jacobian_product, log_norms, lag_log_norms, lyapunov_exponents)
        for shape in [(4, 3, 2), (3, 3), (4, 0, 0)]
    ),
]


@pytest.mark.parametrize(("function", "expected", "changes"), SHAPES)
def test_a_shape_that_does_not_fit(function, expected, changes):
    (tensor,) = changes.values()
    refuses(function, expected, str(tuple(tensor.shape)), **changes)


def test_a_batch_of_inputs_needs_a_batch_of_first_states():
    refuses(run_rnn, "h0 must have shape (7, 3)", "(3,)", inputs=ones(7, 5, 2))


def test_gradient_terms_take_one_sequence_at_a_time():
    batch = {"inputs": ones(2, 5, 2), "h0": ones(2, 3)}
    refuses(gradient_terms, "inputs must have shape (T, D)", "(2, 5, 2)", **batch)


@pytest.mark.parametrize(("t", "i"), [(1, 2), (5, 0), (5, 5), (0, 5)])
def test_times_out_of_order_or_out_of_range(t, i):
    refuses(jacobian_product, "times must satisfy 0 <= i <= t <= 4", f"i={i}, t={t}", t=t, i=i)


@pytest.mark.parametrize("name", ["t", "i"])
@pytest.mark.parametrize("bad", [-1, 2.0, True, None, "2"])
def test_a_time_that_is_no_number_of_steps(name, bad):
    refuses(jacobian_product, "must", repr(bad), **{name: bad})


@pytest.mark.parametrize(
    ("loss", "came"),
    [
        (lambda y: y.expand(3), "(3,)"),
        (lambda y: y[:0], "(0,)"),
        (lambda y: 1.0, "float"),
        (lambda y: None, "NoneType"),
        (lambda y: (y * 1j).sum(), "torch.complex128"),
        (lambda y: (y * math.nan).sum(), "nan"),
        (lambda y: y.sum().detach(), ""),
        (lambda y: ones().requires_grad_(), ""),
    ],
    ids=["vector", "empty", "float", "nothing", "complex", "nan", "detached", "unrelated"],
)
def test_a_loss_that_is_not_one_number_with_a_gradient(loss, came):
    refuses(gradient_terms, "loss must", came, loss=loss)
