# %% right: a call for h and one for c, the graph kept
def gradient_norms(step, inputs, h0, c0):
    hs, cs = [h0], [c0]
    for x in inputs:
        h, c = step(x, hs[-1], cs[-1])
        hs.append(h)
        cs.append(c)
    dh = torch.autograd.grad(hs[-1].sum(), hs[1:], retain_graph=True)
    dc = torch.autograd.grad(hs[-1].sum(), cs[1:])
    return torch.stack([g.norm(dim=1) for g in dh]), torch.stack([g.norm(dim=1) for g in dc])

# %% right: retain_grad, and backward into the states only
def gradient_norms(step, inputs, h0, c0):
    states, h, c = [], h0, c0
    for t in range(len(inputs)):
        h, c = step(inputs[t], h, c)
        h.retain_grad()
        c.retain_grad()
        states.append((h, c))
    torch.autograd.backward(h.sum(), inputs=[part for state in states for part in state])
    norms = [[part.grad.square().sum(1).sqrt().tolist() for part in state] for state in states]
    norms = torch.tensor(norms, dtype=torch.float64)
    return norms[:, 0], norms[:, 1]

# %% right: backwards one step at a time
def gradient_norms(step, inputs, h0, c0):
    hs, cs, before = [], [], []
    h, c = h0, c0
    for x in inputs:
        start = (h.detach().requires_grad_(), c.detach().requires_grad_())
        before.append(start)
        h, c = step(x, *start)
        hs.append(h)
        cs.append(c)
    dh, dc = torch.ones_like(h), torch.zeros_like(c)  # dc: what arrives by c alone
    h_norms, c_norms = [], []
    for t in range(len(hs) - 1, -1, -1):
        wanted = [hs[t], cs[t], *before[t]]
        parts = torch.autograd.grad((hs[t] * dh).sum() + (cs[t] * dc).sum(), wanted)
        h_norms.append(dh.norm(dim=1))
        c_norms.append(parts[1].norm(dim=1))
        dh, dc = parts[2], parts[3]
    return torch.stack(h_norms[::-1]), torch.stack(c_norms[::-1])

# %% right: one call of autograd for every step
def gradient_norms(step, inputs, h0, c0):
    pairs, pair = [], (h0, c0)
    for x in inputs:
        pair = step(x, pair[0], pair[1])
        pairs.append(pair)
    s = pairs[-1][0].sum()
    found = [torch.autograd.grad(s, pair, retain_graph=True) for pair in pairs]
    return [torch.stack([torch.linalg.vector_norm(g[n], dim=1) for g in found]) for n in (0, 1)]

# %% right: each sequence alone
def gradient_norms(step, inputs, h0, c0):
    columns = []
    for b in range(inputs.shape[1]):
        one, states = slice(b, b + 1), []
        h, c = h0[one], c0[one]
        for x in inputs[:, one]:
            h, c = step(x, h, c)
            states += [h, c]
        found = torch.autograd.grad(h.sum(), states)
        columns.append(torch.stack([g.flatten().norm() for g in found]))
    norms = torch.stack(columns, dim=1)
    return norms[0::2], norms[1::2]

# %% wrong: backward leaves .grad on the weights
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        h.retain_grad()
        c.retain_grad()
        hs.append(h)
        cs.append(c)
    h.sum().backward()
    return torch.stack([h.grad.norm(dim=1) for h in hs]), torch.stack([c.grad.norm(dim=1) for c in cs])

# %% wrong: the way of c through h is missing
def gradient_norms(step, inputs, h0, c0):
    hs, cs, before = [], [], []
    h, c = h0, c0
    for x in inputs:
        before.append((h.detach().requires_grad_(), c.detach().requires_grad_()))
        h, c = step(x, *before[-1])
        hs.append(h)
        cs.append(c)
    dh, dc = torch.ones_like(h), torch.zeros_like(c)
    h_norms, c_norms = [], []
    for t in range(len(hs) - 1, -1, -1):
        h_norms.append(dh.norm(dim=1))
        c_norms.append(dc.norm(dim=1))
        dh, dc = torch.autograd.grad((hs[t] * dh).sum() + (cs[t] * dc).sum(), before[t])
    return torch.stack(h_norms[::-1]), torch.stack(c_norms[::-1])

# %% wrong: copies that the next step does not read
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h.clone())
        cs.append(c.clone())
    found = torch.autograd.grad(hs[-1].sum(), hs + cs, allow_unused=True)
    norms = [torch.zeros(len(h0)).double() if g is None else g.norm(dim=1) for g in found]
    return torch.stack(norms[: len(hs)]), torch.stack(norms[len(hs) :])

