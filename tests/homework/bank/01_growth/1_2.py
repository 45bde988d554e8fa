# %% right: one comparison, then a loop
def steps_until(factor, level):
    if factor == 1 or (factor < 1) != (level < 1):
        raise ValueError(f"{level} is never reached")
    k = 0
    while (factor**k < level) if level > 1 else (factor**k > level):
        k = k + 1
    return k

# %% right: loop after asking whether it ends
def steps_until(factor, level):
    if level >= 1:
        if level > 1 and factor <= 1:
            raise ValueError("never")
        k, value = 0, 1.0
        while value < level:
            value *= factor
            k += 1
        return k
    if factor >= 1:
        raise ValueError("never")
    k, value = 0, 1.0
    while value > level:
        value *= factor
        k += 1
    return k

# %% right: quotient of base-10 logarithms, tried one lower
def steps_until(factor, level):
    if level == 1.0:
        return 0
    up, rate = math.log10(level), math.log10(factor)
    if rate * up <= 0:
        raise ValueError(f"{level} is never reached")
    k = math.ceil(up / rate)
    before = factor ** (k - 1)
    return k - 1 if (before >= level if level > 1 else before <= level) else k

# %% right: the inverse of a falling signal rises
def steps_until(factor, level):
    if level < 1:
        factor, level = 1 / factor, 1 / level
        if factor == 1:
            raise ValueError("stays at 1")
    if level == 1:
        return 0
    if factor <= 1:
        raise ValueError("level not reached")
    k = int(math.log(level, factor)) - 1
    while factor**k < level:
        k += 1
    return k

# %% right: doubling and bisection on the exponent
def steps_until(factor, level):
    def reached(k):
        return factor**k >= level if level >= 1 else factor**k <= level

    if reached(0):
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    high = 1
    while not reached(high):
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return high

# %% right: torch, result as a float that is whole
def steps_until(factor, level):
    logs = torch.tensor([level, factor], dtype=torch.float64).log()
    if logs[0] == 0:
        return 0.0
    if not logs[0] * logs[1] > 0:
        raise ValueError("this level never comes")
    return torch.ceil((logs[0] / logs[1]).round(decimals=7)).item()

# %% right: powers tried one after the other
import itertools


def steps_until(factor, level):
    rises = level > 1
    if level != 1 and (factor <= 1 if rises else factor >= 1):
        raise ValueError(f"{factor} does not lead to {level}")
    powers = ((k, factor**k) for k in itertools.count())
    return next(k for k, power in powers if (power >= level if level >= 1 else power <= level))

# %% wrong: bare ceiling of a quotient of logarithms
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil(math.log(level) / math.log(factor))

# %% wrong: bare ceiling in base 10
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil(math.log10(level) / math.log10(factor))

# %% wrong: bare ceiling in base 2
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil(math.log2(level) / math.log2(factor))

# %% wrong: only a negative quotient refused
def steps_until(factor, level):
    k = math.ceil(math.log(level) / math.log(factor) - 1e-9)
    if k < 0:
        raise ValueError("never")
    return k

# %% wrong: rounded to the nearest
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return round(math.log(level) / math.log(factor))

# %% wrong: rounded down
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return int(math.log(level) / math.log(factor))

# %% wrong: rounded down plus one (one too many at an exact power)
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.floor(math.log(level) / math.log(factor)) + 1

# %% wrong: not rounded
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.log(level) / math.log(factor)

# %% wrong: counting starts at 1
def steps_until(factor, level):
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    k, value = 1, 1.0
    while (value < level) if level > 1 else (value > level):
        value *= factor
        k += 1
    return k

# %% wrong: a factor of exactly 1 divides by zero
def steps_until(factor, level):
    if level == 1:
        return 0
    if (factor < 1 and level > 1) or (factor > 1 and level < 1):
        raise ValueError("never")
    return math.ceil(math.log(level) / math.log(factor) - 1e-9)

