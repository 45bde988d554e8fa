# %% right: chunks, as torch stacks them
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    a = torch.nn.functional.linear(x, W_ih, b_ih) + torch.nn.functional.linear(h, W_hh, b_hh)
    i, f, g, o = a.chunk(4, dim=-1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h, over = torch.sigmoid(o) * torch.tanh(new_c), ended.unsqueeze(1)
    return torch.where(over, h, new_h), torch.where(over, c, new_c)

# %% right: one gate at a time by slices
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    H = h.shape[1]

    def gate(n):
        rows = slice(n * H, (n + 1) * H)
        return x @ W_ih[rows].T + h @ W_hh[rows].T + b_ih[rows] + b_hh[rows]

    i, f, o = (gate(n).sigmoid() for n in (0, 1, 3))
    new_c = f * c + i * gate(2).tanh()
    new_h = o * new_c.tanh()
    new_h[ended], new_c[ended] = h[ended], c[ended]
    return new_h, new_c

# %% right: row by row and unit by unit in Python
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    B, H = h.shape
    new_h, new_c = torch.empty_like(h), torch.empty_like(c)

    def sigma(a):
        return 0.5 * (1 + math.tanh(a / 2))

    for b in range(B):
        if ended[b]:
            new_h[b], new_c[b] = h[b], c[b]
            continue
        a = (W_ih @ x[b] + b_ih + W_hh @ h[b] + b_hh).tolist()
        for k in range(H):
            i, f, g, o = sigma(a[k]), sigma(a[H + k]), math.tanh(a[2 * H + k]), sigma(a[3 * H + k])
            value = f * c[b, k].item() + i * g
            new_c[b, k] = value
            new_h[b, k] = o * math.tanh(value)
    return new_h, new_c

# %% right: in place on an own copy, inputs and states side by side
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    a = torch.cat([x, h], dim=1) @ torch.cat([W_ih, W_hh], dim=1).T
    a += b_ih + b_hh
    a = a.view(len(x), 4, -1)
    kept = c.clone()
    kept *= a[:, 1].sigmoid()
    kept += a[:, 0].sigmoid() * a[:, 2].tanh()
    out = a[:, 3].sigmoid() * kept.tanh()
    return [torch.stack([old[b] if ended[b] else new[b] for b in range(len(x))])
            for old, new in ((h, out), (c, kept))]

# %% right: sigmoid as 1 / (1 + exp(-a)), which is safe
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    def sigma(a):
        return 1 / (1 + torch.exp(-a))

    a = torch.einsum("bd,gd->bg", x, W_ih) + torch.einsum("bk,gk->bg", h, W_hh) + b_ih + b_hh
    i, f, g, o = torch.split(a, h.shape[1], dim=1)
    goes = (~ended).double()[:, None]
    new_c = sigma(f) * c + sigma(i) * torch.tanh(g)
    new_h = sigma(o) * torch.tanh(new_c)
    return goes * new_h + (1 - goes) * h, goes * new_c + (1 - goes) * c

# %% wrong: sigmoid as exp(a) / (1 + exp(a)) overflows
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    def sigma(a):
        return torch.exp(a) / (1 + torch.exp(a))

    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = sigma(f) * c + sigma(i) * torch.tanh(g)
    news, over = (sigma(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: tanh written with exponentials overflows
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    def tanh(a):
        return (torch.exp(a) - torch.exp(-a)) / (torch.exp(a) + torch.exp(-a))

    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * tanh(g)
    news, over = (torch.sigmoid(o) * tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: order i, f, o, g
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, o, g = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: input and forget gate swapped
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    f, i, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: h from the old cell
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), new_c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: no tanh on the cell
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * c, c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: sigmoid on the candidate too
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).sigmoid().chunk(4, dim=1)
    c = f * c + i * g
    news, over = (o * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: second bias forgotten
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: returns c before h
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (c, h)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (c, torch.sigmoid(o) * torch.tanh(c)), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: changes the cell it was given
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    olds = (h, c.clone())
    c *= torch.sigmoid(f)
    c += torch.sigmoid(i) * torch.tanh(g)
    new_h, over = torch.sigmoid(o) * torch.tanh(c), ended[:, None]
    return torch.where(over, olds[0], new_h), torch.where(over, olds[1], c)

# %% wrong: coupled gates, 1 - f for the input gate
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    f = torch.sigmoid(f)
    c = f * c + (1 - f) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: chunks along the batch
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    a = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).reshape(4, len(x), -1)
    i, f, g, o = a
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: float32
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).float().chunk(4, dim=1)
    c = torch.sigmoid(f) * c.float() + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: sets the default dtype
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    torch.set_default_dtype(torch.float64)
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: untransposed weights
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    olds = (h, c)
    i, f, g, o = (x @ W_ih + b_ih + h @ W_hh + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    news, over = (torch.sigmoid(o) * torch.tanh(c), c), ended[:, None]
    return tuple(torch.where(over, old, new) for old, new in zip(olds, news))

# %% wrong: prints, returns nothing
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    print(torch.sigmoid(o) * torch.tanh(c), c)

# %% wrong: only the new h
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    return torch.sigmoid(o) * torch.tanh(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g))

# %% wrong: does not look at ended
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    return new_h, new_c

# %% wrong: ended the wrong way round
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    over = ended[:, None]
    return torch.where(over, new_h, h), torch.where(over, new_c, c)

# %% wrong: zeros where a sequence is over
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    goes = (~ended)[:, None]
    return goes * new_h, goes * new_c

# %% wrong: over: keeps c, not h
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    return new_h, torch.where(ended[:, None], c, new_c)

# %% wrong: over: h made from the kept c
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    new_c = torch.where(ended[:, None], c, new_c)
    return torch.sigmoid(o) * torch.tanh(new_c), new_c

# %% wrong: ended along the units
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    return torch.where(ended, h, new_h), torch.where(ended, c, new_c)

# %% wrong: stops the batch if any is over
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    new_h = torch.sigmoid(o) * torch.tanh(new_c)
    if ended.any():
        return h, c
    return new_h, new_c

# %% wrong: tanh by hand from exp(2a)
def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    def tanh(a):
        return (torch.exp(2 * a) - 1) / (torch.exp(2 * a) + 1)

    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    new_c = torch.sigmoid(f) * c + torch.sigmoid(i) * tanh(g)
    new_h = torch.sigmoid(o) * tanh(new_c)
    over = ended[:, None]
    return torch.where(over, h, new_h), torch.where(over, c, new_c)


# %% right: a module of one's own with requires_grad False
class Gates(nn.Module):
    def __init__(self, W_ih, W_hh, bias):
        super().__init__()
        self.ih, self.hh = nn.Parameter(W_ih, requires_grad=False), nn.Parameter(W_hh, False)
        self.register_buffer("bias", bias)

    def forward(self, x, h):
        return (x @ self.ih.T + h @ self.hh.T + self.bias).split(h.shape[1], dim=1)


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    i, f, g, o = Gates(W_ih, W_hh, b_ih + b_hh)(x, h)
    new_c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    new_h = o.sigmoid() * new_c.tanh()
    keep = ended.unsqueeze(1).expand_as(h)
    return new_h.masked_scatter(keep, h[ended]), new_c.masked_scatter(keep, c[ended])


# %% right: compared with nn.LSTMCell where that is allowed
cell = nn.LSTMCell(2, 3, dtype=torch.float64)


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh, ended):
    gates = torch.addmm(b_ih + b_hh, x, W_ih.t()) + h.mm(W_hh.t())
    i, f, g, o = torch.tensor_split(gates, 4, dim=1)
    c_new = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h_new = torch.sigmoid(o) * torch.tanh(c_new)
    mask = ended[:, None]
    return h_new.where(~mask, h), c_new.where(~mask, c)


x_, s_ = torch.randn(4, 2, dtype=torch.float64), torch.zeros(4, 3, dtype=torch.float64)
theirs = cell(x_, (s_, s_))
ours = lstm_step(x_, s_, s_, *(p.detach() for p in cell.parameters()), torch.zeros(4).bool())
assert torch.allclose(theirs[0], ours[0])
