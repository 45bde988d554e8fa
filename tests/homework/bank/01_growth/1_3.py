# %% right: largest modulus of the eigenvalues
def critical_scale(W_R):
    eigenvalues = torch.linalg.eigvals(W_R)
    rho = max(abs(value) for value in eigenvalues.tolist())
    if rho < 1e-12 * float(W_R.abs().max()) or rho == 0:
        raise ValueError("nilpotent")
    return 1.0 / rho

# %% right: real and imaginary parts by hand, result a 0-d tensor
def critical_scale(W_R):
    values = torch.linalg.eig(W_R).eigenvalues
    squares = values.real**2 + values.imag**2
    if not bool((squares > 0).any()):
        raise ValueError("every eigenvalue is zero")
    return 1 / squares.max().sqrt()

# %% right: Gelfand's formula by repeated squaring
def critical_scale(W_R):
    power, log_norm, count = W_R.clone(), 0.0, 1
    for _ in range(40):
        norm = torch.linalg.norm(power).item()
        if norm == 0:
            raise ValueError("a power is zero")
        power = power / norm
        log_norm += math.log(norm) / count
        power = power @ power
        count *= 2
    return math.exp(-log_norm)

# %% right: eigenvalues of the largest-entry-normalised matrix
def critical_scale(W_R):
    size = W_R.abs().max()
    if size == 0:
        raise ValueError("W_R is zero")
    radius = torch.view_as_real(torch.linalg.eigvals(W_R / size)).norm(dim=1).max()
    if radius < 1e-14:
        raise ValueError("W_R is nilpotent")
    return (1 / (size * radius)).item()

# %% wrong: spectral norm instead of spectral radius
def critical_scale(W_R):
    norm = torch.linalg.matrix_norm(W_R, ord=2).item()
    if norm == 0:
        raise ValueError("zero")
    return 1 / norm

# %% wrong: Frobenius norm
def critical_scale(W_R):
    norm = torch.linalg.norm(W_R).item()
    if norm == 0:
        raise ValueError("zero")
    return 1 / norm

# %% wrong: largest real part
def critical_scale(W_R):
    largest = torch.linalg.eigvals(W_R).real.max().item()
    if largest == 0:
        raise ValueError("zero")
    return 1 / largest

# %% wrong: modulus of the real parts only
def critical_scale(W_R):
    largest = torch.linalg.eigvals(W_R).real.abs().max().item()
    if largest < 1e-12:
        raise ValueError("zero")
    return 1 / largest

# %% wrong: eigenvalues of the symmetric kind
def critical_scale(W_R):
    largest = torch.linalg.eigvalsh(W_R).abs().max().item()
    if largest == 0:
        raise ValueError("zero")
    return 1 / largest

# %% wrong: the radius itself, not its inverse
def critical_scale(W_R):
    radius = torch.linalg.eigvals(W_R).abs().max().item()
    if radius == 0:
        raise ValueError("zero")
    return radius

# %% wrong: average modulus
def critical_scale(W_R):
    mean = torch.linalg.eigvals(W_R).abs().mean().item()
    if mean == 0:
        raise ValueError("zero")
    return 1 / mean

# %% wrong: smallest modulus
def critical_scale(W_R):
    smallest = torch.linalg.eigvals(W_R).abs().min().item()
    if smallest == 0:
        raise ValueError("zero")
    return 1 / smallest

# %% wrong: root of the determinant
def critical_scale(W_R):
    root = torch.linalg.det(W_R).abs().item() ** (1 / len(W_R))
    if root == 0:
        raise ValueError("zero")
    return 1 / root

# %% wrong: first eigenvalue in the list
def critical_scale(W_R):
    first = torch.linalg.eigvals(W_R)[0].abs().item()
    if first == 0:
        raise ValueError("zero")
    return 1 / first

# %% wrong: inf where there is none
def critical_scale(W_R):
    return (1 / torch.linalg.eigvals(W_R).abs().max()).item()

# %% wrong: ZeroDivisionError where there is none
def critical_scale(W_R):
    return 1 / torch.linalg.eigvals(W_R).abs().max().item()

# %% wrong: ValueError only for W_R = 0
def critical_scale(W_R):
    if not W_R.any():
        raise ValueError("zero")
    return (1 / torch.linalg.eigvals(W_R).abs().max()).item()

# %% wrong: scales the argument in place
def critical_scale(W_R):
    radius = torch.linalg.eigvals(W_R).abs().max().item()
    if radius == 0:
        raise ValueError("zero")
    W_R /= radius
    return 1 / radius

# %% wrong: complex number returned
def critical_scale(W_R):
    values = torch.linalg.eigvals(W_R)
    largest = values[values.abs().argmax()]
    if largest.abs() == 0:
        raise ValueError("zero")
    return 1 / largest

# %% wrong: the scaled matrix returned
def critical_scale(W_R):
    radius = torch.linalg.eigvals(W_R).abs().max().item()
    if radius == 0:
        raise ValueError("zero")
    return W_R / radius

# %% wrong: root of the norm of a low power
def critical_scale(W_R):
    norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_R, 10), ord=2).item()
    if norm == 0:
        raise ValueError("zero")
    return norm ** (-1 / 10)

# %% wrong: power iteration that needs a real dominant eigenvalue
def critical_scale(W_R):
    v = torch.ones(len(W_R), dtype=W_R.dtype)
    for _ in range(200):
        w = W_R @ v
        if w.norm() == 0:
            raise ValueError("zero")
        v = w / w.norm()
    return 1 / abs((v @ W_R @ v).item())

# %% wrong: random start, global seed left behind
def critical_scale(W_R):
    torch.manual_seed(0)
    torch.randn(len(W_R))
    radius = torch.linalg.eigvals(W_R).abs().max().item()
    if radius == 0:
        raise ValueError("zero")
    return 1 / radius

# %% wrong: a nilpotent matrix has critical scale 1
def critical_scale(W_R):
    if not W_R.any():
        raise ValueError("zero")
    radius = torch.linalg.eigvals(W_R).abs().max().item()
    return 1 / radius if radius > 0 else 1.0


# %% right: a class that is called, with a Protocol
from typing import Protocol, TypeAlias

Matrix: TypeAlias = torch.Tensor


class Scale(Protocol):
    def __call__(self, W_R: Matrix) -> float: ...


class Critical:
    """Keeps what it has seen."""

    def __init__(self):
        self.grad = None
        self._seen: list = []

    def backward(self):
        return self._seen[::-1]

    def __call__(self, W_R):
        radius = torch.linalg.eigvals(W_R).abs().max().item()
        self._seen.append(radius)
        if radius == 0:
            raise ValueError("no scale")
        return 1 / radius


critical_scale: Scale = Critical()


# %% right: numpy, printed with pprint and the type told
import pprint

import numpy as np


def critical_scale(W_R):
    values = np.linalg.eigvals(np.asarray(W_R))
    if not np.abs(values).max():
        raise ValueError(f"{type(W_R).__name__}: all eigenvalues are zero")
    return float(1 / np.abs(values).max())


example = critical_scale(torch.eye(2, dtype=torch.float64))
print(type(example))
pprint.pprint({"example": example})
