# %% right: one factor, own norm
def clip_by_norm(gradients, threshold):
    if threshold <= 0:
        raise ValueError("threshold must be above 0")
    norm = math.sqrt(sum((g.double() ** 2).sum().item() for g in gradients))
    if math.isnan(norm) or math.isinf(norm):
        raise ValueError("not finite")
    if norm >= threshold:
        return [threshold / norm * g for g in gradients], norm
    return [g.clone() for g in gradients], norm

# %% right: strictly greater, which is the same, and in place on own copies
def clip_by_norm(gradients, threshold):
    if not threshold > 0:
        raise ValueError(threshold)
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        raise ValueError(norm)
    clipped = [g.detach().clone() for g in gradients]
    if norm > threshold:
        for g in clipped:
            g.div_(norm / threshold)
    return clipped, norm

# %% right: unit vectors first, in a loop, returned as a list of two
def clip_by_norm(gradients, threshold):
    norm = torch.linalg.vector_norm(torch.cat([g.double().reshape(-1) for g in gradients])).item()
    if threshold <= 0 or norm != norm or norm == float("inf"):
        raise ValueError("threshold or gradients")
    result = []
    for g in gradients:
        if norm < threshold:
            result.append(g + 0)
        else:
            result.append((g.double() / norm * threshold).to(g.dtype))
    return [result, norm]

# %% right: minimum of one and the ratio, the norm as a tensor
def clip_by_norm(gradients, threshold):
    norm = torch.stack([g.double().norm() for g in gradients]).norm()
    if threshold <= 0 or not torch.isfinite(norm):
        raise ValueError("no clipping possible")
    factor = torch.clamp(threshold / norm, max=1.0).item()
    return tuple([[g * factor for g in gradients], norm])

# %% wrong: PyTorch's small number in the denominator
def clip_by_norm(gradients, threshold):
    if threshold <= 0:
        raise ValueError("threshold")
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        raise ValueError("norm")
    return [min(1.0, threshold / (norm + 1e-6)) * g for g in gradients], norm

# %% wrong: each tensor by its own norm
def clip_by_norm(gradients, threshold):
    if threshold <= 0 or not math.isfinite(global_norm(gradients)):
        raise ValueError("threshold or norm")
    clipped = []
    for g in gradients:
        norm = g.norm().item()
        clipped.append(threshold / norm * g if norm >= threshold else g)
    return clipped, global_norm(gradients)

# %% wrong: the norm after clipping is returned
def clip_by_norm(gradients, threshold):
    if threshold <= 0 or not math.isfinite(global_norm(gradients)):
        raise ValueError("threshold or norm")
    norm = global_norm(gradients)
    if norm >= threshold:
        gradients = [threshold / norm * g for g in gradients]
    return gradients, global_norm(gradients)

# %% wrong: always scaled to the threshold
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [threshold / norm * g for g in gradients], norm

# %% wrong: the factor upside down
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    factor = norm / threshold if norm >= threshold else 1.0
    return [factor * g for g in gradients], norm

# %% wrong: the threshold is forgotten in the factor
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [g / norm if norm >= threshold else g for g in gradients], norm

# %% wrong: the comparison the wrong way round
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm <= threshold and norm > 0 else g for g in gradients], norm

# %% wrong: clipped in place
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    for g in gradients:
        if norm >= threshold:
            g *= threshold / norm
    return gradients, norm

# %% wrong: zero gradients divide by zero
def clip_by_norm(gradients, threshold):
    norm = math.sqrt(sum((g.double() ** 2).sum().item() for g in gradients))
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    factor = min(1.0, threshold / norm)
    return [factor * g for g in gradients], norm

# %% wrong: a threshold of zero passes
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold < 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm >= threshold else g for g in gradients], norm

# %% wrong: NaN passes, since no comparison with it is true
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or norm == math.inf:
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm >= threshold else g for g in gradients], norm

# %% wrong: a bad norm is an AssertionError
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    assert threshold > 0 and math.isfinite(norm)
    return [threshold / norm * g if norm >= threshold else g for g in gradients], norm

# %% wrong: only the clipped list is returned
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm >= threshold else g for g in gradients]

# %% wrong: one long vector instead of a list
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    vector = torch.cat([g.flatten() for g in gradients])
    return (threshold / norm * vector if norm >= threshold else vector), norm

# %% wrong: float32 becomes float64
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    factor = threshold / norm if norm >= threshold else 1.0
    return [factor * g.double() for g in gradients], norm

# %% wrong: by value
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [g.clamp(-threshold, threshold) for g in gradients], norm

# %% wrong: the last tensor is missing
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients[:-1])
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm >= threshold else g for g in gradients], norm

# %% wrong: the names swapped on return
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    return norm, [threshold / norm * g if norm >= threshold else g for g in gradients]

# %% wrong: only the clipped tensors, unpacked by luck if two
def clip_by_norm(gradients, threshold):
    norm = math.sqrt(sum((g.double() ** 2).sum().item() for g in gradients))
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    clipped = [threshold / norm * g if norm >= threshold else g.clone() for g in gradients]
    return clipped

# %% wrong: zeros and a norm of 0 are refused
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm) or norm == 0:
        raise ValueError("threshold or norm")
    return [threshold / norm * g if norm >= threshold else g for g in gradients], norm

# %% wrong: all tensors become the dtype of the first
def clip_by_norm(gradients, threshold):
    norm = global_norm(gradients)
    if threshold <= 0 or not math.isfinite(norm):
        raise ValueError("threshold or norm")
    factor = threshold / norm if norm >= threshold else 1.0
    return [(factor * g).to(gradients[0].dtype) for g in gradients], norm


# %% right: a NamedTuple of clipped and norm
from typing import NamedTuple


class Clipped(NamedTuple):
    clipped: list
    norm: float


def clip_by_norm(gradients, threshold):
    if not threshold > 0:
        raise ValueError("threshold")
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        raise ValueError("norm")
    if norm < threshold:
        return Clipped([g.clone() for g in gradients], norm)
    return Clipped([g * (threshold / norm) for g in gradients], norm)


# %% right: compared with PyTorch's clipping in the same cell
from torch.nn.utils import clip_grad_norm_


def clip_by_norm(gradients, threshold):
    if not threshold > 0:
        raise ValueError(f"{threshold=}")
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        raise ValueError(f"{norm=}")
    factor = min(1.0, threshold / norm) if norm else 1.0
    return [g * factor for g in gradients], norm


p = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
p.grad = torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64)
mine = clip_by_norm([p.grad.clone()], 1.0)[0][0]
clip_grad_norm_([p], 1.0)
print("apart:", (p.grad - mine).abs().max().item())
