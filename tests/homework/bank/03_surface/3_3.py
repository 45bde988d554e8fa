# %% right: where
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, x0 - w * s, torch.full_like(w, float("nan")))

# %% right: filled in by a mask
def wall(w, x0):
    result = torch.full_like(w, torch.nan)
    unstable = w * torch.sigmoid(x0) * torch.sigmoid(-x0) > 1
    result[unstable] = x0[unstable] - w[unstable] * torch.sigmoid(x0[unstable])
    return result

# %% right: number by number
import math


def wall(w, x0):
    values = []
    for a, x in zip(w.flatten().tolist(), x0.flatten().tolist()):
        s = 1 / (1 + math.exp(-x))
        values.append(x - a * s if a * s * (1 - s) > 1 else math.nan)
    return torch.tensor(values, dtype=torch.float64).view(w.shape)

# %% right: slope from tanh, NaN by filling
def wall(w, x0):
    half = torch.tanh(x0 / 2)
    b = x0 - w * (1 + half) / 2
    return b.masked_fill(~(w * (1 - half**2) / 4 > 1), float("nan"))

# %% wrong: no look at the slope
def wall(w, x0):
    return x0 - w * torch.sigmoid(x0)

# %% wrong: sign
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, w * s - x0, torch.nan)

# %% wrong: the state instead of its sigmoid
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, x0 - w * x0, torch.nan)

# %% wrong: bound for x0 = 0.5 used for every x0
def wall(w, x0):
    return torch.where(w > 4.2553, x0 - w * torch.sigmoid(x0), torch.nan)

# %% wrong: exists where the network is bistable
def wall(w, x0):
    return torch.where(w > 4, x0 - w * torch.sigmoid(x0), torch.nan)

# %% wrong: x0 fixed at 0.5
def wall(w, x0):
    s = torch.sigmoid(torch.tensor(0.5, dtype=torch.float64))
    return torch.where(w * s * (1 - s) > 1, 0.5 - w * s, torch.nan)

# %% wrong: slope without w
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(s * (1 - s) > 1, x0 - w * s, torch.nan)

# %% wrong: size of the slope, so that a negative w counts
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where((w * s * (1 - s)).abs() > 1, x0 - w * s, torch.nan)

# %% wrong: stable instead of unstable
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) < 1, x0 - w * s, torch.nan)

# %% wrong: 0 where there is none
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, x0 - w * s, 0.0)

# %% wrong: raises where there is none
def wall(w, x0):
    s = torch.sigmoid(x0)
    if not (w * s * (1 - s) > 1).all():
        raise ValueError("no wall")
    return x0 - w * s

# %% wrong: leaves out the entries without a wall
def wall(w, x0):
    s = torch.sigmoid(x0)
    return (x0 - w * s)[w * s * (1 - s) > 1]

# %% wrong: the left fold
def wall(w, x0):
    s0 = torch.sigmoid(x0)
    s = (1 + torch.sqrt((1 - 4 / w).clamp(min=0))) / 2
    return torch.where(w * s0 * (1 - s0) > 1, torch.log(s / (1 - s)) - w * s, torch.nan)

# %% wrong: slope of the state instead of w σ'
def wall(w, x0):
    return torch.where(w * x0 * (1 - x0) > 1, x0 - w * torch.sigmoid(x0), torch.nan)

# %% wrong: σ' where σ belongs
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, x0 - w * s * (1 - s), torch.nan)

# %% wrong: rounded to three decimals
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, torch.round(x0 - w * s, decimals=3), torch.nan)

# %% wrong: float32
def wall(w, x0):
    s = torch.sigmoid(x0.float())
    return torch.where(w.float() * s * (1 - s) > 1, x0.float() - w.float() * s, torch.nan)

# %% wrong: a list
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where(w * s * (1 - s) > 1, x0 - w * s, torch.nan).tolist()

# %% wrong: needs a dimension, fails on a single number
def wall(w, x0):
    values = []
    for a, x in zip(w, x0):
        s = torch.sigmoid(x)
        values.append(x - a * s if a * s * (1 - s) > 1 else x * torch.nan)
    return torch.stack(values)

# %% wrong: w set to NaN in place
def wall(w, x0):
    s = torch.sigmoid(x0)
    w[w * s * (1 - s) <= 1] = torch.nan
    return x0 - w * s

# %% wrong: prints and returns nothing
def wall(w, x0):
    s = torch.sigmoid(x0)
    print(torch.where(w * s * (1 - s) > 1, x0 - w * s, torch.nan))

# %% wrong: the lesson's numbers for w = 5 and x0 = 0.5 as the condition
def wall(w, x0):
    exists = (w > 4.26) & (x0.abs() < 0.96)
    return torch.where(exists, x0 - w * torch.sigmoid(x0), torch.nan)

# %% wrong: between the turning points for w = 5
def wall(w, x0):
    s = torch.sigmoid(x0)
    return torch.where((w > 4) & (x0.abs() < 0.9624), x0 - w * s, torch.nan)


# %% right: slope by autograd, which is not forbidden here
def wall(w, x0):
    with torch.enable_grad():
        x = x0.clone().requires_grad_(True)
        s = torch.sigmoid(x)
        (slope,) = torch.autograd.grad(s.sum(), x)
    s = s.detach()
    return torch.where(w * slope > 1, x0 - w * s, torch.nan)
