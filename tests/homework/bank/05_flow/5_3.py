# %% right: cumulative sum of logarithms, log-sum-exp over the units
def direct_path(forget):
    ln = torch.cumsum(torch.log(torch.flip(forget, dims=[0])), dim=0)
    ln = torch.roll(ln, 1, dims=0)
    ln[0] = 0
    return 0.5 * (torch.logsumexp(2 * ln, dim=2) - math.log(forget.shape[2])) / math.log(10)

# %% right: a loop that takes out the largest entry
def direct_path(forget):
    T, B, H = forget.shape
    product, taken, rows = forget.new_ones(B, H), forget.new_zeros(B), []
    for k in range(T - 1, -1, -1):
        rows.append(taken + torch.log10(product.norm(dim=1) / math.sqrt(H)))
        product = product * forget[k]
        largest = product.amax(dim=1)
        product, taken = product / largest[:, None], taken + largest.log10()
    return torch.stack(rows)

# %% right: numbers, one at a time
def direct_path(forget):
    T, B, H = forget.shape
    result = torch.zeros(T, B, dtype=torch.float64)
    for b in range(B):
        logs = [0.0] * H
        for lag in range(1, T):
            logs = [old + math.log10(f) for old, f in zip(logs, forget[T - lag, b].tolist())]
            top = max(logs)
            square = sum(100 ** (value - top) for value in logs) / H
            result[lag, b] = top + 0.5 * math.log10(square)
    return result

# %% right: total minus what comes before, in logarithms
def direct_path(forget):
    T, _, H = forget.shape
    log10 = forget.log10()
    later = log10.sum(dim=0, keepdim=True) - log10.cumsum(dim=0)
    later = later[range(T - 1, -1, -1)]
    top = later.max(dim=-1, keepdim=True).values
    size = ((10 ** (later - top)) ** 2).mean(dim=-1).sqrt()
    return top[..., 0] + size.log10()

# %% wrong: product first, which underflows
def direct_path(forget):
    product = forget.flip(0).cumprod(0)
    product = torch.cat([torch.ones_like(product[:1]), product[:-1]])
    return product.square().mean(-1).sqrt().log10()

# %% wrong: underflow hidden by a smallest value
def direct_path(forget):
    product = forget.flip(0).cumprod(0)
    product = torch.cat([torch.ones_like(product[:1]), product[:-1]])
    return product.square().mean(-1).sqrt().clamp_min(1e-300).log10()

# %% wrong: forward order
def direct_path(forget):
    logs = forget.log().cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: one step too early, lag 0 has a factor
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: by step instead of by lag
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]]).flip(0)
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: natural logarithm
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2

# %% wrong: not divided by the root of H
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return torch.logsumexp(2 * logs, -1) / 2 / math.log(10)

# %% wrong: divided by H instead of its root
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) / 2 - math.log(forget.shape[-1])) / math.log(10)

# %% wrong: mean of the logarithms over the units
def direct_path(forget):
    logs = forget.log10().flip(0).cumsum(0)
    return torch.cat([torch.zeros_like(logs[:1]), logs[:-1]]).mean(-1)

# %% wrong: mean instead of the root of the mean square
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(logs, -1) - math.log(forget.shape[-1])) / math.log(10)

# %% wrong: mean gate to the power of the lag
def direct_path(forget):
    lag = torch.arange(len(forget), dtype=torch.float64)[:, None]
    return lag * forget.mean(dim=(0, 2)).log10()

# %% wrong: batch averaged away
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    size = (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)
    return size.mean(dim=1)

# %% wrong: float32 result
def direct_path(forget):
    logs = forget.float().log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: takes the logarithm in place
def direct_path(forget):
    logs = forget.log_().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: turns gradients off for good
def direct_path(forget):
    torch.set_grad_enabled(False)
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)

# %% wrong: a list instead of a tensor
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    size = (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)
    return size.tolist()

# %% wrong: log10 handed to logsumexp
def direct_path(forget):
    logs = forget.log10().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    return (torch.logsumexp(2 * logs, -1) - math.log10(forget.shape[-1])) / 2

# %% wrong: first sequence in every column
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    size = (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)
    return size[:, :1].repeat(1, forget.shape[1])

# %% wrong: sequences and units mixed in the sum
def direct_path(forget):
    logs = forget.log().flip(0).cumsum(0)
    logs = torch.cat([torch.zeros_like(logs[:1]), logs[:-1]])
    both = logs.flatten(1)
    size = (torch.logsumexp(2 * both, -1) - math.log(both.shape[1])) / 2 / math.log(10)
    return size[:, None].expand(-1, forget.shape[1])

# %% wrong: the first gate is a factor, the last is not
def direct_path(forget):
    logs = torch.cat([forget[:-1].flip(0).log().cumsum(0), 0 * forget[:1]]).roll(1, 0)
    return (torch.logsumexp(2 * logs, -1) - math.log(forget.shape[-1])) / 2 / math.log(10)


# %% right: accumulate, and a random generator of one's own
import itertools
import operator
import random

dice = random.Random(7)


def direct_path(forget):
    rows = itertools.accumulate(reversed(forget.log()[1:]), operator.add)
    logs = torch.stack([torch.zeros_like(forget[0]), *rows])
    square = (2 * logs).logsumexp(dim=2) - math.log(forget.size(2))
    return square / math.log(100)


print(direct_path(torch.full((3, 1, 2), 0.5 + dice.random() / 10, dtype=torch.float64)))
