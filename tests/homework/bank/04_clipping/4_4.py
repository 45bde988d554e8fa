# %% right: minimum and maximum, the angle from dot products in a loop
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError("limit")
    top = torch.tensor(limit, dtype=torch.float64)
    return [torch.maximum(torch.minimum(g, top), -top) for g in gradients]


def turn(gradients, clipped):
    dot = one = two = 0.0
    for g, c in zip(gradients, clipped, strict=True):
        dot += (g * c).sum().item()
        one += (g * g).sum().item()
        two += (c * c).sum().item()
    if one == 0 or two == 0:
        raise ValueError("zero")
    cosine = dot / (math.sqrt(one) * math.sqrt(two))
    return math.acos(min(1.0, max(-1.0, cosine))) * 180 / math.pi

# %% right: torch.where, and half the angle by atan2
def clip_by_value(gradients, limit):
    if not limit > 0:
        raise ValueError("limit")
    return [torch.where(g.abs() > limit, limit * torch.sign(g), g) for g in gradients]


def turn(gradients, clipped):
    one, two = (torch.cat([t.reshape(-1) for t in tensors]) for tensors in (gradients, clipped))
    if one.norm() == 0 or two.norm() == 0:
        raise ValueError("no direction")
    one, two = one / one.norm(), two / two.norm()
    return math.degrees(2 * math.atan2((one - two).norm().item(), (one + two).norm().item()))

# %% right: in place on copies, plain Python for the angle
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError(f"limit {limit}")
    copies = [g.clone() for g in gradients]
    for g in copies:
        g[g > limit] = limit
        g[g < -limit] = -limit
    return copies


def turn(gradients, clipped):
    a = [v for g in gradients for v in g.flatten().tolist()]
    b = [v for g in clipped for v in g.flatten().tolist()]
    length_a, length_b = math.hypot(*a), math.hypot(*b)
    if length_a * length_b == 0:
        raise ValueError("zero")
    cosine = math.fsum(p / length_a * (q / length_b) for p, q in zip(a, b, strict=True))
    if cosine >= 1:
        return 0.0
    if cosine <= -1:
        return 180.0
    return math.degrees(math.acos(cosine))

# %% right: torch's arccosine, a tensor returned
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(min=-limit).clamp(max=limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.abs().max() > 0 and b.abs().max() > 0):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1)
    return torch.rad2deg(torch.acos(cosine))

# %% wrong: radians
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    return torch.acos(torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1)).item()

# %% wrong: the cosine instead of the angle
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    return torch.dot(a / a.norm(), b / b.norm()).item()

# %% wrong: a cosine a little above 1 is not caught
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = [v for g in gradients for v in g.flatten().tolist()]
    b = [v for g in clipped for v in g.flatten().tolist()]
    if not any(a) or not any(b):
        raise ValueError
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    return math.degrees(math.acos(dot / math.hypot(*a) / math.hypot(*b)))

# %% wrong: cosine_similarity's small constant
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.cosine_similarity(a, b, dim=0).clamp(-1, 1)
    return math.degrees(math.acos(cosine.item()))

# %% wrong: the mean of the tensors' own angles
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    angles = []
    for g, c in zip(gradients, clipped, strict=True):
        if g.any() and c.any():
            cosine = ((g * c).sum() / g.norm() / c.norm()).clamp(-1, 1).item()
            angles.append(math.degrees(math.acos(cosine)))
    if not angles:
        raise ValueError
    return sum(angles) / len(angles)

# %% wrong: only the last tensor turns
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    for g, c in zip(gradients, clipped, strict=True):
        if not (g.any() and c.any()):
            raise ValueError
        cosine = ((g * c).sum() / g.norm() / c.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: never more than a right angle
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    return math.degrees(math.acos(min(1.0, abs(torch.dot(a / a.norm(), b / b.norm()).item()))))

# %% wrong: float32 in between
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten().float() for g in gradients])
    b = torch.cat([g.flatten().float() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: no direction is 0 degrees
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        return 0.0
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: cut from above only
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(max=limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: cut in place
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp_(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: signs only
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [limit * g.sign() for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: the limit is not checked
def clip_by_value(gradients, limit):
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: a norm below 1e-15 is taken for zero
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if a.norm() < 1e-15 or b.norm() < 1e-15:
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: unit vectors, but their cosine is not clamped
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(-limit, limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    return torch.rad2deg(torch.acos(torch.dot(a / a.norm(), b / b.norm()))).item()

# %% wrong: cut from below only
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.clamp(min=-limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))

# %% wrong: the sign is lost
def clip_by_value(gradients, limit):
    if limit <= 0:
        raise ValueError
    return [g.abs().clamp(max=limit) for g in gradients]


def turn(gradients, clipped):
    a = torch.cat([g.flatten() for g in gradients])
    b = torch.cat([g.flatten() for g in clipped])
    if not (a.any() and b.any()):
        raise ValueError
    cosine = torch.dot(a / a.norm(), b / b.norm()).clamp(-1, 1).item()
    return math.degrees(math.acos(cosine))


# %% right: string templates and ExitStack
from contextlib import ExitStack
from string import Template

WORDS = Template("limit must be above 0, got $limit")


def clip_by_value(gradients, limit):
    if not limit > 0:
        raise ValueError(WORDS.substitute(limit=limit))
    with ExitStack():
        return [torch.clip(g, min=-limit, max=limit) for g in gradients]


def turn(gradients, clipped):
    one, two = (torch.cat([g.reshape(-1) for g in all_of]) for all_of in (gradients, clipped))
    if not (one.any() and two.any()):
        raise ValueError("zero")
    one, two = one / one.abs().max(), two / two.abs().max()
    one, two = one / one.norm(), two / two.norm()
    return math.degrees(2 * math.atan2((one - two).norm().item(), (one + two).norm().item()))
