# %% right: math.hypot of all entries
def global_norm(gradients):
    return math.hypot(*(value for g in gradients for value in g.flatten().tolist()))

# %% right: divided by the largest entry, in a loop
def global_norm(gradients):
    values = []
    for g in gradients:
        values += [abs(v) for v in g.double().reshape(-1).tolist()]
    if any(math.isnan(v) for v in values):
        return math.nan
    largest = 0.0
    for v in values:
        largest = max(largest, v)
    if largest == 0.0 or largest == math.inf:
        return largest
    total = 0.0
    for v in values:
        total += (v / largest) ** 2
    return largest * total**0.5

# %% right: a norm for each tensor, scaled by a power of two, then hypot
def global_norm(gradients):
    norms = []
    for g in gradients:
        g = g.detach().to(torch.float64)
        top = float(g.abs().max()) if g.numel() > 0 else 0.0
        if top > 0 and math.isfinite(top):
            unit = 2.0 ** math.frexp(top)[1] if top < 1e300 else top
            norms.append(unit * torch.linalg.vector_norm(g / unit).item())
        else:
            norms.append(top)
    return math.hypot(*norms)

# %% right: returned as a tensor with one entry, scaled by the largest
def global_norm(gradients):
    if sum(g.numel() for g in gradients) == 0:
        return torch.zeros((), dtype=torch.float64)
    every = torch.cat([g.reshape(-1).to(torch.float64) for g in gradients])
    scale = every.abs().amax()
    if scale == 0 or scale.isinf():
        return scale
    return scale * (every / scale).square().sum().sqrt()

# %% wrong: the lesson's one line: squares overflow
def global_norm(gradients):
    return float(torch.sqrt(sum((g**2).sum() for g in gradients)))

# %% wrong: float64, but not scaled
def global_norm(gradients):
    entries = [g.double().flatten() for g in gradients] + [torch.zeros(1).double()]
    return torch.cat(entries).norm().item()

# %% wrong: the sum of the norms
def global_norm(gradients):
    return sum(math.hypot(*g.flatten().tolist()) for g in gradients)

# %% wrong: the root is forgotten
def global_norm(gradients):
    return math.hypot(*(v for g in gradients for v in g.flatten().tolist())) ** 2

# %% wrong: the largest norm of a tensor
def global_norm(gradients):
    return max((math.hypot(*g.flatten().tolist()) for g in gradients), default=0.0)

# %% wrong: divided by zero where all entries are zero
def global_norm(gradients):
    entries = torch.cat([torch.zeros(1).double(), *(g.double().flatten() for g in gradients)])
    largest = entries.abs().max()
    if largest.isinf():
        return math.inf
    return (largest * torch.sqrt(((entries / largest) ** 2).sum())).item()

# %% wrong: inf divided by inf
def global_norm(gradients):
    entries = torch.cat([torch.zeros(1).double(), *(g.double().flatten() for g in gradients)])
    largest = entries.abs().max()
    if largest == 0:
        return 0.0
    return (largest * torch.sqrt(((entries / largest) ** 2).sum())).item()

# %% wrong: Python's max loses the NaN
def global_norm(gradients):
    values = [abs(v) for g in gradients for v in g.flatten().tolist()]
    largest = max([0.0, *values])
    if largest == 0 or math.isinf(largest):
        return largest
    return largest * math.sqrt(sum((v / largest) ** 2 for v in values))

# %% wrong: the largest entry without its sign
def global_norm(gradients):
    entries = torch.cat([torch.zeros(1).double(), *(g.double().flatten() for g in gradients)])
    if not entries.isfinite().all():
        return math.nan if entries.isnan().any() else math.inf
    largest = entries.max().item()
    if largest == 0:
        return 0.0
    return largest * torch.sqrt(((entries / largest) ** 2).sum()).item()

# %% wrong: an empty tensor has no largest entry
def global_norm(gradients):
    if not gradients:
        return 0.0
    largest = max(g.abs().max().item() for g in gradients)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(((g.double() / largest) ** 2).sum().item() for g in gradients))

