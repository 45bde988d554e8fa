# %% right: slope as a column, rows scaled
def step_jacobian(W_R, h, activation="tanh"):
    if activation == "tanh":
        slope = 1 - h**2
    elif activation == "sigmoid":
        slope = h * (1 - h)
    elif activation == "relu":
        slope = (h > 0).double()
    else:
        raise ValueError("activation")
    return slope.unsqueeze(1) * W_R


# %% right: diag times W_R, slopes from a dict of functions
SLOPES = {
    "tanh": lambda h: (1 - h) * (1 + h),
    "sigmoid": lambda h: h - h * h,
    "relu": lambda h: torch.where(h > 0, torch.ones_like(h), torch.zeros_like(h)),
}


def step_jacobian(W_R, h, activation="tanh"):
    if activation not in SLOPES:
        raise ValueError(f"no such activation: {activation}")
    return torch.diag(SLOPES[activation](h)) @ W_R


# %% right: two loops over the entries
def step_jacobian(W_R, h, activation="tanh"):
    def slope(x):
        if activation == "tanh":
            return 1 - x * x
        if activation == "sigmoid":
            return x * (1 - x)
        return 1.0 if x > 0 else 0.0

    if activation not in ("tanh", "sigmoid", "relu"):
        raise ValueError
    size = len(h)
    J = torch.zeros(size, size, dtype=torch.float64)
    for m in range(size):
        for n in range(size):
            J[m, n] = slope(h[m].item()) * W_R[m, n]
    return J


# %% right: einsum, works in place on a copy
def step_jacobian(W_R, h, activation="tanh"):
    slope = h.clone()
    if activation == "tanh":
        slope.pow_(2).neg_().add_(1)
    elif activation == "sigmoid":
        slope.mul_(1 - h)
    elif activation == "relu":
        slope = slope.sign()
    else:
        raise ValueError(activation)
    return torch.einsum("m,mn->mn", slope, W_R)


# %% right: back to the pre-activation, then its slope
def step_jacobian(W_R, h, activation="tanh"):
    match activation:
        case "tanh":
            slope = torch.cosh(torch.atanh(h)) ** -2
        case "sigmoid":
            a = torch.log(h) - torch.log1p(-h)
            slope = torch.exp(-a) / (1 + torch.exp(-a)) ** 2
        case "relu":
            slope = torch.heaviside(h, torch.zeros(1, dtype=h.dtype))
        case _:
            raise ValueError(activation)
    J = W_R.clone()
    for m in range(len(h)):
        J[m] *= slope[m]
    return J


# %% wrong: W_R times diag, the columns scaled
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return W_R @ torch.diag(slopes[activation])


# %% wrong: a row times W_R, broadcast over the wrong axis
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation] * W_R


# %% wrong: transposed
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return (torch.diag(slopes[activation]) @ W_R).T


# %% wrong: W_R transposed
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R.T


# %% wrong: takes h for the pre-activation
def step_jacobian(W_R, h, activation="tanh"):
    if activation == "tanh":
        slope = 1 - torch.tanh(h) ** 2
    elif activation == "sigmoid":
        slope = torch.sigmoid(h) * (1 - torch.sigmoid(h))
    elif activation == "relu":
        slope = (h > 0).double()
    else:
        raise ValueError(activation)
    return slope[:, None] * W_R


# %% wrong: takes h for the earlier state
def step_jacobian(W_R, h, activation="tanh"):
    if activation not in ("tanh", "sigmoid", "relu"):
        raise ValueError(activation)
    f = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}[activation]
    new = f(W_R @ h)
    slopes = {"tanh": 1 - new**2, "sigmoid": new * (1 - new), "relu": (new > 0).double()}
    return slopes[activation][:, None] * W_R


# %% wrong: the square is missing
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R


# %% wrong: the tanh slope for every activation
def step_jacobian(W_R, h, activation="tanh"):
    if activation not in ("tanh", "sigmoid", "relu"):
        raise ValueError(activation)
    return (1 - h**2)[:, None] * W_R


# %% wrong: a matrix product with the slope, a vector comes back
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return W_R @ slopes[activation]


# %% wrong: relu slope is 1 at zero as well
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h >= 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R


# %% wrong: relu slope left boolean, which diag cannot multiply
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": h > 0}
    if activation not in slopes:
        raise ValueError(activation)
    return torch.diag(slopes[activation]) @ W_R


# %% wrong: relu passes the state itself
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": h.clamp(min=0)}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R


# %% wrong: KeyError for an unknown activation
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    return slopes[activation][:, None] * W_R


# %% wrong: an unknown activation falls through to relu
def step_jacobian(W_R, h, activation="tanh"):
    if activation == "tanh":
        slope = 1 - h**2
    elif activation == "sigmoid":
        slope = h * (1 - h)
    else:
        slope = (h > 0).double()
    return slope[:, None] * W_R


# %% wrong: float32 result
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return (slopes[activation][:, None] * W_R).float()


# %% wrong: computed in float32, then called float64
def step_jacobian(W_R, h, activation="tanh"):
    h, W_R = h.float(), W_R.float()
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).float()}
    if activation not in slopes:
        raise ValueError(activation)
    return (slopes[activation][:, None] * W_R).double()


# %% wrong: scales W_R in place
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    W_R *= slopes[activation][:, None]
    return W_R


