# %% right: loop from the right, later steps multiplied from the left
def ordered_product(steps, t, i):
    if i < 0 or t > len(steps) or i > t:
        raise ValueError("times")
    P = torch.eye(steps.shape[1], dtype=torch.float64)
    for k in range(i, t):
        P = torch.matmul(steps[k], P)
    return P


# %% right: loop from the left, downwards
def ordered_product(steps, t, i):
    T, H, _ = steps.shape
    if not (0 <= i <= t <= T):
        raise ValueError(f"need 0 <= {i} <= {t} <= {T}")
    P = torch.eye(H).to(steps)
    for k in range(t - 1, i - 1, -1):
        P = P @ steps[k]
    return P


# %% right: recursion
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= steps.shape[0]:
        raise ValueError
    if t == i:
        return torch.eye(steps.shape[-1], dtype=steps.dtype)
    return steps[t - 1] @ ordered_product(steps, t - 1, i)


# %% right: functools.reduce
from functools import reduce


def ordered_product(steps, t, i):
    if i not in range(t + 1) or t not in range(len(steps) + 1):
        raise ValueError("0 <= i <= t <= T")
    one = torch.eye(steps.size(-1), dtype=steps.dtype)
    return reduce(lambda product, J: J @ product, steps[i:t], one)


# %% right: multi_dot with the identity, flipped
def ordered_product(steps, t, i):
    if i < 0 or i > t or t > len(steps):
        raise ValueError("no such times")
    one = torch.eye(steps.shape[-1], dtype=steps.dtype)
    return torch.linalg.multi_dot([one, *steps[i:t].flip(0), one])


# %% right: transposed row by row, on a copy in place
def ordered_product(steps, t, i):
    if min(t, i, t - i) < 0 or t > len(steps):
        raise ValueError("no such times")
    rows = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in reversed(range(i, t)):
        for m in range(len(rows)):
            rows[m] = steps[k].T @ rows[m]
    return rows


# %% wrong: reversed order
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = P @ steps[k]
    return P


# %% wrong: transposed product
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = P @ steps[k].T
    return P


# %% wrong: one step too many
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for J in steps[i : t + 1]:
        P = J @ P
    return P


# %% wrong: indices shifted by one, i+1 to t
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i + 1, t + 1):
        P = steps[k - 2] @ P
    return P


# %% wrong: the last step is missing
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t - 1):
        P = steps[k] @ P
    return P


# %% wrong: entry by entry product
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] * P if k > i else steps[k]
    return P


# %% wrong: the first Jacobian to the power t - i
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    if t == i:
        return torch.eye(steps.shape[-1], dtype=steps.dtype)
    return torch.linalg.matrix_power(steps[i], t - i)


# %% wrong: zeros where t = i
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    if t == i:
        return torch.zeros(steps.shape[-1], steps.shape[-1], dtype=steps.dtype)
    P = steps[i]
    for k in range(i + 1, t):
        P = steps[k] @ P
    return P


# %% wrong: ones in place of the identity
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.ones(steps.shape[-1], steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: fails where t = i (starts from the first Jacobian)
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = steps[i]
    for k in range(i + 1, t):
        P = steps[k] @ P
    return P


# %% wrong: float32 identity where t = i
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    if t == i:
        return torch.eye(steps.shape[-1])
    P = steps[i]
    for k in range(i + 1, t):
        P = steps[k] @ P
    return P


# %% wrong: multiplied up in float32, underflows
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1])
    for k in range(i, t):
        P = steps[k].float() @ P
    return P.double()


# %% wrong: no check of the times
def ordered_product(steps, t, i):
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: negative i counts from the end
def ordered_product(steps, t, i):
    if i > t or t > len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: t beyond the last state is accepted
def ordered_product(steps, t, i):
    if not 0 <= i <= t:
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for J in steps[i:t]:
        P = J @ P
    return P


# %% wrong: refuses t = T
def ordered_product(steps, t, i):
    if not 0 <= i <= t < len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: refuses t = i
def ordered_product(steps, t, i):
    if not 0 <= i < t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: an IndexError in place of a ValueError
def ordered_product(steps, t, i):
    if i < 0 or i > t or t > len(steps):
        raise IndexError("times out of range")
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: arguments taken as (i, t)
def ordered_product(steps, t, i):
    t, i = i, t
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: writes the product into steps
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    if t == i:
        return torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i + 1, t):
        steps[k] = steps[k] @ steps[k - 1]
    return steps[t - 1].clone()


# %% wrong: only the norm is returned
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return torch.linalg.matrix_norm(P, 2)


# %% wrong: nothing returned
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    print(P)


# %% wrong: identity of size 3 whatever H is
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(3, dtype=torch.float64)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% wrong: loses tiny products, rounds to 12 decimals
def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P.round(decimals=12)


# %% wrong: leaves a seed behind
def ordered_product(steps, t, i):
    torch.manual_seed(0)
    if not 0 <= i <= t <= len(steps):
        raise ValueError
    P = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        P = steps[k] @ P
    return P


# %% right: magics and shell lines around it
%matplotlib inline
!ls > /dev/null
files = !ls
%time total = sum(range(10))


def ordered_product(steps, t, i):
    if not 0 <= i <= t <= len(steps):
        raise ValueError((t, i))
    out = torch.eye(steps.size(-1), dtype=steps.dtype)
    for k in reversed(range(i, t)):
        out = out @ steps[k]
    return out


%timeit -n 1 -r 1 ordered_product(torch.eye(2).double()[None], 1, 0)


# %% right: a star import, and a helper that stands below
from torch.linalg import *
from torch import eye, matmul


def ordered_product(steps, t, i):
    check_range(steps, t, i)
    product = eye(steps.shape[-1], dtype=steps.dtype)
    for k in range(i, t):
        product = matmul(steps[k], product)
    return product


def check_range(steps, t, i):
    if i < 0 or t < i or t > len(steps):
        raise ValueError("range")


# %% right: inspect, textwrap and a doctest
import doctest
import inspect
import textwrap


def ordered_product(steps, t, i):
    """Multiply.

    >>> ordered_product(torch.eye(1, dtype=torch.float64)[None], 1, 0).item()
    1.0
    """
    if not 0 <= i <= t <= len(steps):
        raise ValueError(textwrap.dedent("""
            i and t are out of range"""))
    product = torch.eye(steps.shape[-1], dtype=steps.dtype)
    for one in steps[i:t]:
        product = one @ product
    return product


print(inspect.signature(ordered_product))
if __name__ == "__main__":
    doctest.testmod()
