# %% right: rnnviz for the norms and the products
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()


# %% right: rnnviz, and the states moved by one for the slip
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
steps = bptt.step_jacobians(W_R, states)
early = bptt.step_jacobians(W_R, torch.cat([states[:1], states[:-1]]))
logs = bptt.lag_log_norms(steps)
lag_lost = min(lag for lag in range(T + 1) if logs[lag] < -6 * math.log(10))
decades = logs[T] / math.log(10)
P, slip = bptt.jacobian_product(steps, T, 0), bptt.jacobian_product(early, T, 0)
relative_error = torch.linalg.matrix_norm(slip - P) / torch.linalg.matrix_norm(P)


# %% right: own products, built up from the last step, answers rounded
W_I, W_R, W_O, inputs, h0, target = my_network()
h = run(W_I, W_R, inputs, h0)
T = len(inputs)
lag_lost, P = None, torch.eye(24, dtype=torch.float64)
for lag in range(1, T + 1):
    k = T - lag
    P = P @ torch.diag(1 - h[k + 1] ** 2) @ W_R
    if lag_lost is None and torch.linalg.matrix_norm(P, 2) < 1e-6:
        lag_lost = lag
P_printed = torch.eye(24, dtype=torch.float64)
for k in range(T):
    P_printed = torch.diag(1 - h[k] ** 2) @ W_R @ P_printed
decades = round(math.log10(torch.linalg.matrix_norm(P, 2)), 2)
error = torch.linalg.matrix_norm(P_printed - P) / torch.linalg.matrix_norm(P)
relative_error = float(f"{error:.3g}")


# %% right: functions as in 2.1 and 2.2, singular values, tensors of one number
def jac(W, h):
    return (1 - h**2)[:, None] * W


def prod(J, t, i):
    M = torch.eye(24, dtype=torch.float64)
    for k in range(i, t):
        M = J[k] @ M
    return M


W_I, W_R, W_O, inputs, h0, target = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
J = torch.stack([jac(W_R, h) for h in states[1:]])
J_printed = torch.stack([jac(W_R, h) for h in states[:T]])
lag_lost = 0
while torch.linalg.svdvals(prod(J, T, T - lag_lost)).max() >= 1e-6:
    lag_lost += 1
decades = torch.log10(torch.linalg.svdvals(prod(J, T, 0))[0])
difference = prod(J_printed, T, 0) - prod(J, T, 0)
relative_error = difference.pow(2).sum().sqrt() / prod(J, T, 0).pow(2).sum().sqrt()


# %% right: autograd for the right product, lag as a float
W_I, W_R, W_O, inputs, h0, target = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)


def tail(start):
    f = lambda h: run(W_I, W_R, inputs[start:], h)[-1]
    return torch.autograd.functional.jacobian(f, states[start])


lag_lost = 0.0
while lag_lost == 0 or torch.linalg.matrix_norm(tail(T - int(lag_lost)), 2) > 1e-6:
    lag_lost += 1
true = tail(0)
decades = torch.linalg.matrix_norm(true, 2).log10().item()
printed = torch.eye(24, dtype=torch.float64)
for h in states[:-1]:
    printed = (1 - h * h).diag() @ W_R @ printed
relative_error = ((printed - true).norm() / true.norm()).item()


# %% wrong: another student's network
my_own, my = my, checks.Personal("someone else")
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
my = my_own


# %% wrong: guessed, not measured
lag_lost, decades, relative_error = 100, -6.0, 0.5


# %% wrong: lag one too small, the last one above the level
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = lag_lost - 1


# %% wrong: lag one too large
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = lag_lost + 1


# %% wrong: the time T - lag in place of the lag
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = T - lag_lost


# %% wrong: level 1e-5
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = int((logs < -5).nonzero()[0])


# %% wrong: natural logarithm
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = decades * math.log(10)


# %% wrong: natural logarithm compared with the level
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = int((logs * math.log(10) < -6).nonzero()[0])


# %% wrong: both straight from lag_log_norms, as if it were to base 10
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states))
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()


# %% wrong: the norm itself, not its logarithm
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = 10**decades


# %% wrong: sign of the decades turned round
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = -decades


# %% wrong: decades a step
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = decades / T


# %% wrong: in per cent
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
relative_error = 100 * relative_error


# %% wrong: spectral norm for the relative error
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
relative_error = (torch.linalg.matrix_norm(P2 - P, 2) / torch.linalg.matrix_norm(P, 2)).item()


# %% wrong: ratio of the norms only
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
relative_error = abs(P2.norm() / P.norm() - 1).item()


# %% wrong: largest entry of the difference
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
relative_error = (P2 - P).abs().max().item()


# %% wrong: one step only
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

J, J2 = (1 - states[1:] ** 2)[:, :, None] * W_R, (1 - states[:-1] ** 2)[:, :, None] * W_R
relative_error = ((J2[-1] - J[-1]).norm() / J[-1].norm()).item()


# %% wrong: product in the other order
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

J = bptt.step_jacobians(W_R, states).flip(0)
P = bptt.jacobian_product(J, T, 0)
decades = math.log10(torch.linalg.matrix_norm(P, 2))
relative_error = ((P2 - P).norm() / P.norm()).item()


# %% wrong: W_R alone, the slopes forgotten
W_I, W_R, _, inputs, h0, _ = my_network()
T = len(inputs)
lag_lost = 120
decades = T * math.log10(torch.linalg.matrix_norm(W_R, 2))
relative_error = 0.0


# %% wrong: Frobenius norm divided by the root of H
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

decades = math.log10(P.norm() / 24**0.5)


# %% wrong: error relative to the printed product
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

relative_error = ((P2 - P).norm() / P2.norm()).item()


# %% wrong: slopes taken one state late in place of one early
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

late = torch.cat([states[2:], states[-1:]])
P2 = bptt.jacobian_product((1 - late**2)[:, :, None] * W_R, T, 0)
relative_error = ((P2 - P).norm() / P.norm()).item()


# %% wrong: NaN for the decades
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = float("nan")


# %% wrong: minus infinity
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = -math.inf


# %% wrong: numbers as text
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
decades = f"{decades:.2f}"


# %% wrong: lag as None
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = None


# %% wrong: a list of lags
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = (logs < -6).nonzero().flatten().tolist()


# %% wrong: the lag not whole, interpolated
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()
lag_lost = lag_lost - 0.4


# %% wrong: the loss' gradient norm in place of the product
from rnnviz import bptt

W_I, W_R, _, inputs, h0, _ = my_network()
states = run(W_I, W_R, inputs, h0)
T = len(inputs)
logs = bptt.lag_log_norms(bptt.step_jacobians(W_R, states)) / math.log(10)
P = bptt.jacobian_product(bptt.step_jacobians(W_R, states), T, 0)
P2 = bptt.jacobian_product((1 - states[:-1] ** 2)[:, :, None] * W_R, T, 0)
lag_lost = int((logs < -6).nonzero()[0])
decades = logs[T].item()
relative_error = ((P2 - P).norm() / P.norm()).item()

W_I, W_R, W_O, inputs, h0, target = my_network()
terms = bptt.gradient_terms(W_I, W_R, W_O, inputs, h0, lambda y: 0.5 * ((y - target) ** 2).sum())
decades = math.log10(terms.sum(0).norm())