# %% wrong: squares h in place
def step_jacobian(W_R, h, activation="tanh"):
    if activation == "tanh":
        slope = 1 - h.pow_(2)
    elif activation == "sigmoid":
        slope = h * (1 - h)
    elif activation == "relu":
        slope = (h > 0).double()
    else:
        raise ValueError(activation)
    return slope[:, None] * W_R


# %% wrong: leaves float64 as the default dtype
def step_jacobian(W_R, h, activation="tanh"):
    torch.set_default_dtype(torch.float64)
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": torch.where(h > 0, 1.0, 0.0)}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R


# %% wrong: leaves gradients switched off
def step_jacobian(W_R, h, activation="tanh"):
    torch.set_grad_enabled(False)
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return slopes[activation][:, None] * W_R


# %% wrong: printed, not returned
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    print(slopes[activation][:, None] * W_R)


# %% wrong: made for three units only
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    J = torch.zeros(3, 3, dtype=torch.float64)
    for m in range(3):
        for n in range(3):
            J[m, n] = slopes[activation][m] * W_R[m, n]
    return J


# %% wrong: a list of lists
def step_jacobian(W_R, h, activation="tanh"):
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0).double()}
    if activation not in slopes:
        raise ValueError(activation)
    return (slopes[activation][:, None] * W_R).tolist()


# %% right: getattr for the function, hasattr before
import torch.nn.functional as F


def step_jacobian(W_R, h, activation="tanh"):
    if not (hasattr(F, activation) and activation in ("tanh", "sigmoid", "relu")):
        raise ValueError(activation)
    if activation == "relu":
        slope = getattr(torch, "heaviside")(h, torch.zeros_like(h))
    else:
        slope = {"tanh": 1 - h.square(), "sigmoid": h - h.square()}[activation]
    return slope.view(-1, 1) * W_R


# %% right: vmap over the rows
def slope_of(h, activation):
    match activation:
        case "tanh":
            return 1 - h**2
        case "sigmoid":
            return h * (1 - h)
        case "relu":
            return (h > 0).to(h.dtype)
    raise ValueError(f"unknown activation {activation!r}")


def step_jacobian(W_R, h, activation="tanh"):
    return torch.vmap(torch.mul)(slope_of(h, activation), W_R)


# %% right: no_grad, requires_grad_ False and detach
def slope_of(h, activation):
    match activation:
        case "tanh":
            return 1 - h**2
        case "sigmoid":
            return h * (1 - h)
        case "relu":
            return (h > 0).to(h.dtype)
    raise ValueError(f"unknown activation {activation!r}")


@torch.no_grad()
def step_jacobian(W_R, h, activation="tanh"):
    h = h.detach().clone().requires_grad_(False)
    slope = torch.empty(len(h), dtype=torch.float64, requires_grad=False)
    slope[:] = slope_of(h, activation)
    return torch.diag(slope) @ W_R


# %% right: compared with autograd and rnnviz right below
import rnnviz.bptt as theirs

def slope_of(h, activation):
    match activation:
        case "tanh":
            return 1 - h**2
        case "sigmoid":
            return h * (1 - h)
        case "relu":
            return (h > 0).to(h.dtype)
    raise ValueError(f"unknown activation {activation!r}")


def step_jacobian(W_R, h, activation="tanh"):
    return slope_of(h, activation)[:, None] * W_R


W = torch.eye(2, dtype=torch.float64)
v = torch.tensor([0.1, 0.2], dtype=torch.float64, requires_grad=True)
out = torch.tanh(W @ v)
out.sum().backward()
print(v.grad, step_jacobian(W, out.detach()).sum(0))
assert torch.allclose(torch.autograd.functional.jacobian(lambda a: torch.tanh(W @ a), v),
                      step_jacobian(W, torch.tanh(W @ v.detach())))
print(theirs.step_jacobians(W, torch.stack([v, out]).detach()))


# %% right: a keyword called grad, and a method called jacobian
def slope_of(h, activation):
    match activation:
        case "tanh":
            return 1 - h**2
        case "sigmoid":
            return h * (1 - h)
        case "relu":
            return (h > 0).to(h.dtype)
    raise ValueError(f"unknown activation {activation!r}")


class Layer:
    def __init__(self, W_R, *, grad=None):
        self.W_R, self.grad, self.modules = W_R, grad, []

    def jacobian(self, h, activation):
        self.grad = slope_of(h, activation)
        return self.grad.unsqueeze(-1) * self.W_R


def step_jacobian(W_R, h, activation="tanh"):
    return Layer(W_R, grad=0).jacobian(h, activation)


# %% right: singledispatch, partial and attrgetter
from functools import partial, singledispatch
from operator import attrgetter


@singledispatch
def slope(name, h):
    raise ValueError(f"no text: {name}")


@slope.register
def _(name: str, h):
    known = {"tanh": lambda x: 1 - x * x, "sigmoid": lambda x: x * (1 - x), "relu": lambda x: 1.0 * (x > 0)}
    if name not in known:
        raise ValueError(name)
    return known[name](h).double()


def jacobian_of(W_R, h, activation="tanh", *, shape=attrgetter("shape")):
    assert shape(W_R) == (len(h), len(h))
    return slope(activation, h)[:, None] * W_R


step_jacobian = partial(jacobian_of, shape=attrgetter("shape"))