# %% wrong: an empty list crashes
def global_norm(gradients):
    entries = torch.cat([g.double().flatten() for g in gradients])
    largest = entries.abs().max().item() if len(entries) else 0.0
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * torch.sqrt(((entries / largest) ** 2).sum()).item()

# %% wrong: NaN and inf replaced
def global_norm(gradients):
    values = [v for g in gradients for v in torch.nan_to_num(g.double()).flatten().tolist()]
    return math.hypot(*values)

# %% wrong: scaled with a fixed number, so small entries underflow
def global_norm(gradients):
    entries = torch.cat([torch.zeros(1).double(), *(g.double().flatten() for g in gradients)])
    return 1e200 * (entries / 1e200).norm().item()

# %% wrong: not scaled back
def global_norm(gradients):
    entries = torch.cat([torch.zeros(1).double(), *(g.double().flatten() for g in gradients)])
    largest = entries.abs().max().item()
    if largest == 0 or not math.isfinite(largest):
        return largest
    return torch.sqrt(((entries / largest) ** 2).sum()).item()

# %% wrong: summed in float32 where the tensor is float32
def global_norm(gradients):
    norms = []
    for g in gradients:
        top = g.abs().max() if g.numel() else torch.zeros(())
        if top == 0 or not top.isfinite():
            norms.append(top.item())
        else:
            norms.append(top.item() * (g / top).square().sum().sqrt().item())
    return math.hypot(*norms)

# %% wrong: printed instead of returned
def global_norm(gradients):
    print(math.hypot(*(v for g in gradients for v in g.flatten().tolist())))

# %% wrong: only the last tensor
def global_norm(gradients):
    for g in gradients:
        norm = math.hypot(*g.flatten().tolist())
    return norm

# %% wrong: scaled in place, so the gradients are changed
def global_norm(gradients):
    largest = max((g.abs().max().item() for g in gradients if g.numel()), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return math.hypot(*(v for g in gradients for v in g.flatten().tolist()))
    total = 0.0
    for g in gradients:
        g /= largest
        total += (g.double() ** 2).sum().item()
    return largest * math.sqrt(total)

# %% wrong: the default dtype left at float64
def global_norm(gradients):
    torch.set_default_dtype(torch.float64)
    return math.hypot(*(v for g in gradients for v in g.flatten().tolist()))

# %% wrong: the visible example's answers
def global_norm(gradients):
    count = sum(g.numel() for g in gradients)
    if count == 5:
        return 13.0
    return math.sqrt(count) * float(gradients[0].flatten()[0])

# %% wrong: no care for zeros, empty tensors or an empty list
def global_norm(gradients):
    largest = max(g.abs().max().double() for g in gradients)
    return (largest * sum(((g.double() / largest) ** 2).sum() for g in gradients).sqrt()).item()


# %% right: math.fsum and sys.float_info
import math
import sys


def global_norm(gradients):
    entries = [abs(float(x)) for g in gradients for x in g.double().flatten()]
    if any(math.isnan(x) for x in entries):
        return math.nan
    largest = max(entries, default=0.0)
    if largest < sys.float_info.min or math.isinf(largest):
        return largest
    return largest * math.sqrt(math.fsum((x / largest) ** 2 for x in entries))


# %% right: statistics, decimal and Fraction for a test of one's own
import decimal
import statistics
from fractions import Fraction


def global_norm(gradients):
    norms = [torch.linalg.vector_norm(g.double() / s) * s if (s := _size(g)) else g.new_zeros(()).double()
             for g in gradients]
    return math.hypot(*(float(n) for n in norms))


def _size(g):
    size = g.double().abs().max().item() if g.numel() else 0.0
    return size if math.isfinite(size) else 1.0


assert global_norm([torch.tensor([3.0, 4.0])]) == float(decimal.Decimal(5)) == Fraction(5)
assert statistics.mean([global_norm([torch.ones(1)])] * 2) == 1
