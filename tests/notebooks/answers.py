# %% 0.1 right
learned = {lag: count_learned(train(lag)[1]) for lag in (15, 20, 30, 50)}
# %% 0.1 wrong: made up
learned = {15: 8, 20: 6, 30: 3, 50: 0}
# %% 0.1 wrong: of another number of updates
learned = {lag: count_learned(train(lag, updates=30)[1]) for lag in (15, 20, 30, 50)}
# %% 0.1 wrong: one is missing
learned = {15: count_learned(train(15)[1]), 20: None, 30: None, 50: 0}
# %% 0.2 right
low, high = 1.8, 1.88
# %% 0.2 wrong: not at the ends
low, high = 1.83, 1.84
# %% 0.2 wrong: turned round
low, high = 1.88, 1.8
# %% 0.2 wrong: too wide
low, high = 1.5, 2.9
# %% 1.1 right
smallest_factor = 0.9978
# %% 1.1 wrong: rounded down
smallest_factor = 0.9977
# %% 1.1 wrong: rounded too far
smallest_factor = 0.998
# %% 1.1 wrong: more decimals
smallest_factor = 0.1 ** (1 / 1000)
# %% 1.2 right
smallest_c = 0.19
# %% 1.2 wrong: where one entry exceeds 1
smallest_c = 1.0
# %% 1.2 wrong: the gap
smallest_c = 0.1
# %% 1.2 wrong: a large step
smallest_c = 0.25
# %% 1.3 right
def my_powers(M, steps):
    power, norms = torch.eye(len(M), dtype=M.dtype), []
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, 2).item())
        power = M @ power
    return norms
# %% 1.3 right
def my_powers(M, steps):
    powers = [torch.eye(len(M)).to(M)]
    while len(powers) <= steps:
        powers.append(powers[-1] @ M)
    return [torch.linalg.svdvals(power)[0] for power in powers]
# %% 1.3 wrong: by rnnviz
def my_powers(M, steps):
    return growth.matrix_growth(M, steps).norms.tolist()
# %% 1.3 wrong: without k = 0
def my_powers(M, steps):
    power, norms = torch.eye(len(M), dtype=M.dtype), []
    for _ in range(steps + 1):
        power = M @ power
        norms.append(torch.linalg.matrix_norm(power, 2).item())
    return norms
# %% 1.3 wrong: powers of the norm
def my_powers(M, steps):
    return [torch.linalg.matrix_norm(M, 2).item() ** k for k in range(steps + 1)]
# %% 1.3 wrong: another norm
def my_powers(M, steps):
    return [torch.linalg.matrix_power(M, k).norm().item() for k in range(steps + 1)]
# %% 2.1 right
def sigmoid_step_jacobian(W_R, states, k):
    h = states[k + 1]
    return (h * (1 - h))[:, None] * W_R
# %% 2.1 right
def sigmoid_step_jacobian(W_R, states, k):
    return torch.diag(states[k + 1] - states[k + 1] ** 2) @ W_R
# %% 2.1 wrong: the state before
def sigmoid_step_jacobian(W_R, states, k):
    return (states[k] * (1 - states[k]))[:, None] * W_R
# %% 2.1 wrong: the slope of tanh
def sigmoid_step_jacobian(W_R, states, k):
    return (1 - states[k + 1] ** 2)[:, None] * W_R
# %% 2.1 wrong: slopes by columns
def sigmoid_step_jacobian(W_R, states, k):
    return W_R * (states[k + 1] * (1 - states[k + 1]))
# %% 2.2 right
def fast_terms(W_R, W_O, states, dE_dy):
    delta, found = W_O.T @ dE_dy, []
    for h, before in zip(states[1:].flip(0), states[:-1].flip(0)):
        through = delta * (1 - h**2)
        found.append(through[:, None] * before)
        delta = W_R.T @ through
    return torch.stack(found[::-1])
# %% 2.2 right
def fast_terms(W_R, W_O, states, dE_dy):
    T = len(states) - 1
    out, row = torch.zeros(T, *W_R.shape, dtype=W_R.dtype), dE_dy @ W_O
    for i in range(T, 0, -1):
        out[i - 1] = torch.outer(row * (1 - states[i] * states[i]), states[i - 1])
        row = (row * (1 - states[i] * states[i])) @ W_R
    return out
