# %% right: copies and slices
def set_forget_bias(b_ih, b_hh, value):
    if len(b_ih) != len(b_hh) or len(b_ih) % 4 != 0:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    one, other = b_ih.clone(), b_hh.clone()
    one[H : 2 * H] = value
    other[H : 2 * H] = 0.0
    return one, other

# %% right: half of the value in each
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or b_ih.numel() % 4:
        raise ValueError(f"got {tuple(b_ih.shape)} and {tuple(b_hh.shape)}")
    result = []
    for bias in (b_ih, b_hh):
        i, _, g, o = bias.chunk(4)
        result.append(torch.cat([i, torch.full_like(i, value / 2), g, o]))
    return tuple(result)

# %% right: keeps b_hh and corrects b_ih
def set_forget_bias(b_ih, b_hh, value):
    n = len(b_ih)
    if n % 4 or n != len(b_hh):
        raise ValueError
    unit = torch.arange(n)
    forget = (unit >= n // 4) & (unit < n // 2)
    return torch.where(forget, value - b_hh, b_ih), b_hh

# %% right: a list, one entry at a time
def set_forget_bias(b_ih, b_hh, value):
    if len(b_ih) % 4 != 0 or len(b_ih) != len(b_hh):
        raise ValueError("expected two biases of length 4H")
    H = len(b_ih) // 4
    sums, rest = [], []
    for k in range(4 * H):
        forget = k // H == 1
        sums.append(float(value) if forget else b_ih[k].item() + b_hh[k].item())
        rest.append(0.0)
    return [torch.tensor(sums, dtype=torch.float64), torch.tensor(rest, dtype=torch.float64)]

# %% wrong: both set, so the sum is twice the value
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H : 2 * H] = value
    b_hh[H : 2 * H] = value
    return b_ih, b_hh

# %% wrong: the other bias stays as it was
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih = b_ih.clone()
    b_ih[H : 2 * H] = value
    return b_ih, b_hh.clone()

# %% wrong: first quarter
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[:H] = value
    b_hh[:H] = 0
    return b_ih, b_hh

# %% wrong: third quarter
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[2 * H : 3 * H] = value
    b_hh[2 * H : 3 * H] = 0
    return b_ih, b_hh

# %% wrong: changes what it was given
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih[H : 2 * H] = value
    b_hh[H : 2 * H] = 0
    return b_ih, b_hh

# %% wrong: only the first of the forget gates
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H] = value
    b_hh[H] = 0
    return b_ih, b_hh

# %% wrong: one unit too many
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H : 2 * H + 1] = value
    b_hh[H : 2 * H + 1] = 0
    return b_ih, b_hh

# %% wrong: adds the value instead of setting it
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih = b_ih.clone()
    b_ih[H : 2 * H] += value
    return b_ih, b_hh.clone()

# %% wrong: zeroes all of b_hh
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih = b_ih.clone()
    b_ih[H : 2 * H] = value
    return b_ih, torch.zeros_like(b_hh)

# %% wrong: no ValueError for bad lengths
def set_forget_bias(b_ih, b_hh, value):
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H : 2 * H] = value
    b_hh[H : 2 * H] = 0
    return b_ih, b_hh

# %% wrong: length not checked for a multiple of 4
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H : 2 * H] = value
    b_hh[H : 2 * H] = 0
    return b_ih, b_hh

# %% wrong: H of the visible example
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[3:6] = value
    b_hh[3:6] = 0
    return b_ih, b_hh

# %% wrong: returns the sum only
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    total = b_ih + b_hh
    total[H : 2 * H] = value
    return total

# %% wrong: returns nothing
def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or len(b_ih) % 4:
        raise ValueError("lengths")
    H = len(b_ih) // 4
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_ih[H : 2 * H] = value
    b_hh[H : 2 * H] = 0


# %% right: total_ordering, and an order of gates as an IntEnum
from enum import IntEnum
from functools import total_ordering


class Gate(IntEnum):
    I, F, G, O = range(4)


def set_forget_bias(b_ih, b_hh, value):
    if b_ih.shape != b_hh.shape or b_ih.numel() % len(Gate):
        raise ValueError("lengths")
    H = b_ih.numel() // len(Gate)
    forget = slice(Gate.F * H, (Gate.F + 1) * H)
    b_ih, b_hh = b_ih.clone(), b_hh.clone()
    b_hh[forget] = value - b_ih[forget]
    return b_ih, b_hh
