"""Gradient flow of torch's modules and of unknown ones, beside what people would write."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from rnnviz.flow import gradient_map, jacobian_flow

# One thread for everyone: the matrices are small, and a second thread collapses on a busy machine.
torch.set_num_threads(1)

FEATURES = 8
large = pytest.mark.in_full
SIZES = [(64, 128), (64, 256)]
SIZES += [pytest.param(*size, marks=large) for size in ((64, 512), (128, 128), (128, 512))]
CELLS = {"RNN": nn.RNNCell, "GRU": nn.GRUCell, "LSTM": nn.LSTMCell}


def setting(kind, hidden, steps, batch=1):
    torch.manual_seed(0)
    return CELLS[kind](FEATURES, hidden), torch.randn(steps, batch, FEATURES)


def run(cell, inputs):
    """Return h_1 … h_T as nodes of one graph."""
    h = torch.zeros(inputs.shape[1], cell.hidden_size, requires_grad=True)
    state = (h, torch.zeros_like(h)) if isinstance(cell, nn.LSTMCell) else h
    states = []
    for x in inputs:
        state = cell(x, state)
        states.append(state[0] if isinstance(state, tuple) else state)
    return states


# The map: ∂loss_t/∂h_i for every t and i


def ours_map(cell, inputs):
    return gradient_map(cell, inputs)


def backward_a_step(cell, inputs):
    """One backward pass for the loss at every step."""
    hs = run(cell, inputs)
    table = torch.full((len(hs), len(hs)), -torch.inf, dtype=torch.float64)
    for t in range(len(hs)):
        found = torch.autograd.grad(hs[t].sum(), hs[: t + 1], retain_graph=True)
        table[t, : t + 1] = torch.stack([g.double().norm() for g in found]).log()
    return table


def batched_vjp(cell, inputs):
    """All losses in one batch of vector-Jacobian products."""
    hs = run(cell, inputs)
    losses = torch.stack([h.sum() for h in hs])
    found = torch.autograd.grad(losses, hs, torch.eye(len(hs)), is_grads_batched=True)
    return torch.stack([g.double().flatten(1).norm(dim=1) for g in found], 1).log()


def gemms(cell, inputs):
    """Return nothing but the products that no way round can avoid: one for each lag."""
    U = cell.weight_hh.detach().double()
    vectors = torch.ones(len(inputs), len(U), dtype=torch.float64)
    for lag in range(len(inputs)):
        _ = vectors[lag:] @ U
    return None


MAPS = {
    "ours": ours_map,
    "a backward pass a step": backward_a_step,
    "batched vjp": batched_vjp,
    "the gemms alone": gemms,
}
# Times slower than ours at H 64, T 512; "the gemms alone" may be at most 3 times faster.
MAP_GOALS = {
    ("RNN", "a backward pass a step"): 50,
    ("RNN", "the gemms alone"): 0.34,
    ("GRU", "a backward pass a step"): 10,
    ("LSTM", "a backward pass a step"): 10,
}


@pytest.mark.parametrize("way", MAPS)
@pytest.mark.parametrize(("hidden", "steps"), SIZES)
@pytest.mark.parametrize("kind", CELLS)
def test_map_of_loss_gradients(measure, kind, hidden, steps, way):
    cell, inputs = setting(kind, hidden, steps)
    goal = MAP_GOALS.get((kind, way)) if (hidden, steps) == (64, 512) else None
    comparison = f"map T × T, {kind}, H {hidden}, T {steps}, batch 1"
    slow = way in ("a backward pass a step", "batched vjp") and steps > 128
    got = measure(
        comparison, way, lambda: MAPS[way](cell, inputs), rounds=1 if slow else 5, goal=goal
    )
    if got is not None and steps == 128:
        lower = torch.ones(20, 20).tril().bool()  # beyond that float32 has nothing left
        assert_close(
            got[:20, :20][lower], ours_map(cell, inputs)[:20, :20][lower], rtol=1e-3, atol=1e-3
        )


# All lags from the last step: ∂h_T/∂h_i


def ours_lags(cell, inputs):
    return jacobian_flow(cell, inputs).log_norms


def backward_a_row(cell, inputs):
    hs = run(cell, inputs)
    squares = torch.zeros(len(hs), dtype=torch.float64)
    for j in range(cell.hidden_size):
        found = torch.autograd.grad(hs[-1][:, j].sum(), hs, retain_graph=True)
        squares += torch.stack([g.double().square().sum() for g in found])
    return 0.5 * (squares.flip(0) / cell.hidden_size).log()


def batched_rows(cell, inputs):
    hs = run(cell, inputs)
    seeds = torch.eye(cell.hidden_size)[:, None].expand(-1, inputs.shape[1], -1)
    found = torch.autograd.grad(hs[-1], hs, seeds, is_grads_batched=True)
    squares = torch.stack([g.double().square().sum() for g in found])
    return 0.5 * (squares.flip(0) / cell.hidden_size).log()


def jacrev_a_pair(cell, inputs):
    """One call of jacrev for every earlier step; the inputs after it are run again."""
    hs = [h.detach() for h in run(cell, inputs)]
    found = []
    for i in range(len(hs)):

        def rest(h, i=i):
            for x in inputs[i + 1 :]:
                h = cell(x, h)
            return h[0]

        found.append(torch.func.jacrev(rest)(hs[i]).double().norm())
    return torch.stack(found).flip(0).log() - 0.5 * torch.tensor(cell.hidden_size).log()


LAGS = {
    "ours": ours_lags,
    "a backward pass a row": backward_a_row,
    "batched vjp": batched_rows,
    "jacrev a pair": jacrev_a_pair,
}


@pytest.mark.parametrize("way", LAGS)
@pytest.mark.parametrize(("hidden", "steps"), SIZES)
@pytest.mark.parametrize("kind", CELLS)
def test_all_lags_from_the_last_step(measure, kind, hidden, steps, way):
    if way == "jacrev a pair" and (kind == "LSTM" or steps > 128):
        pytest.skip("a pair of states, and T² in time: minutes")
    cell, inputs = setting(kind, hidden, steps)
    comparison = f"all lags, {kind}, H {hidden}, T {steps}, batch 1"
    slow = way == "jacrev a pair" or (way != "ours" and steps > 128)
    got = measure(comparison, way, lambda: LAGS[way](cell, inputs), rounds=1 if slow else 3)
    assert_close(got[:20], ours_lags(cell, inputs)[:20], rtol=1e-3, atol=1e-3)


# A module of which nothing is known

UNKNOWN = {
    "ours": lambda cell, inputs, state: (
        jacobian_flow(lambda x, s: cell(x, s), inputs, state=state).log_norms
    ),
    "a backward pass a row": lambda cell, inputs, _: backward_a_row(cell, inputs),
    "batched vjp": lambda cell, inputs, _: batched_rows(cell, inputs),
}


@pytest.mark.parametrize("way", UNKNOWN)
@pytest.mark.parametrize("batch", [1, 8, pytest.param(64, marks=large)])
def test_all_lags_of_an_unknown_module(measure, way, batch):
    cell, inputs = setting("GRU", 64, 128, batch)
    state = torch.zeros(batch, 64)
    comparison = f"all lags, unknown module, H 64, T 128, batch {batch}"
    function = UNKNOWN[way]
    goal = None if way == "ours" else 0.95  # as fast, to what two runs of the same code differ by
    rounds = 3 if way == "a backward pass a row" else 9  # seconds a round, and far from the goal
    measure(comparison, way, lambda: function(cell, inputs, state), rounds=rounds, goal=goal)