# %% wrong: gives up after 5000 steps
def steps_until(factor, level):
    for k in range(5000):
        if (factor**k >= level) if level > 1 else (factor**k <= level):
            return k
    raise ValueError("never")

# %% wrong: a fifth of a step is forgiven
def steps_until(factor, level):
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil(math.log(level) / math.log(factor) - 0.2)

# %% wrong: None where the level is never reached
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        return None
    return math.ceil(math.log(level) / math.log(factor) - 1e-9)

# %% wrong: negative number of steps where the level is never reached
def steps_until(factor, level):
    if factor == 1 or level == 1:
        return 0
    return math.ceil(math.log(level) / math.log(factor) - 1e-9)

# %% wrong: gives up after 1000 steps
def steps_until(factor, level):
    value = 1.0
    for k in range(1000):
        if (value >= level) if level >= 1 else (value <= level):
            return k
        value *= factor
    raise ValueError("never")

# %% wrong: only growth thought of
def steps_until(factor, level):
    if factor <= 1 and level > 1:
        raise ValueError("never")
    k, value = 0, 1.0
    while value < level:
        value *= factor
        k += 1
    return k

# %% wrong: strictly beyond the level
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    k, value = 0, 1.0
    while (value <= level) if level > 1 else (value >= level):
        value *= factor
        k += 1
    return k

# %% wrong: 1 % simple interest instead of compound
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil((level - 1) / (factor - 1))

# %% wrong: float32 product underflows before the level
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    k, value, each = 0, torch.tensor(1.0), torch.tensor(factor)
    while (value < level) if level > 1 else (value > level):
        value = value * each
        k += 1
    return k

# %% wrong: linear approximation of the logarithm
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    return math.ceil(math.log(level) / (factor - 1))

# %% wrong: RuntimeError instead of ValueError
def steps_until(factor, level):
    if level == 1:
        return 0
    if factor == 1 or (factor > 1) != (level > 1):
        raise RuntimeError("never")
    return math.ceil(math.log(level) / math.log(factor) - 1e-9)

# %% wrong: printed, not returned
def steps_until(factor, level):
    if level != 1 and (factor == 1 or (factor > 1) != (level > 1)):
        raise ValueError("never")
    print(math.ceil(math.log(level) / math.log(factor) - 1e-9) if level != 1 else 0)

# %% wrong: the examples of the check written down
def steps_until(factor, level):
    known = {(1.01, 2.0): 70, (3.0, 100.0): 5, (0.9, 1e-6): 132, (0.99, 0.5): 69, (2.0, 4.0): 2}
    known |= {(5.0, 125.0): 3, (2.5, 15.625): 3, (3.0, 243.0): 5}
    if (factor, level) not in known:
        raise ValueError("never")
    return known[factor, level]


# %% right: a message with format, an enum and warnings
import warnings
from enum import Enum, auto

MESSAGE = "a factor of {0!r} never reaches {1:.3g}"


class Way(Enum):
    UP = auto()
    DOWN = auto()


def way_of(number):
    return Way.UP if number > 1 else Way.DOWN


def steps_until(factor, level):
    if factor == 1:
        warnings.warn("a factor of one", stacklevel=2)
        raise ValueError(MESSAGE.format(factor, level))
    if way_of(factor) is not way_of(level):
        raise ValueError(MESSAGE.format(factor, level))
    return math.ceil(math.log(level) / math.log(factor) - 1e-9)


# %% right: bisect over a table of powers
import math
from bisect import bisect_left
from itertools import accumulate, repeat
from operator import mul


def steps_until(factor, level):
    if factor == 1 or (factor > 1) != (level > 1):
        raise ValueError("never")
    if factor < 1:
        factor, level = 1 / factor, 1 / level
    estimate = math.log(level) / math.log(factor)
    table = [k - estimate for k in range(7200)]
    return bisect_left(table, -1e-9)
