"""The norms of ∂h_t/∂h_i beside autograd, which most people would ask for them."""

import math

import pytest
import torch
from torch.testing import assert_close

from rnnviz.bptt import lag_log_norms, log_norms, run_rnn, step_jacobians

# One thread for everyone: a second one helps no contender reliably, and hurts on a busy machine.
torch.set_num_threads(1)

HIDDEN, CHANNELS = 64, 8
EYE = torch.eye(HIDDEN)


class Network:
    """A tanh network at a gain of one, its states, and the same states on an autograd graph."""

    def __init__(self, length, dtype):
        def gaussian(*shape):
            return torch.randn(*shape, dtype=torch.float64, generator=generator).to(dtype)

        generator = torch.Generator().manual_seed(0)
        self.W_R = gaussian(HIDDEN, HIDDEN) / math.sqrt(HIDDEN)
        self.W_I = 0.3 * gaussian(HIDDEN, CHANNELS) / math.sqrt(CHANNELS)
        self.inputs, self.h0 = gaussian(length, CHANNELS), gaussian(HIDDEN)
        self.states = run_rnn(self.W_I, self.W_R, self.inputs, self.h0)
        self.on_graph = [self.h0.clone().requires_grad_()]
        for x in self.inputs:
            self.on_graph.append(torch.tanh(self.W_I @ x + self.W_R @ self.on_graph[-1]))
        assert_close(torch.stack(self.on_graph).detach(), self.states)


def log_norm(jacobians, ord):
    return torch.linalg.matrix_norm(jacobians.double(), ord=ord).log()


# Every lag from the last step


def ours_lags(net, ord):
    return lag_log_norms(step_jacobians(net.W_R, net.states), ord=ord)


def backward_passes_lags(net, ord):
    """One backward pass for each of the H entries of h_T."""
    rows = [torch.autograd.grad(y, net.on_graph, retain_graph=True) for y in net.on_graph[-1]]
    jacobians = torch.stack([torch.stack(row) for row in rows], dim=1)
    return log_norm(jacobians, ord).flip(0)


def batched_vjp(net, t):
    eye = EYE.to(net.W_R.dtype)
    return torch.stack(
        torch.autograd.grad(
            net.on_graph[t], net.on_graph[: t + 1], eye, is_grads_batched=True, retain_graph=True
        )
    )


def batched_vjp_lags(net, ord):
    return log_norm(batched_vjp(net, len(net.inputs)), ord).flip(0)


LAGS = {
    "ours": (ours_lags, 100, None),
    "H backward passes": (backward_passes_lags, 15, 15),
    "one batched vjp": (batched_vjp_lags, 50, None),
}


@pytest.fixture(scope="module")
def short():
    return Network(128, torch.float64)


@pytest.mark.benchmark(group="lags")
@pytest.mark.parametrize("way", LAGS)
@pytest.mark.parametrize("ord", ["fro", 2])
def test_all_lags_from_the_last_step(measure, short, ord, way):
    function, rounds, goal = LAGS[way]
    comparison = f"all lags, H 64, T 128, float64, {'spectral' if ord == 2 else 'Frobenius'} norm"
    goal = goal if ord == "fro" else None
    lags = measure(comparison, way, lambda: function(short, ord), rounds=rounds, goal=goal)
    assert_close(lags, ours_lags(short, ord), rtol=0, atol=1e-9)


# The table of every pair


def ours_table(net):
    return log_norms(step_jacobians(net.W_R, net.states), ord="fro")


def batched_vjp_table(net):
    """One batched vjp for each of the T times that the gradient may start from."""
    length = len(net.inputs)
    table = torch.full((length + 1, length + 1), -math.inf, dtype=torch.float64)
    for t in range(length + 1):
        table[t, : t + 1] = log_norm(batched_vjp(net, t), "fro")
    return table


def naive_table(steps):
    """Multiply out every pair in float64, all starts of one end at a time, renormalised."""
    length = len(steps)
    table = torch.full((length + 1, length + 1), -math.inf, dtype=torch.float64)
    products = torch.eye(HIDDEN, dtype=torch.float64).repeat(length + 1, 1, 1)
    scale = torch.zeros(length + 1, dtype=torch.float64)
    for t in range(length + 1):
        table[t, : t + 1] = scale[: t + 1] + log_norm(products[: t + 1], "fro")
        if t < length:
            products[: t + 1] = steps[t] @ products[: t + 1]
            size = products[: t + 1].abs().amax((-2, -1))
            products[: t + 1] /= size[:, None, None]
            scale[: t + 1] += size.log()
    return table


TABLE = {
    "ours": (ours_table, 5, None),
    "a batched vjp a time step": (batched_vjp_table, 1, 20),
}


@pytest.fixture(scope="module", params=[256, pytest.param(512, marks=pytest.mark.in_full)])
def long(request):
    return Network(request.param, torch.float32)


@pytest.mark.benchmark(group="table")
@pytest.mark.parametrize("way", TABLE)
def test_the_table_of_every_pair(measure, remark, long, way):
    function, rounds, goal = TABLE[way]
    comparison = f"T × T table, H 64, T {len(long.inputs)}, float32, Frobenius norm"
    table = measure(comparison, way, lambda: function(long), rounds=rounds, goal=goal)
    lower = torch.ones_like(table).tril().bool()
    truth = naive_table(step_jacobians(long.W_R.double(), long.states.double()))
    error = (table - truth)[lower].abs().max().item()
    remark(f"{comparison}: {way}, largest error of ln‖·‖ {error:.1e} (goal ≤ 1e-4)")
    # Autograd's float32 Jacobians fall to e^−82 at T 512 and are still there: the same numbers.
    assert error < 1e-4
