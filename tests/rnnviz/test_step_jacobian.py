"""The Jacobian of one step, in closed form, against autograd through torch's own module."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rnnviz.flow import jacobian_flow, step_jacobian

MODULES = {
    "RNN": lambda **o: nn.RNN(3, 4, **o),
    "ReLU RNN": lambda **o: nn.RNN(3, 4, nonlinearity="relu", **o),
    "GRU": lambda **o: nn.GRU(3, 4, **o),
    "LSTM": lambda **o: nn.LSTM(3, 4, **o),
    "projected LSTM": lambda **o: nn.LSTM(3, 4, proj_size=2, **o),
    "RNNCell": lambda **o: nn.RNNCell(3, 4, **o),
    "ReLU RNNCell": lambda **o: nn.RNNCell(3, 4, nonlinearity="relu", **o),
    "GRUCell": lambda **o: nn.GRUCell(3, 4, **o),
    "LSTMCell": lambda **o: nn.LSTMCell(3, 4, **o),
}


def made(kind, gaussian, batch, **options):
    """Return a module, an input and a state that is not zero, in the module's own layout."""
    torch.manual_seed(0)
    module = MODULES[kind](**options).double()
    lead = () if kind.endswith("Cell") else (1,)
    sizes = {"projected LSTM": (2, 4), "LSTM": (4, 4), "LSTMCell": (4, 4)}.get(kind, (4,))
    parts = [gaussian(*lead, *batch, size, seed=n) for n, size in enumerate(sizes)]
    return module, gaussian(*batch, 3, seed=9), tuple(parts) if len(parts) > 1 else parts[0]


def by_autograd(module, x, state):
    """∂state_t/∂state_{t−1} of one sequence, in a call of torch's own module."""
    fused = isinstance(module, nn.RNNBase)
    parts = state if isinstance(state, tuple) else (state,)

    def step(*parts):
        state = parts if len(parts) > 1 else parts[0]
        new = module(x[None], state)[1] if fused else module(x, state)
        return new if isinstance(new, tuple) else (new,)

    blocks = torch.autograd.functional.jacobian(step, parts)
    sizes = [part.numel() for part in parts]
    rows = [
        torch.cat([block.reshape(m, n) for block, n in zip(row, sizes, strict=True)], 1)
        for row, m in zip(blocks, sizes, strict=True)
    ]
    return torch.cat(rows)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", MODULES)