# %% 2.2 wrong: by rnnviz
def fast_terms(W_R, W_O, states, dE_dy):
    return bptt.gradient_terms(W_I, W_R, W_O, inputs, h0, loss)
# %% 2.2 wrong: by the slow one
def fast_terms(W_R, W_O, states, dE_dy):
    return terms(W_R, W_O, states, 1 - states**2, dE_dy)
# %% 2.2 wrong: not turned back
def fast_terms(W_R, W_O, states, dE_dy):
    delta, found = W_O.T @ dE_dy, []
    for h, before in zip(states[1:].flip(0), states[:-1].flip(0)):
        through = delta * (1 - h**2)
        found.append(through[:, None] * before)
        delta = W_R.T @ through
    return torch.stack(found)
# %% 2.2 wrong: W_R for its transpose
def fast_terms(W_R, W_O, states, dE_dy):
    delta, found = W_O.T @ dE_dy, []
    for h, before in zip(states[1:].flip(0), states[:-1].flip(0)):
        through = delta * (1 - h**2)
        found.append(through[:, None] * before)
        delta = W_R @ through
    return torch.stack(found[::-1])
# %% 2.3 right
my_radius = 1.8
# %% 2.3 wrong: as it stands
my_radius = 1.0
# %% 2.3 wrong: below zero
my_radius = -1.9
# %% 2.3 wrong: it explodes
my_radius = 2.5
# %% 3.1 right
my_w = 4.48
# %% 3.1 wrong: inside the window
my_w = 4.6
# %% 3.1 wrong: as it stands
my_w = 5.0
# %% 3.1 wrong: too far
my_w = 3.9
# %% 3.2 right
def gradient_of_v(w, b, v, u, x0=0.5, steps=50):
    x, dv = torch.tensor(x0, dtype=w.dtype), 0.0
    for _ in range(steps):
        h = torch.sigmoid(x)
        x, dv = w * h + b + v * u, w * h * (1 - h) * dv + u
    h = torch.sigmoid(x)
    return 2 * (h - 0.7) * h * (1 - h) * dv
# %% 3.2 right
def gradient_of_v(w, b, v, u, x0=0.5, steps=50):
    w, b, v, u = (float(one) for one in (w, b, v, u))
    x, dv = x0, 0.0
    for _ in range(steps):
        h = 1 / (1 + 2.718281828459045**-x)
        x, dv = w * h + b + v * u, w * h * (1 - h) * dv + u
    h = 1 / (1 + 2.718281828459045**-x)
    return 2 * (h - 0.7) * h * (1 - h) * dv
# %% 3.2 wrong: without what comes through the state
def gradient_of_v(w, b, v, u, x0=0.5, steps=50):
    x = torch.tensor(x0, dtype=w.dtype)
    for _ in range(steps):
        x = w * torch.sigmoid(x) + b + v * u
    h = torch.sigmoid(x)
    return 2 * (h - 0.7) * h * (1 - h) * u
# %% 3.2 wrong: of b
def gradient_of_v(w, b, v, u, x0=0.5, steps=50):
    x, db = torch.tensor(x0, dtype=w.dtype), 0.0
    for _ in range(steps):
        h = torch.sigmoid(x)
        x, db = w * h + b + v * u, w * h * (1 - h) * db + 1
    h = torch.sigmoid(x)
    return 2 * (h - 0.7) * h * (1 - h) * db
# %% 3.2 wrong: without the last slope
def gradient_of_v(w, b, v, u, x0=0.5, steps=50):
    x, dv = torch.tensor(x0, dtype=w.dtype), 0.0
    for _ in range(steps):
        h = torch.sigmoid(x)
        x, dv = w * h + b + v * u, w * h * (1 - h) * dv + u
    return 2 * (torch.sigmoid(x) - 0.7) * dv
# %% 3.3 right
epsilon = {50: 8.7e-4, 100: 8e-6}
# %% 3.3 wrong: as they stand
epsilon = {50: 0.1, 100: 0.1}
# %% 3.3 wrong: by the factor of the steepest place
epsilon = {50: 8.7e-4, 100: 8.7e-4 / 3200}
# %% 3.3 wrong: below the wall
epsilon = {50: -8.7e-4, 100: -8e-6}
# %% 4.1 right
def look_and_clip(model, threshold):
    gradients = [p.grad for p in model.parameters()]
    norms = [g.norm().item() for g in gradients]
    total = sum(n * n for n in norms) ** 0.5
    if total >= threshold:
        for g in gradients:
            g.mul_(threshold / total)
    return norms
