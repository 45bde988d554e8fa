# %% right: bisection with rnnviz
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[99].item() / math.log(10)


reach_at_1 = round(size(1.0), 2)
low, high = -1.0, 6.0
for _ in range(11):
    middle = (low + high) / 2
    if size(middle) < -3:
        low = middle
    else:
        high = middle
alive_bias = round(high, 2)

# %% right: a coarse and a fine scan
from rnnviz import flow


def decades(bias):
    lstm, inputs = lstm_of(my)
    H = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_hh_l0[H : 2 * H] = bias
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1] / math.log(10)


reach_at_1 = decades(1.0)
start = next(k for k in range(1, 40) if decades(k / 4) >= -3) / 4 - 0.25
fine = next(k for k in range(1, 26) if decades(start + k / 100) >= -3)
alive_bias = start + fine / 100

# %% right: own product of Jacobians by autograd
def jacobian_reach(bias):
    lstm, inputs = lstm_of(my)
    H = lstm.hidden_size
    W, U = lstm.weight_ih_l0.detach(), lstm.weight_hh_l0.detach()
    b = torch.zeros(4 * H, dtype=torch.float64)
    b[H : 2 * H] = bias
    c = torch.zeros(H, dtype=torch.float64)
    h, total = torch.zeros(H, dtype=torch.float64), None
    for x in inputs[:, 0]:
        a = W @ x + U @ h + b
        i, f, g, o = a.chunk(4)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        U_i, U_f, U_g, U_o = U.chunk(4)
        M = (g * i * (1 - i))[:, None] * U_i + (c * f * (1 - f))[:, None] * U_f
        M = M + (i * (1 - g**2))[:, None] * U_g
        c = f * c + i * g
        squashed = c.tanh()
        slope = o * (1 - squashed**2)
        if total is None:  # h_1 follows c_1
            total = torch.cat([torch.diag(slope), torch.eye(H, dtype=torch.float64)])
        else:
            hh = slope[:, None] * M + (squashed * o * (1 - o))[:, None] * U_o
            top = torch.cat([hh, torch.diag(slope * f)], 1)
            total = torch.cat([top, torch.cat([M, torch.diag(f)], 1)]) @ total
        h = o * squashed
    return math.log10(total[H:].norm().item() / math.sqrt(H))


reach_at_1 = jacobian_reach(1)
low, high = 0.0, 4.0
while high - low > 0.008:
    middle = 0.5 * (low + high)
    low, high = (middle, high) if jacobian_reach(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: somebody else's numbers
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(checks.Personal("someone else"))
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: natural logarithm
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item()


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: the norm of h instead of c
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: the direct way only
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).gate_log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: both biases set, so twice the bias
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    H = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_ih_l0[H : 2 * H] = bias
        lstm.bias_hh_l0[H : 2 * H] = bias
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: the formula sigma(b)^99
reach_at_1 = 99 * math.log10(1 / (1 + math.exp(-1)))
alive_bias = -math.log(10 ** (3 / 99) - 1)

# %% wrong: reach at 0 instead of 1
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = size(0.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: the size itself, not its logarithm
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].exp().item()


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < 1e-3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: sign of the logarithm
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = -size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: reach right, threshold of a hundredth
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -2 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: half of the time, 50 steps
from rnnviz import flow


def size(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs[:50]).cell_log_norms[-1].item() / math.log(10)


reach_at_1 = size(1.0)
low, high = 0.0, 5.0
for _ in range(9):
    middle = (low + high) / 2
    low, high = (middle, high) if size(middle) < -3 else (low, middle)
alive_bias = (low + high) / 2

# %% wrong: texts
reach_at_1 = "-8.8"
alive_bias = "1.8"

# %% wrong: not a number
reach_at_1 = math.nan
alive_bias = math.nan

# %% wrong: the lesson's advice of 3
reach_at_1 = -1.5
alive_bias = 3.0

# %% wrong: one of the two is None
reach_at_1 = None
alive_bias = 2.0

# %% right: halved steps, and the gates printed for 5.7
from rnnviz import flow


def flow_at(bias):
    lstm, inputs = lstm_of(my)
    flow.set_gate_bias(lstm, bias)
    return flow.jacobian_flow(lstm, inputs)


reach_at_1 = flow_at(1.0).cell_log_norms[-1].item() / math.log(10)
alive_bias, width = 2.0, 1.0
while width > 0.004:
    alive = flow_at(alive_bias).cell_log_norms[-1] >= -3 * math.log(10)
    alive_bias += -width if alive else width
    width /= 2
print(flow_at(alive_bias).gate_log_norms[-1] / math.log(10))
