"""What watching and clipping the gradient norm costs a small training step."""

import statistics
import time

import pytest
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from rnnviz.clipping import GradientNormMonitor

# One thread for everyone: a second one helps no contender reliably, and hurts on a busy machine.
torch.set_num_threads(1)

CHANNELS, HIDDEN, BATCH, LENGTH = 8, 64, 32, 100
# A threshold that the norm always exceeds: clipping then costs the most.
THRESHOLD = 1e-3
GOAL = 0.02


class Loop:
    """A training loop whose step can be stopped between backward() and step()."""

    def __init__(self, optimizer):
        torch.manual_seed(0)
        self.rnn, self.out = nn.RNN(CHANNELS, HIDDEN), nn.Linear(HIDDEN, 1)
        self.parameters = [*self.rnn.parameters(), *self.out.parameters()]
        self.optimizer = optimizer(self.parameters, lr=1e-3)
        self.inputs = torch.randn(LENGTH, BATCH, CHANNELS)
        self.targets = torch.randn(BATCH, 1)
        self.monitor = GradientNormMonitor(self.parameters, THRESHOLD)

    def step(self, clip):
        """Run one step; return the seconds that clipping took, and those of all the rest."""
        started = time.perf_counter()
        self.optimizer.zero_grad()
        output = self.out(self.rnn(self.inputs)[0][-1])
        (output - self.targets).square().mean().backward()
        before = time.perf_counter()
        clip()
        after = time.perf_counter()
        self.optimizer.step()
        return after - before, before - started + time.perf_counter() - after


WAYS = {
    "monitor.clip()": lambda loop: loop.monitor.clip(),
    "clip_grad_norm_": lambda loop: clip_grad_norm_(loop.parameters, THRESHOLD),
}


@pytest.mark.benchmark(group="clipping")
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_share_of_a_training_step(benchmark, remark, optimizer):
    # The share is taken within each step, clip against the rest of the very same step: whole loops
    # timed one after the other differ by more than the 1 % in question.
    loop = Loop(optimizer)
    spent = {way: [] for way in WAYS}

    def steps():
        for way, clip in WAYS.items():
            spent[way].append(loop.step(lambda clip=clip: clip(loop)))

    benchmark.pedantic(steps, rounds=100, warmup_rounds=5)
    shares = {}
    for way, seconds in spent.items():
        clipping = statistics.median(clip for clip, _ in seconds)
        step = statistics.median(rest for _, rest in seconds)
        shares[way] = clipping / step
        verdict = f", goal ≤ {GOAL:.0%}: {'met' if shares[way] <= GOAL else 'MISSED'}"
        remark(
            f"{optimizer.__name__} step, nn.RNN H {HIDDEN}, batch {BATCH}, T {LENGTH}: {way:16}"
            f" {1e6 * clipping:6.0f} µs of {1e3 * step:5.1f} ms = {shares[way]:.2%}"
            f"{verdict if way.startswith('monitor') else ''}"
        )
    benchmark.extra_info["shares of the step"] = shares
    assert loop.monitor.clipped.all()


@pytest.mark.benchmark(group="clipping")
@pytest.mark.parametrize("way", ["ours", "clip_grad_norm_"])
def test_one_clip_beside_torchs(measure, way):
    loop = Loop(torch.optim.SGD)
    loop.step(lambda: None)
    gradients = [parameter.grad.clone() for parameter in loop.parameters]
    clip = WAYS["monitor.clip()" if way == "ours" else way]

    def fifty():
        for _ in range(50):
            torch._foreach_copy_([p.grad for p in loop.parameters], gradients)
            clip(loop)

    measure("50 clips of a small RNN's gradients, with a copy", way, fifty, rounds=20)