# %% 4.1 right
def look_and_clip(model, threshold):
    norms = [p.grad.norm() for p in model.parameters()]
    clipped, _ = clip_by_norm([p.grad for p in model.parameters()], threshold)
    for p, g in zip(model.parameters(), clipped):
        p.grad.copy_(g)
    return norms
# %% 4.1 wrong: by PyTorch's own
def look_and_clip(model, threshold):
    norms = [p.grad.norm().item() for p in model.parameters()]
    clip_grad_norm_(model.parameters(), threshold)
    return norms
# %% 4.1 wrong: not in place
def look_and_clip(model, threshold):
    norms = [p.grad.norm().item() for p in model.parameters()]
    clipped, _ = clip_by_norm([p.grad for p in model.parameters()], threshold)
    for p, g in zip(model.parameters(), clipped):
        p.grad = g
    return norms
# %% 4.1 wrong: each by itself
def look_and_clip(model, threshold):
    norms = [p.grad.norm().item() for p in model.parameters()]
    for p, n in zip(model.parameters(), norms):
        if n >= threshold:
            p.grad.mul_(threshold / n)
    return norms
# %% 4.1 wrong: norms after clipping
def look_and_clip(model, threshold):
    gradients = [p.grad for p in model.parameters()]
    total = sum(g.square().sum() for g in gradients).sqrt()
    if total >= threshold:
        for g in gradients:
            g.mul_(threshold / total)
    return [g.norm().item() for g in gradients]
# %% 4.2 right
my_threshold = 16.0
# %% 4.2 wrong: without the rate
my_threshold = 0.8
# %% 4.2 wrong: times the rate
my_threshold = 0.04
# %% 4.2 wrong: not clipped
my_threshold = 500.0
# %% 4.3 right
my_threshold = 3.0
# %% 4.3 wrong: in both
my_threshold = 10.0
# %% 4.3 wrong: in neither
my_threshold = 500.0
# %% 4.3 wrong: as it stands
my_threshold = 0.0
# %% 5.1 right
my_bias = 2.5
# %% 5.1 wrong: the default
my_bias = 0.0
# %% 5.1 wrong: too small
my_bias = 1.0
# %% 5.1 wrong: the estimate
my_bias = 3.8
# %% 5.2 right
def gru_jacobian(cell, x, h):
    W_r, W_z, W_n = cell.weight_ih.chunk(3)
    U_r, U_z, U_n = cell.weight_hh.chunk(3)
    b_r, b_z, b_n = cell.bias_ih.chunk(3)
    c_r, c_z, c_n = cell.bias_hh.chunk(3)
    r = torch.sigmoid(W_r @ x + b_r + U_r @ h + c_r)
    z = torch.sigmoid(W_z @ x + b_z + U_z @ h + c_z)
    inner = U_n @ h + c_n
    n = torch.tanh(W_n @ x + b_n + r * inner)
    dr, dz = (r * (1 - r))[:, None] * U_r, (z * (1 - z))[:, None] * U_z
    dn = (1 - n**2)[:, None] * (inner[:, None] * dr + r[:, None] * U_n)
    return (1 - z)[:, None] * dn + (h - n)[:, None] * dz + torch.diag(z)
# %% 5.2 wrong: by autograd
def gru_jacobian(cell, x, h):
    return torch.autograd.functional.jacobian(lambda h: cell(x, h), h)
# %% 5.2 wrong: by torch.func
def gru_jacobian(cell, x, h):
    return torch.func.jacrev(lambda h: cell(x, h))(h)
# %% 5.2 wrong: the direct way alone
def gru_jacobian(cell, x, h):
    r, z, n = cell.weight_ih.chunk(3)
    z = torch.sigmoid(z @ x + cell.bias_ih.chunk(3)[1] + cell.weight_hh.chunk(3)[1] @ h)
    return torch.diag(z)
# %% 5.2 wrong: nothing
def gru_jacobian(cell, x, h):
    return torch.zeros(len(h), len(h), dtype=h.dtype)
# %% 5.3 right
my_alpha = 0.05
# %% 5.3 wrong: as it stands
my_alpha = 1.0
# %% 5.3 wrong: too large
my_alpha = 0.5
# %% 5.3 wrong: too small
my_alpha = 0.01
