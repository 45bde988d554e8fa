# %% right: cumulative sum of the logarithms
def log_growth(factors):
    logs = torch.log10(torch.abs(factors.to(torch.float64)))
    return torch.cumsum(torch.cat([torch.zeros(1, dtype=torch.float64), logs]), dim=0)

# %% right: a Python loop over numbers
def log_growth(factors):
    logs = [0.0]
    for factor in factors.double().tolist():
        step = math.log10(abs(factor)) if factor != 0 else -math.inf
        logs.append(logs[-1] + step)
    return torch.tensor(logs, dtype=torch.float64)

# %% right: fills a tensor of its own
def log_growth(factors):
    T = factors.shape[0]
    result = torch.zeros(T + 1, dtype=torch.float64)
    sizes = factors.clone().double().abs_()
    for k in range(T):
        result[k + 1] = result[k] + sizes[k].log() / math.log(10)
    return result

# %% right: mantissa and exponent kept apart
def log_growth(factors):
    mantissa, exponent, result = 1.0, 0, [0.0]
    for factor in factors.double().abs().tolist():
        if factor == 0 or mantissa == 0:
            mantissa = 0.0
            result.append(-math.inf)
            continue
        part, shift = math.frexp(factor)
        mantissa, more = math.frexp(mantissa * part)
        exponent = exponent + shift + more
        result.append(math.log10(mantissa) + exponent * math.log10(2))
    return torch.tensor(result, dtype=torch.float64)

# %% right: a sum of base-2 logarithms for each prefix
def log_growth(factors):
    logs = factors.double().abs().log2() * math.log10(2.0)
    return torch.stack([logs[:k].sum() for k in range(len(logs) + 1)])

# %% wrong: logarithm of the running product (underflow)
def log_growth(factors):
    product = torch.cumprod(factors.double(), dim=0).abs()
    return torch.cat([torch.zeros(1, dtype=torch.float64), product.log10()])

# %% wrong: no absolute value
def log_growth(factors):
    logs = factors.double().log10()
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)])

# %% wrong: natural logarithm
def log_growth(factors):
    logs = factors.double().abs().log()
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)])

# %% wrong: without the entry for k = 0
def log_growth(factors):
    return factors.double().abs().log10().cumsum(0)

# %% wrong: 0 in front, last factor left out
def log_growth(factors):
    logs = factors.double().abs().log10().cumsum(0)
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs[:-1]])

# %% wrong: keeps the dtype of the factors
def log_growth(factors):
    logs = factors.abs().log10()
    return torch.cat([torch.zeros(1, dtype=factors.dtype), logs.cumsum(0)])

# %% wrong: computed in float32, turned into float64 at the end
def log_growth(factors):
    logs = factors.float().abs().log10()
    return torch.cat([torch.zeros(1), logs.cumsum(0)]).double()

# %% wrong: a float32 input is summed in float32
def log_growth(factors):
    logs = factors.abs().log10()
    return torch.cat([torch.zeros(1, dtype=logs.dtype), logs.cumsum(0)]).double()

# %% wrong: logarithms in float32, converted before the sum
def log_growth(factors):
    logs = factors.abs().log10().double()
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)])

# %% wrong: small number added against log of 0
def log_growth(factors):
    logs = (factors.double().abs() + 1e-12).log10()
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)])

# %% wrong: factors 0 skipped
def log_growth(factors):
    logs = [0.0]
    for factor in factors.double().tolist():
        logs.append(logs[-1] + (math.log10(abs(factor)) if factor != 0 else 0.0))
    return torch.tensor(logs, dtype=torch.float64)

# %% wrong: -inf at the factor 0 only, growth goes on after it
def log_growth(factors):
    logs = factors.double().abs().log10()
    sums = torch.where(logs.isinf(), torch.zeros_like(logs), logs).cumsum(0)
    sums[logs.isinf()] = -math.inf
    return torch.cat([torch.zeros(1, dtype=torch.float64), sums])

# %% wrong: absolute value taken in place, in the argument
def log_growth(factors):
    logs = factors.abs_().double().log10()
    return torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)])

# %% wrong: logarithm of the sum instead of sum of the logarithms
def log_growth(factors):
    sums = factors.double().abs().cumsum(0)
    return torch.cat([torch.zeros(1, dtype=torch.float64), sums.log10()])

# %% wrong: the factors not accumulated
def log_growth(factors):
    return torch.cat([torch.zeros(1, dtype=torch.float64), factors.double().abs().log10()])

# %% wrong: only the last value
def log_growth(factors):
    return factors.double().abs().log10().sum()

# %% wrong: printed, not returned
def log_growth(factors):
    logs = factors.double().abs().log10()
    print(torch.cat([torch.zeros(1, dtype=torch.float64), logs.cumsum(0)]))

# %% wrong: a list of numbers
def log_growth(factors):
    logs = [0.0]
    for factor in factors.double().tolist():
        logs.append(logs[-1] + (math.log10(abs(factor)) if factor != 0 else -math.inf))
    return logs

# %% wrong: float64 made the default dtype and left so
def log_growth(factors):
    torch.set_default_dtype(torch.float64)
    logs = factors.double().abs().log10()
    return torch.cat([torch.zeros(1), logs.cumsum(0)])

# %% wrong: math.log10 fails on 0
def log_growth(factors):
    logs = [0.0]
    for factor in factors.double().tolist():
        logs.append(logs[-1] + math.log10(abs(factor)))
    return torch.tensor(logs, dtype=torch.float64)


# %% right: a logger beside it
import logging

log = logging.getLogger(__name__)
logging.basicConfig(level=logging.WARNING)


def log_growth(factors):
    log.debug("growth of %d factors", len(factors))
    logs = torch.cat([torch.zeros(1, dtype=torch.float64), factors.double().abs().log10()])
    return logs.cumsum(0)


# %% right: wraps and a decorator of one's own, timed
import time
from functools import wraps


def timed(function):
    @wraps(function)
    def inner(*arguments, **keywords):
        start = time.perf_counter()
        try:
            return function(*arguments, **keywords)
        finally:
            inner.seconds = time.perf_counter() - start

    return inner


@timed
def log_growth(factors):
    logs = torch.cat([torch.zeros(1, dtype=torch.float64), factors.double().abs().log10()])
    return logs.cumsum(0)


# %% right: jaxtyping and torchtyping, if they are there
from __future__ import annotations

try:
    from jaxtyping import Float
    from torch import Tensor
except ImportError:
    Float = None


def log_growth(factors: "Float[Tensor, 'T']") -> "Float[Tensor, 'T1']":
    logs = torch.cat([torch.zeros(1, dtype=torch.float64), factors.double().abs().log10()])
    return logs.cumsum(0)


log_growth.__annotations__


# %% right: a plot and a comparison in the same cell
import matplotlib.pyplot as plt


def log_growth(factors):
    logs = torch.cat([torch.zeros(1, dtype=torch.float64), factors.double().abs().log10()])
    return logs.cumsum(0)


import rnnviz.growth

figure, axes = plt.subplots()
axes.plot(log_growth(torch.full((50,), 0.9)), label="mine")
axes.plot(rnnviz.growth.compound(0.9, 50).log10(), "--", label="rnnviz")
axes.legend()
plt.savefig("growth.png")
plt.show()
