# %% right: chain rule with s (1 - s)
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% right: slope as σ(x) σ(-x), multiplied out
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    miss = 1 / (1 + torch.exp(-x)) - target
    slope = torch.exp(-x) / (1 + torch.exp(-x)) ** 2
    first = (miss * slope + slope * miss) * dx_dw, 2 * miss * (slope * dx_db)
    second = 2 * kappa * (x * dx_dw), kappa * x * dx_db + kappa * x * dx_db
    return miss * miss + kappa * x * x, first[0] + second[0], first[1] + second[1]

# %% right: by way of tanh
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    half = torch.tanh(x / 2)
    miss = (1 + half) / 2 - target
    factor = miss * (1 - half**2) / 2 + 2 * kappa * x
    return [miss.square() + kappa * x.square(), dx_dw * factor, dx_db * factor]

# %% right: entry by entry in plain Python
import math


def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    columns = ([], [], [])
    for one, along_w, along_b in zip(*(part.flatten().tolist() for part in (x, dx_dw, dx_db))):
        s = 1 / (1 + math.exp(-one))
        k = 2 * (s - target) * s * (1 - s) + 2 * kappa * one
        E = (s - target) ** 2 + kappa * one**2
        for column, value in zip(columns, (E, k * along_w, k * along_b)):
            column.append(value)
    return tuple(torch.tensor(c, dtype=torch.float64).reshape(x.shape) for c in columns)

# %% wrong: forgets the slope of the output
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: forgets the factor 2
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: sign of the miss
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (target - s) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: compares the state with the target
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    factor = 2 * (x - target) + 2 * kappa * x
    return (x - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: target fixed at 0.7
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - 0.7) * s * (1 - s) + 2 * kappa * x
    return (s - 0.7) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: no default target
def error_and_gradient(x, dx_dw, dx_db, target, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: w and b exchanged
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_db, factor * dx_dw

# %% wrong: mean over the networks
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return ((s - target) ** 2 + kappa * x**2).mean(), (factor * dx_dw).mean(), (factor * dx_db).mean()

# %% wrong: slope from the state
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * x * (1 - x) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: sigmoid of the output once more in the slope
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = torch.sigmoid(s) * (1 - torch.sigmoid(s))
    factor = 2 * (s - target) * slope + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: absolute error
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = torch.sign(s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target).abs() + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: float32 results
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    x, dx_dw, dx_db = x.float(), dx_dw.float(), dx_db.float()
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db

# %% wrong: changes the derivatives in place
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    dx_dw *= factor
    dx_db *= factor
    return (s - target) ** 2 + kappa * x**2, dx_dw, dx_db

# %% wrong: divides by the miss, NaN where the error is 0
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    error = (s - target) ** 2
    factor = 2 * error / (s - target) * s * (1 - s) + 2 * kappa * x
    return error + kappa * x**2, factor * dx_dw, factor * dx_db

# %% wrong: clips the derivatives
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return (s - target) ** 2 + kappa * x**2, (factor * dx_dw).clamp(-10, 10), (factor * dx_db).clamp(-10, 10)

# %% wrong: prints and returns nothing
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    print((s - target) ** 2 + kappa * x**2, factor * dx_dw, factor * dx_db)

# %% wrong: the gradient only
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    factor = 2 * (s - target) * s * (1 - s) + 2 * kappa * x
    return factor * dx_dw, factor * dx_db

# %% wrong: the lesson's lines, without the new term
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s)
    return (s - target) ** 2, slope * dx_dw, slope * dx_db

# %% wrong: the new term in the error only
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s)
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db

# %% wrong: the new term's slope without the 2
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s) + kappa * x
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db

# %% wrong: the new term taken through the sigmoid
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target + kappa * x) * s * (1 - s)
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db

# %% wrong: the new term not passed on to w and b
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s)
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw + 2 * kappa * x, slope * dx_db + 2 * kappa * x

# %% wrong: the new term of the output, not the state
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s) + 2 * kappa * s * s * (1 - s)
    return (s - target) ** 2 + kappa * s**2, slope * dx_dw, slope * dx_db

# %% wrong: kappa without x
def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    s = torch.sigmoid(x)
    slope = 2 * (s - target) * s * (1 - s) + 2 * kappa
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db


# %% right: nonlocal, lru_cache and an assert
from functools import lru_cache


@lru_cache(maxsize=None)
def two(power=1):
    return 2**power


def counter():
    seen = 0

    def count():
        nonlocal seen
        seen += 1
        return seen

    return count


count = counter()


def error_and_gradient(x, dx_dw, dx_db, target=0.7, kappa=0.0):
    assert count() > 0
    s = torch.sigmoid(x)
    slope = two() * (s - target) * s * (1 - s) + two() * kappa * x
    return (s - target) ** 2 + kappa * x**2, slope * dx_dw, slope * dx_db