# %% wrong: detached between the steps
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h.detach(), c.detach())
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(hs[-1].sum(), hs + cs, allow_unused=True)
    norms = [torch.zeros(len(h0)).double() if g is None else g.norm(dim=1) for g in found]
    return torch.stack(norms[: len(hs)]), torch.stack(norms[len(hs) :])

# %% wrong: starts one step early, h_0 is in and h_T is not
def gradient_norms(step, inputs, h0, c0):
    hs, cs = [h0.requires_grad_()], [c0.requires_grad_()]
    for x in inputs:
        h, c = step(x, hs[-1], cs[-1])
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(hs[-1].sum(), hs[:-1] + cs[:-1])
    norms = torch.stack([g.norm(dim=1) for g in found])
    return norms[: len(inputs)], norms[len(inputs) :]

# %% wrong: T + 1 entries
def gradient_norms(step, inputs, h0, c0):
    hs, cs = [h0.requires_grad_()], [c0.requires_grad_()]
    for x in inputs:
        h, c = step(x, hs[-1], cs[-1])
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(hs[-1].sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: s is the sum of all h, not of the last
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(torch.stack(hs).sum(), hs + cs)
    norms = torch.stack([g.norm(dim=1) for g in found])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: s is the sum of the last c
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(c.sum(), hs + cs, allow_unused=True)
    norms = [torch.zeros(len(h0)).double() if g is None else g.norm(dim=1) for g in found]
    return torch.stack(norms[: len(hs)]), torch.stack(norms[len(hs) :])

# %% wrong: mean instead of sum
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(h.mean(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: the cell starts from zero
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, torch.zeros_like(c0), [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: by lag, the last step first
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)].flip(0), norms[len(hs) :].flip(0)

# %% wrong: c before h in the result
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[len(hs) :], norms[: len(hs)]

# %% wrong: largest entry instead of the norm
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.abs().amax(dim=1) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: norm of the first row of the batch only
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g[0].norm().expand(len(g)) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: the new h goes with the old c
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, _ = step(x, h, c)
        _, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(h.sum(), hs + cs, allow_unused=True)
    norms = [torch.zeros(len(h0)).double() if g is None else g.norm(dim=1) for g in found]
    return torch.stack(norms[: len(hs)]), torch.stack(norms[len(hs) :])

# %% wrong: float32 norms
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.tensor([g.norm(dim=1).tolist() for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: states taken without a graph
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    with torch.no_grad():
        for x in inputs:
            h, c = step(x, h, c)
            hs.append(h)
            cs.append(c)
    norms = torch.stack([g.norm(dim=1) for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: norm over the batch too
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    norms = torch.stack([g.norm() for g in torch.autograd.grad(h.sum(), hs + cs)])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: whole batch's norm in every column
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(h.sum(), hs + cs)
    norms = torch.stack([g.norm().expand(len(h0)) for g in found])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: norm over the sequences, not the units
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(h.sum(), hs + cs)
    norms = torch.stack([g.norm(dim=0) for g in found])
    return norms[: len(hs)], norms[len(hs) :]

# %% wrong: two calls of autograd, the graph gone after the first
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    s = h.sum()
    dh, dc = torch.autograd.grad(s, hs), torch.autograd.grad(s, cs)
    return torch.stack([g.norm(dim=1) for g in dh]), torch.stack([g.norm(dim=1) for g in dc])

# %% wrong: norms divided by the root of H
def gradient_norms(step, inputs, h0, c0):
    h, c, hs, cs = h0, c0, [], []
    for x in inputs:
        h, c = step(x, h, c)
        hs.append(h)
        cs.append(c)
    found = torch.autograd.grad(h.sum(), hs + cs)
    norms = torch.stack([g.square().mean(1).sqrt() for g in found])
    return norms[: len(hs)], norms[len(hs) :]


# %% right: hooks that keep what passes, tensors named grad
def gradient_norms(step, inputs, h0, c0):
    h, c, kept = h0, c0, {"h": [], "c": []}
    with torch.enable_grad():
        for x in inputs:
            h, c = step(x, h, c)
            kept["h"].append(h)
            kept["c"].append(c)
        grads = torch.autograd.grad(h.sum(), [*kept["h"], *kept["c"]])
    grad_h, grad_c = grads[: len(inputs)], grads[len(inputs) :]
    return tuple(torch.stack([grad.norm(dim=-1) for grad in some]) for some in (grad_h, grad_c))