def test_is_autograds_jacobian_of_torchs_own_step(gaussian, kind, bias):
    module, x, state = made(kind, gaussian, (), bias=bias)
    found = step_jacobian(module, x, state)
    assert_close(found, by_autograd(module, x, state), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("kind", MODULES)
def test_a_batch_is_one_matrix_for_each_sequence(gaussian, kind):
    module, x, state = made(kind, gaussian, (5,))
    found = step_jacobian(module, x, state)
    alone = [
        step_jacobian(
            module,
            x[n],
            tuple(part[..., n, :] for part in state)
            if isinstance(state, tuple)
            else state[..., n, :],
        )
        for n in range(5)
    ]
    assert_close(found, torch.stack(alone), rtol=1e-13, atol=1e-15)
    assert found.shape == (5, *alone[0].shape)


def test_batch_first_changes_nothing_where_there_is_one_step(gaussian):
    module, x, state = made("LSTM", gaussian, (5,))
    turned, *_ = made("LSTM", gaussian, (5,), batch_first=True)
    assert_close(step_jacobian(turned, x, state), step_jacobian(module, x, state))


def test_no_state_is_zero_as_in_torch(gaussian):
    module, x, _ = made("GRU", gaussian, (5,))
    expected = step_jacobian(module, x, torch.zeros(1, 5, 4).double())
    assert_close(step_jacobian(module, x, None), expected)


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_of_several_layers_each_has_its_own_recurrence(gaussian, layer):
    torch.manual_seed(0)
    module, x = nn.GRU(3, 4, num_layers=2).double(), gaussian(5, 3, seed=1)
    state = gaussian(2, 5, 4, seed=2)
    seen = x if layer == 0 else module(x[None], state)[1][0]  # what the layer reads
    cell = nn.GRUCell(seen.shape[-1], 4).double()
    for name, value in cell.named_parameters():
        value.data = getattr(module, f"{name}_l{layer % 2}").data
    expected = step_jacobian(cell, seen.detach(), state[layer])
    assert_close(step_jacobian(module, x, state, layer=layer), expected)


def test_of_two_directions_each_is_that_of_its_own_weights(gaussian):
    torch.manual_seed(0)
    module, x = nn.LSTM(3, 4, bidirectional=True).double(), gaussian(3, seed=1)
    h, c = gaussian(2, 4, seed=2), gaussian(2, 4, seed=3)
    for way, end in enumerate(("l0", "l0_reverse")):
        cell = nn.LSTMCell(3, 4).double()
        for name, value in cell.named_parameters():
            value.data = getattr(module, f"{name}_{end}").data
        expected = step_jacobian(cell, x, (h[way], c[way]))
        assert_close(step_jacobian(module, x, (h, c), layer=way), expected)


def test_a_number_is_a_state_too():
    found = step_jacobian(lambda x, h: torch.tanh(2 * h + x), torch.tensor(0.5), torch.tensor(0.1))
    expected = 2 * (1 - torch.tanh(torch.tensor(0.7)) ** 2)
    assert_close(found, expected.reshape(1, 1))


def test_a_state_that_was_made_for_inference_serves(gaussian):
    module, x, state = made("GRU", gaussian, (5,))
    with torch.inference_mode():
        again = state.clone()
    assert_close(step_jacobian(module, x, again), step_jacobian(module, x, state))


@pytest.mark.parametrize("batch", [(), (5,)])
@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell"])
def test_of_a_callable_it_comes_from_autograd(gaussian, kind, batch):
    module, x, state = made(kind, gaussian, batch)
    found = step_jacobian(lambda x, state: module(x, state), x, state)
    assert_close(found, step_jacobian(module, x, state))


def test_a_part_of_the_state_that_hangs_on_nothing_has_zero_rows(gaussian):
    state = (gaussian(2, 3, seed=0), gaussian(2, 3, seed=1))
    found = step_jacobian(lambda x, s: (2 * s[0] + x, torch.ones(2, 3).double()), state[1], state)
    expected = torch.cat([2 * torch.eye(3), torch.zeros(3, 3)]).double()
    assert_close(found, torch.cat([expected, torch.zeros(6, 3).double()], 1).expand(2, 6, 6))


@pytest.mark.parametrize("kind", MODULES)
def test_the_product_of_the_steps_has_the_norms_of_the_flow(gaussian, kind):
    module, x, state = made(kind, gaussian, (2,))
    inputs, product = torch.stack([x, -x, 2 * x, x]), None
    for one in inputs:
        J = step_jacobian(module, one, state)
        # The flow starts at the state after the first input, so that step is not in it.
        product = torch.eye(J.shape[-1]).double() if product is None else J @ product
        state = (
            module(one[None], state)[1] if isinstance(module, nn.RNNBase) else module(one, state)
        )
    size = (state[0] if isinstance(state, tuple) else state).shape[-1]
    norms = torch.linalg.matrix_norm(product[:, :size, :size])
    expected = (norms / math.sqrt(size)).log().mean()
    *_, first = made(kind, gaussian, (2,))
    assert_close(jacobian_flow(module, inputs, state=first).log_norms[-1], expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_keeps_the_modules_dtype(gaussian, dtype):
    module, x, state = made("LSTM", gaussian, (2,))
    expected = step_jacobian(module, x, state)
    low = step_jacobian(module.to(dtype), x.to(dtype), tuple(part.to(dtype) for part in state))
    assert low.dtype == dtype
    assert_close(low.double(), expected, rtol=0.05, atol=1e-6 if dtype == torch.float32 else 0.05)


def test_the_module_and_its_graph_are_left_alone(gaussian):
    module, x, state = made("LSTM", gaussian, (2,))
    found = step_jacobian(module, x.requires_grad_(), tuple(p.requires_grad_() for p in state))
    assert not found.requires_grad
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"x": torch.ones(1, 2, 3).double()},
            r"one step, of shape \(batch, 3\) or \(3,\), got \(1",
        ),
        ({"x": 3.0}, "x must be a tensor, got float"),
        ({"x": torch.ones(2, 4).double()}, r"x must be one step, .* got \(2, 4\)"),
        ({"x": torch.ones(2, 3)}, "must have the module's dtype torch.float64, got torch.float32"),
        ({"x": torch.ones(0, 3).double()}, "at least one step and one entry"),
        ({"state": torch.ones(2, 4).double()}, r"state must be a pair of tensors \(h_0, c_0\)"),
        ({"state": (1.0, 2.0)}, r"pair of tensors \(h_0, c_0\), got float, float"),
        ({"state": 2 * (torch.ones(1, 2, 4),)}, "h_0 must have the module's dtype torch.float64"),
        ({"layer": 1}, "layer must be −1 to 0, got 1"),
        ({"module": "lstm"}, "module must be an nn.RNN, .* got str"),
    ],
)
def test_what_does_not_fit_is_said(gaussian, change, message):
    module, x, state = made("LSTM", gaussian, (2,))
    good = {"module": module, "x": x, "state": state, "layer": -1} | change
    with pytest.raises(ValueError, match=message):
        step_jacobian(good.pop("module"), good.pop("x"), good.pop("state"), **good)
