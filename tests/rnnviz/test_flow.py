"""Gradient flow: every number against autograd on torch's own modules."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune
from torch.testing import assert_close

from rnnviz.flow import (
    FlowRecorder,
    gradient_flow,
    gradient_map,
    jacobian_flow,
    report,
    set_gate_bias,
)

KINDS = {
    "tanh": lambda **o: nn.RNN(3, 4, **o),
    "relu": lambda **o: nn.RNN(3, 4, nonlinearity="relu", **o),
    "gru": lambda **o: nn.GRU(3, 4, **o),
    "lstm": lambda **o: nn.LSTM(3, 4, **o),
    "projected lstm": lambda **o: nn.LSTM(3, 4, proj_size=2, **o),
}
CELLS = {"tanh": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
OPTIONS = {
    "plain": {},
    "two layers": {"num_layers": 2},
    "bidirectional": {"bidirectional": True, "num_layers": 2},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
}


def make(kind, seed=0, **options):
    torch.manual_seed(seed)
    return KINDS[kind](**options).double()


class Scaled(nn.LSTM):
    def forward(self, x, state=None):
        return super().forward(0.1 * x, state)


def poisoned(kind):
    module = make(kind)
    with torch.no_grad():
        module.weight_hh_l0[0, 0] = math.nan
    return module


def some_inputs(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def nudged(module, inputs, step, layer, entry, part, size):
    """The last output, with one entry of one state nudged on the way: a difference quotient.

    Runs the module itself up to the step and from there on, so it shares nothing with our steps.
    """
    _, state = module(inputs[: step + 1])
    parts = list(state) if isinstance(state, tuple) else [state]
    parts[part] = parts[part].clone()
    parts[part][layer].view(-1)[entry] += size
    rest, _ = module(inputs[step + 1 :], tuple(parts) if len(parts) == 2 else parts[0])
    return rest


# Against the module itself


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_steps_are_those_of_the_module(kind, options):
    module, inputs = make(kind, **options), some_inputs(5, 2, 3)
    batch = 5 if options.get("batch_first") else 2
    ways = (2 if module.bidirectional else 1) * module.num_layers
    h0 = some_inputs(ways, batch, 2 if kind == "projected lstm" else 4, seed=2)
    state = (h0, some_inputs(ways, batch, 4, seed=3)) if "lstm" in kind else h0
    expected, _ = module(inputs, state)
    seen = []

    def loss(outputs):
        seen.append(outputs)
        return outputs.square().sum()

    found = gradient_flow(module, inputs, loss=loss, state=state)
    assert_close(seen[0], expected, rtol=1e-12, atol=1e-14)
    assert found.loss == pytest.approx(expected.square().sum().item())
    assert found.norms.shape == ((2 if options.get("batch_first") else 5), ways)
    assert len(found.names) == ways


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_weight_terms_add_up_to_autograds_gradient(kind, options):
    module, inputs = make(kind, **options), some_inputs(6, 3, 3)
    module(inputs)[0].square().sum().backward()
    found = gradient_flow(module, inputs, loss=lambda y: y.square().sum())
    for layer, name in enumerate(found.names):
        end = name.replace("layer ", "l").replace(" reverse", "_reverse")
        terms = [found.weight_term(k, layer) for k in range(len(found.norms))]
        expected = getattr(module, f"weight_hh_{end}").grad
        assert_close(torch.stack(terms).sum(0), expected, rtol=1e-10, atol=1e-13)
        norms = torch.stack([term.norm() for term in terms])
        assert_close(found.weight_terms[:, layer], norms, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", ["tanh", "relu", "gru", "lstm"])
def test_gradient_of_a_state_is_what_a_nudge_of_it_does(kind, layer):
    module, inputs = make(kind, num_layers=2), some_inputs(7, 1, 3)
    found = gradient_flow(module, inputs)
    with torch.no_grad():
        for step in (0, 3, 5):
            slopes = []
            for entry in range(4):
                up, down = (
                    nudged(module, inputs, step, layer, entry, 0, size)[-1].sum()
                    for size in (1e-6, -1e-6)
                )
                slopes.append((up - down) / 2e-6)
            # The state of the lower layer also acts on this step's own upper layer, which a nudge
            # between two steps comes too late for; that part of the gradient is left out here.
            if layer == 1:
                assert_close(
                    found.norms[step, layer], torch.stack(slopes).norm(), rtol=1e-6, atol=0
                )
            else:
                assert found.norms[step, layer] > 0


def states_by_cell(cell, inputs):
    """Run a torch cell, keeping every state as a node of the graph."""
    pair = isinstance(cell, nn.LSTMCell)
    h = inputs.new_zeros(inputs.shape[1], cell.hidden_size).requires_grad_()
    state = (h, torch.zeros_like(h).requires_grad_()) if pair else h
    states = []
    for x in inputs:
        state = cell(x, state)
        states.append(state if pair else (state,))
    return states


@pytest.mark.parametrize("kind", CELLS)
def test_cells_agree_with_autograd_through_torchs_own_cell(kind):
    torch.manual_seed(0)
    cell, inputs = CELLS[kind](3, 4).double(), some_inputs(6, 2, 3)
    states = states_by_cell(cell, inputs)
    hs = [state[0] for state in states]
    expected = torch.autograd.grad(hs[-1].sum(), hs, retain_graph=True)
    found = gradient_flow(cell, inputs)
    assert_close(found.norms[:, 0], torch.stack([g.norm() for g in expected]))
    hs[-1].sum().backward()
    terms = torch.stack([found.weight_term(k) for k in range(6)])
    assert_close(terms.sum(0), cell.weight_hh.grad)


def hand_made_lstm(weights, x, state):
    """One step of an LSTM in plain torch, so that c_t is a node which h_t hangs on."""
    W, U, b = weights
    h, c = state
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def test_cell_norms_are_the_total_derivative():
    cell, inputs = make("lstm"), some_inputs(6, 2, 3)
    weights = cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0 + cell.bias_hh_l0
    states, state = [], (torch.zeros(2, 4).double(), torch.zeros(2, 4).double())
    for x in inputs:
        state = hand_made_lstm(weights, x, state)
        states.append(state)
    expected = torch.autograd.grad(states[-1][0].sum(), [c for _, c in states])
    assert_close(
        gradient_flow(cell, inputs).cell_norms[:, 0], torch.stack([g.norm() for g in expected])
    )


# What output.retain_grad() shows is not the flow


def test_retain_grad_on_the_output_of_a_fused_module_misses_the_recurrence():
    module, inputs = make("tanh"), some_inputs(6, 2, 3)
    outputs, _ = module(inputs)
    outputs.retain_grad()
    outputs[-1].sum().backward()
    assert outputs.grad[:-1].abs().max() == 0
    assert (gradient_flow(module, inputs).norms > 0).all()


# Jacobians


def jacobians(states, part):
    """∂(part)_T/∂(part)_i by autograd, row by row and sequence by sequence."""
    last = states[-1][part]
    earlier = [state[part] for state in states]
    rows = [
        torch.autograd.grad(last[:, j].sum(), earlier, retain_graph=True, allow_unused=True)
        for j in range(last.shape[1])
    ]
    return [torch.stack([row[k] for row in rows]) for k in range(len(states))]  # (row, batch, H)


@pytest.mark.parametrize("kind", CELLS)
def test_jacobians_agree_with_autograd(kind):
    torch.manual_seed(0)
    cell, inputs = CELLS[kind](3, 4).double(), some_inputs(9, 2, 3)
    found = jacobian_flow(cell, inputs)
    for part, ours in enumerate((found.log_norms, found.cell_log_norms)):
        if ours is None:
            assert kind != "lstm"
            continue
        if part:
            weights = cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh
            states, state = [], (torch.zeros(2, 4).double(), torch.zeros(2, 4).double())
            for x in inputs:
                state = hand_made_lstm(weights, x, state)
                states.append(state)
        else:
            states = states_by_cell(cell, inputs)
        expected = [J.norm(dim=(0, 2)).log().mean() - math.log(2) for J in jacobians(states, part)]
        assert_close(ours.flip(0), torch.stack(expected), rtol=1e-9, atol=1e-12)


def test_map_of_relu_units_that_are_off_is_zero_there():
    module, inputs = make("relu"), some_inputs(12, 2, 3)
    table = gradient_map(module, inputs)
    states = module(inputs)[0]
    assert (states == 0).any()
    expected = gradient_flow(module, inputs).norms[:, 0]
    assert_close(table[-1].exp(), expected)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("batch", [1, 3])
def test_a_callable_gives_what_its_closed_form_gives(kind, batch):
    torch.manual_seed(0)
    cell, inputs = CELLS[kind](3, 4).double(), some_inputs(9, batch, 3)
    h = torch.zeros(batch, 4).double()
    state = (h, h) if kind == "lstm" else h
    step = lambda x, s: cell(x, s)  # noqa: E731 - a callable that hides what it is
    ours, theirs = jacobian_flow(cell, inputs), jacobian_flow(step, inputs, state=state)
    assert_close(ours.log_norms, theirs.log_norms, rtol=1e-9, atol=1e-12)
    assert_close(
        gradient_map(cell, inputs), gradient_map(step, inputs, state=state), rtol=1e-9, atol=1e-12
    )
    assert_close(gradient_flow(cell, inputs).norms, gradient_flow(step, inputs, state=state).norms)
    assert gradient_flow(step, inputs, state=state).weight_terms is None


@pytest.mark.parametrize("kind", KINDS)
def test_map_is_gradient_flow_of_the_loss_at_each_step(kind):
    module, inputs = make(kind, num_layers=2), some_inputs(12, 2, 3)
    table = gradient_map(module, inputs, loss=lambda y: y.square().sum())
    assert table.shape == (12, 12)
    for t in range(12):
        row = gradient_flow(module, inputs, loss=lambda y, t=t: y[t].square().sum()).norms[:, -1]
        assert_close(table[t].exp(), row, rtol=1e-9, atol=1e-14)
    assert (table[0, 1:] == -math.inf).all()


def test_norms_below_the_range_of_floats_are_right_all_the_same():
    module = nn.RNN(1, 3, bias=False)
    with torch.no_grad():
        module.weight_hh_l0.copy_(1e-3 * torch.eye(3))
        module.weight_ih_l0.zero_()
    inputs = torch.zeros(300, 1, 1)
    found = jacobian_flow(module, inputs).log_norms
    assert_close(found, torch.arange(300).double() * math.log(1e-3), rtol=1e-6, atol=1e-6)
    corner = gradient_map(module, inputs)[-1, 0].item()
    assert corner == pytest.approx(299 * math.log(1e-3) + 0.5 * math.log(3), rel=1e-6)
    with torch.no_grad():
        module.weight_hh_l0.copy_(0.4 * torch.eye(3))
    norms = gradient_flow(module, inputs[:105]).norms[:, 0]  # 0.4^104 = 4e-42, in float32
    assert norms[0] == pytest.approx(math.sqrt(3) * 0.4**104, rel=2e-2)
    assert norms[10] == pytest.approx(math.sqrt(3) * 0.4**94, rel=1e-5)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_product_of_the_gates_is_what_flows_where_nothing_else_can(kind):
    module = make(kind)
    with torch.no_grad():
        module.weight_hh_l0.zero_()
    flow = jacobian_flow(module, some_inputs(30, 2, 3))
    way = flow.cell_log_norms if kind == "lstm" else flow.log_norms
    assert_close(flow.gate_log_norms, way, rtol=1e-9, atol=1e-9)
    assert flow.gate_log_norms[-1] < -1
    assert jacobian_flow(make("tanh"), some_inputs(5, 2, 3)).gate_log_norms is None


def test_decay_and_half_life_of_a_known_factor():
    module = nn.RNN(1, 2, bias=False).double()
    with torch.no_grad():
        module.weight_hh_l0.copy_(0.5 * torch.eye(2))
        module.weight_ih_l0.zero_()
    flow = jacobian_flow(module, torch.zeros(20, 1, 1).double())
    assert flow.decay == pytest.approx(0.5)
    assert flow.half_life == pytest.approx(1.0)
    with torch.no_grad():
        module.weight_hh_l0.copy_(1.25 * torch.eye(2))
    growing = jacobian_flow(module, torch.zeros(20, 1, 1).double())
    assert growing.decay == pytest.approx(1.25)
    assert growing.half_life == math.inf
    with torch.no_grad():
        module.weight_hh_l0.zero_()
    dead = jacobian_flow(module, torch.zeros(20, 1, 1).double())
    assert (dead.decay, dead.half_life) == (0.0, 0.0)


# Nothing is left behind


@pytest.mark.parametrize("call", [gradient_flow, jacobian_flow, gradient_map, report])
@pytest.mark.parametrize("raises", [False, True])
def test_the_module_and_the_generators_are_left_as_they_were(call, raises):
    module = nn.LSTM(3, 4, num_layers=2, dropout=0.5)
    inputs = torch.randn(5, 2, 3)
    module(inputs)[0].sum().backward()
    before = copy.deepcopy(module)
    gradients = [p.grad.clone() for p in module.parameters()]
    mark = torch.random.get_rng_state()
    if raises:
        with pytest.raises(ValueError, match="state must be a pair"):
            call(module, inputs, state=torch.zeros(2))
    else:
        call(module, inputs)
    assert torch.equal(torch.random.get_rng_state(), mark)
    assert module.training
    for (name, ours), theirs in zip(module.state_dict().items(), before.parameters(), strict=True):
        assert torch.equal(ours, theirs), name
    assert all(map(torch.equal, (p.grad for p in module.parameters()), gradients))
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    assert not any(getattr(m, name) for m in module.modules() for name in hooks)
    assert not any(p._backward_hooks for p in module.parameters())


def test_buffers_of_a_callable_module_are_left_as_they_were():
    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.norm = nn.RNNCell(3, 4), nn.BatchNorm1d(4)

        def forward(self, x, h):
            return self.norm(self.cell(x, h))

    module, inputs = Normed(), torch.randn(5, 6, 3)
    before = copy.deepcopy(module.state_dict())
    gradient_flow(module, inputs, state=torch.zeros(6, 4))
    assert all(map(torch.equal, module.state_dict().values(), before.values()))


@pytest.mark.parametrize("frozen", [False, True])
def test_frozen_weights_and_no_grad_do_not_matter(frozen):
    module, inputs = make("gru").requires_grad_(not frozen), some_inputs(5, 2, 3)
    with torch.no_grad():
        found = gradient_flow(module, inputs)
    assert (found.norms > 0).all()
    assert_close(found.norms, gradient_flow(make("gru"), inputs).norms)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_any_dtype_gives_norms_in_float64(dtype):
    module, inputs = make("lstm").to(dtype), some_inputs(5, 2, 3).to(dtype)
    found = gradient_flow(module, inputs)
    assert found.norms.dtype == found.cell_norms.dtype == torch.float64
    assert found.weight_term(0).dtype == dtype
    assert jacobian_flow(module, inputs).log_norms.dtype == torch.float64


@given(st.integers(1, 6), st.integers(1, 4), st.sampled_from(sorted(KINDS)), st.integers(0, 3))
def test_without_a_batch_dimension_it_is_a_batch_of_one(steps, layers, kind, seed):
    module = make(kind, num_layers=layers, seed=seed)
    inputs = some_inputs(steps, 3, seed=seed)
    alone, batch = gradient_flow(module, inputs), gradient_flow(module, inputs[:, None])
    assert_close(alone.norms, batch.norms)
    assert_close(alone.weight_terms, batch.weight_terms)
    assert_close(
        jacobian_flow(module, inputs).log_norms, jacobian_flow(module, inputs[:, None]).log_norms
    )


@given(st.integers(1, 5), st.integers(1, 8))
def test_losses_on_the_last_and_on_every_step(batch, steps):
    module, inputs = make("gru", batch_first=True), some_inputs(batch, steps, 3)
    last = gradient_flow(module, inputs, loss="last")
    assert_close(last.norms, gradient_flow(module, inputs, loss=lambda y: y[:, -1].sum()).norms)
    assert last.norms[-1, 0] == pytest.approx(math.sqrt(4 * batch))
    every = gradient_flow(module, inputs, loss="every")
    assert_close(every.norms, gradient_flow(module, inputs, loss=lambda y: y.sum()).norms)


def test_weight_terms_of_a_large_batch_are_the_same_norms():
    module, inputs = make("tanh"), some_inputs(4, 40, 3)
    found = gradient_flow(module, inputs)
    for k in range(1, 4):
        assert found.weight_terms[k, 0] == pytest.approx(found.weight_term(k).norm().item())


# While it trains


def test_recorder_keeps_every_kth_update():
    module, recorder = make("tanh"), None
    recorder = FlowRecorder(module, every=3)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    kept = []
    for update in range(7):
        inputs = some_inputs(5, 2, 3, seed=update)
        found = recorder.record(inputs)
        assert (found is None) == bool(update % 3)
        kept += [] if found is None else [found.norms[:, 0]]
        optimizer.zero_grad()
        module(inputs)[0][-1].sum().backward()
        optimizer.step()
    assert recorder.updates.tolist() == [0, 3, 6]
    assert torch.equal(recorder.norms, torch.stack(kept))
    with pytest.raises(ValueError, match="inputs must have 5 steps as before, got 4"):
        FlowRecorder.record(recorder, some_inputs(4, 2, 3)) or [
            recorder.record(some_inputs(4, 2, 3)) for _ in range(3)
        ]
    assert FlowRecorder(module).norms.shape == (0, 0)


# The report


def test_report_of_a_module_that_vanishes_says_so_and_what_helped():
    torch.manual_seed(0)
    module, inputs = nn.LSTM(4, 16), torch.randn(60, 3, 4)
    found = report(module, inputs)
    decades = found.jacobian.log_norms / math.log(10)
    assert decades[found.dies] < -3 <= decades[found.dies - 1]
    assert found.explodes is None
    assert found.advice.startswith("forget bias ")
    bias = float(found.advice.split()[2].rstrip(":"))
    set_gate_bias(module, bias)
    again = jacobian_flow(module, inputs)
    assert_close(again.log_norms, found.improved.log_norms)
    assert again.half_life > 2 * found.jacobian.half_life
    assert len(str(found).splitlines()) == 5
    assert found.saturation["forget"][0] == pytest.approx(0.5, abs=0.05)


def test_report_of_a_module_that_explodes_advises_to_clip():
    module = nn.RNN(4, 16, nonlinearity="relu")
    with torch.no_grad():
        module.weight_hh_l0.copy_(1.25 * torch.eye(16))
        module.bias_hh_l0.fill_(1.0)
        module.weight_ih_l0.zero_()
    found = report(module, torch.zeros(60, 3, 4))
    assert found.explodes == math.ceil(math.log(1000) / math.log(1.25))
    assert found.dies is None
    assert "clip" in found.advice
    assert "explodes" in str(found)
    assert found.threshold.low == found.threshold.mean / 2


def test_report_of_a_module_that_carries_advises_nothing():
    module = nn.RNN(4, 16, nonlinearity="relu")
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(16))
        module.bias_hh_l0.fill_(1.0)
    found = report(module, torch.zeros(60, 3, 4))
    assert found.advice == "nothing: the gradient arrives"
    assert "within a factor of 1000" in str(found)


def test_report_on_a_callable_knows_no_gates_and_no_remedy():
    found = report(lambda x, h: 0.3 * h + x, torch.ones(20, 2, 3), state=torch.zeros(2, 3))
    assert found.jacobian.decay == pytest.approx(0.3)
    assert found.saturation == {}
    assert found.threshold is None
    assert found.advice == "no remedy is known for a callable"


def test_report_tries_on_until_something_helps_also_over_few_steps():
    torch.manual_seed(0)
    found = report(nn.GRU(3, 8), torch.randn(20, 4, 3))
    assert found.improved.half_life > 2 * found.jacobian.half_life
    assert found.advice.startswith("update bias")


def test_report_on_pruned_and_reparametrised_weights():
    for change in (
        lambda m: prune.random_unstructured(m, "weight_hh_l0", 0.5),
        lambda m: nn.utils.parametrizations.weight_norm(m, "weight_hh_l0"),
    ):
        torch.manual_seed(0)
        module, inputs = nn.LSTM(3, 8), torch.randn(40, 2, 3)
        change(module)
        module(inputs)
        assert report(module, inputs).improved is not None


def test_report_names_its_layer_and_says_whose_loss_the_threshold_is_for():
    module, inputs = make("gru", bidirectional=True), some_inputs(30, 2, 3)
    assert "of layer 0 reverse" in report(module, inputs).lines[0]
    assert "of layer 0 halves" in report(module, inputs, layer=0).lines[0]
    assert "pass your loss" in report(module, inputs).lines[3]
    assert "pass your loss" not in report(module, inputs, loss=torch.sum).lines[3]


def test_gradients_beyond_the_range_of_floats_are_named_and_not_counted():
    grows = lambda x, h: 10 * h + 0 * x  # noqa: E731
    state, inputs = torch.zeros(2, 3), torch.ones(100, 2, 3)
    found = report(grows, inputs, state=state)
    assert found.jacobian.decay == pytest.approx(10)
    assert "explodes; beyond the range of floats from lag" in str(found)
    shrinks = jacobian_flow(lambda x, h: 0.01 * h + 0 * x, inputs, state=state)
    assert shrinks.decay == pytest.approx(0.01, rel=1e-3)


def test_last_state_of_the_reverse_direction_is_that_of_the_first_step():
    module, inputs = make("gru", bidirectional=True), some_inputs(9, 2, 3)
    both = gradient_flow(module, inputs)
    assert (both.norms > 0).all()
    expected = gradient_flow(module, inputs, loss=lambda y: y[-1, :, :4].sum() + y[0, :, 4:].sum())
    assert_close(both.norms, expected.norms)


def test_tokens_are_welcome_to_a_callable_that_embeds_them():
    embedding = nn.Embedding(7, 3).double()
    gru = nn.GRUCell(3, 4).double()
    tokens = torch.randint(0, 7, (6, 2), generator=torch.Generator().manual_seed(0))
    found = gradient_flow(
        lambda k, h: gru(embedding(k), h), tokens, state=torch.zeros(2, 4).double()
    )
    assert_close(found.norms, gradient_flow(gru, embedding(tokens)).norms)


def test_dropout_between_layers_acts_in_training_only():
    module, inputs = make("gru", num_layers=2, dropout=0.5), some_inputs(9, 2, 3)
    plain = make("gru", num_layers=2)
    plain.load_state_dict(module.state_dict())
    assert not torch.allclose(
        gradient_flow(module, inputs).norms, gradient_flow(plain, inputs).norms
    )
    assert_close(gradient_flow(module.eval(), inputs).norms, gradient_flow(plain, inputs).norms)


def test_inference_mode_does_not_matter():
    module = make("gru")
    with torch.inference_mode():
        found = gradient_flow(module, some_inputs(5, 2, 3))
    assert_close(found.norms, gradient_flow(module, some_inputs(5, 2, 3)).norms)


def test_threshold_of_the_report_is_that_of_the_batchs_gradient():
    module, inputs = make("gru"), some_inputs(6, 3, 3)
    loss = lambda y: y.square().mean()  # noqa: E731
    loss(module(inputs)[0]).backward()
    norm = math.hypot(*(p.grad.norm().item() for p in module.parameters()))
    assert report(module, inputs, loss=loss).threshold.mean == pytest.approx(norm)


def test_gate_bias_is_the_sum_of_both_of_torchs():
    module = nn.LSTM(3, 4, num_layers=2)
    set_gate_bias(module, 2.5)
    for layer in (0, 1):
        total = getattr(module, f"bias_ih_l{layer}") + getattr(module, f"bias_hh_l{layer}")
        assert torch.equal(total[4:8], torch.full((4,), 2.5))
        assert total[:4].abs().max() > 0


# Bad input


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gradient_flow(make("gru"), [1.0]), "inputs must be a tensor, got list"),
        (
            lambda: gradient_flow(make("gru"), torch.ones(5, 2, 3, dtype=torch.int64)),
            "got torch.int64: embed tokens first",
        ),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 7)),
            r"inputs must have shape \(time, batch, 3\).* got \(5, 2, 7\)",
        ),
        (lambda: gradient_flow(make("gru"), some_inputs(0, 2, 3)), "at least one step"),
        (
            lambda: gradient_flow(make("gru"), torch.full((5, 2, 3), math.nan).double()),
            "inputs must be finite",
        ),
        (
            lambda: gradient_flow(
                make("gru"), nn.utils.rnn.pack_padded_sequence(some_inputs(5, 2, 3), [5, 3])
            ),
            "unpack it with torch.nn.utils.rnn.pad_packed_sequence",
        ),
        (lambda: gradient_flow("gru", some_inputs(5, 2, 3)), "module must be .* got str"),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 3), state=torch.zeros(1, 2, 5)),
            r"h_0 must have shape \(1, 2, 4\), got \(1, 2, 5\)",
        ),
        (
            lambda: gradient_flow(make("lstm"), some_inputs(5, 2, 3), state=torch.zeros(1, 2, 4)),
            r"state must be a pair of tensors \(h_0, c_0\), got Tensor",
        ),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 3), loss="first"),
            "loss must be one of None, 'last', 'every', got 'first'",
        ),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 3), loss=lambda y: y[0]),
            r"loss must return one number as a tensor, got \(2, 4\)",
        ),
        (
            lambda: gradient_flow(
                make("gru"), some_inputs(5, 2, 3), loss=lambda _: torch.zeros(())
            ),
            "loss must depend on the outputs",
        ),
        (
            lambda: gradient_flow(lambda x, h: h, some_inputs(5, 2, 3)),
            "state must be its first state, a tensor .* got NoneType",
        ),
        (
            lambda: gradient_flow(
                lambda x, h: h[:, :2], some_inputs(5, 2, 3), state=some_inputs(2, 3)
            ),
            r"must return a state of shapes \[\(2, 3\)\], got \[\(2, 2\)\] at step 0",
        ),
        (
            lambda: jacobian_flow(make("gru"), some_inputs(5, 2, 3), layer=1),
            "layer must be −1 to 0, got 1",
        ),
        (
            lambda: gradient_map(make("gru", bidirectional=True), some_inputs(5, 2, 3)),
            "module must have one direction",
        ),
        (
            lambda: gradient_map(make("gru"), some_inputs(5, 2, 3), loss="last"),
            "loss must be a function of one step's output, got 'last'",
        ),
        (lambda: FlowRecorder(make("gru"), every=0), "every must be .* at least 1, got 0"),
        (
            lambda: FlowRecorder(make("gru"), layer=3).record(some_inputs(5, 2, 3)),
            "layer must be −1 to 0, got 3",
        ),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 3).float()),
            "inputs must have the module's dtype torch.float64, got torch.float32",
        ),
        (
            lambda: report(nn.Sequential(nn.Linear(3, 3)), some_inputs(5, 2, 3).float()),
            "Sequential is read as a callable .* pass that part, not the Sequential",
        ),
        (
            lambda: report(nn.Linear(3, 3), torch.ones(5, 3), state=torch.ones(3)),
            r"module must be callable as \(x_t, state\), got a TypeError at step 0: .*positional",
        ),
        (lambda: report(nn.LSTM, some_inputs(5, 2, 3)), "got the class LSTM"),
        (
            lambda: gradient_flow(Scaled(3, 4).double(), some_inputs(5, 2, 3)),
            "module must do what nn.LSTM does, got Scaled with a forward of its own",
        ),
        (
            lambda: gradient_flow(
                lambda x, h: h.detach() + x, some_inputs(5, 3), state=torch.zeros(3).double()
            ),
            "must compute each state from the one before",
        ),
        (
            lambda: gradient_flow(lambda x, h: None, some_inputs(5, 3), state=torch.zeros(3)),
            r"must return a state of shapes \[\(3,\)\], got \['NoneType'\] at step 0",
        ),
        (lambda: report(poisoned("gru"), some_inputs(5, 2, 3)), "NaN or inf in layer 0 at step 0"),
        (
            lambda: report(
                lambda x, h: 1e30 * h + x, some_inputs(20, 2, 3), state=torch.ones(2, 3).double()
            ),
            "NaN or inf in state at step 10",
        ),
        (
            lambda: gradient_flow(make("gru"), some_inputs(5, 2, 3)).weight_term(5),
            "step must be 0 to 4 and layer −1 to 0, got 5, 0",
        ),
        (
            lambda: gradient_flow(
                lambda x, h: h + x, some_inputs(5, 3), state=torch.zeros(3).double()
            ).weight_term(0),
            "weight terms are known for torch's own modules",
        ),
        (lambda: set_gate_bias(make("tanh"), 1.0), "module must be an LSTM or a GRU with biases"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_remedies_are_tried_on_copies_only():
    for kind, size in ((nn.LSTM, 8), (nn.RNN, 32), (nn.GRUCell, 8)):
        torch.manual_seed(0)
        module = kind(3, size)
        before = copy.deepcopy(module.state_dict())
        inputs, mark = torch.randn(60, 2, 3), torch.random.get_rng_state()
        assert report(module, inputs).improved is not None
        assert torch.equal(torch.random.get_rng_state(), mark)
        assert all(map(torch.equal, module.state_dict().values(), before.values()))


def test_report_says_so_where_nothing_helped():
    torch.manual_seed(0)
    module = nn.RNN(3, 8)
    with torch.no_grad():
        module.weight_ih_l0 *= 30  # saturated: every slope is near 0
    found = report(module, torch.randn(60, 2, 3))
    assert found.advice.startswith("nothing tried helped much; best orthogonal")
    assert found.improved is None
    assert found.saturation["activation"][0] < 0.2


class Unbatchable(torch.autograd.Function):
    """tanh with a derivative that reads a value, which no batched derivative can do."""

    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return torch.tanh(a)

    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        factor = 1.0 if grad.sum().item() > -math.inf else 0.0
        return factor * grad * (1 - torch.tanh(a) ** 2)


def test_a_callable_that_cannot_be_batched_is_followed_row_by_row():
    inputs, state = some_inputs(6, 2, 4), torch.zeros(2, 4).double()
    slow = jacobian_flow(lambda x, h: Unbatchable.apply(0.9 * h + x), inputs, state=state)
    quick = jacobian_flow(lambda x, h: torch.tanh(0.9 * h + x), inputs, state=state)
    assert_close(slow.log_norms, quick.log_norms)


def test_report_walks_through_a_run_once():
    inputs, seen = some_inputs(60, 2, 4), []

    def step(x, h):
        seen.append(x)
        return torch.tanh(0.1 * h + x)

    assert report(step, inputs, state=torch.zeros(2, 4).double()).dies is not None
    assert len(seen) == 60


@pytest.mark.parametrize("bias", [-80.0, -30.0])
def test_a_cell_that_forgets_by_tens_of_powers_a_step_has_a_finite_logarithm(bias):
    module = make("lstm")
    with torch.no_grad():
        module.weight_hh_l0.zero_()
        module.weight_ih_l0.zero_()
        module.bias_ih_l0[4:8], module.bias_hh_l0[4:8] = bias, 0.0
    found = jacobian_flow(module, some_inputs(40, 2, 3)).cell_log_norms
    assert_close(found, bias * torch.arange(40).double(), rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("factor", [1e-30, 1e-11, 1e11, 1e30])
def test_a_step_by_tens_of_powers_has_a_finite_logarithm(factor):
    module = nn.RNN(1, 4, nonlinearity="relu", bias=False).double()
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(4))
        module.weight_ih_l0.fill_(1.0)
    layer = module.weight_hh_l0
    inputs = torch.ones(9, 1, 1).double()
    with torch.no_grad():
        layer *= factor
    expected = math.log(factor) * torch.arange(9).double()
    assert_close(jacobian_flow(module, inputs).log_norms, expected)
    assert_close(gradient_map(module, inputs)[-1].flip(0), expected + 0.5 * math.log(4))


@pytest.mark.parametrize("apart", [1e-5, 1e-7, 1e-9])
def test_weight_terms_that_cancel_over_the_batch_have_their_norm(apart):
    module, weights = make("tanh"), torch.tensor([1.0, -1.0] * 4).double()[:, None]
    one = some_inputs(6, 1, 3)
    inputs = one + apart * some_inputs(6, 8, 3, seed=2)
    found = gradient_flow(module, inputs, loss=lambda y: (weights * y[-1]).sum())
    norms = torch.stack([found.weight_term(k, -1).norm() for k in range(6)])
    assert_close(found.weight_terms[:, 0], norms, rtol=1e-6, atol=0)


def test_report_of_one_step_says_that_there_is_no_rate():
    text = str(report(make("gru"), some_inputs(1, 2, 3)))
    assert "has no rate that could be measured" in text
    assert "nan" not in text
