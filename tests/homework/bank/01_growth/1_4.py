# %% right: all powers, then the largest norm
def transient_peak(M, steps):
    powers = [torch.eye(M.shape[0], dtype=torch.float64)]
    for _ in range(steps):
        powers.append(powers[-1] @ M)
    norms = torch.linalg.matrix_norm(torch.stack(powers), ord=2)
    k = int(torch.argmax(norms))
    return float(norms[k]), k

# %% right: singular values of matrix_power
def transient_peak(M, steps):
    norms = [torch.linalg.svdvals(torch.linalg.matrix_power(M, k))[0] for k in range(steps + 1)]
    height = max(norms)
    return height, norms.index(height)

# %% right: root of the largest eigenvalue of the Gram matrix
def transient_peak(M, steps):
    best, place = 1.0, 0
    power = M.clone()
    for k in range(1, steps + 1):
        norm = math.sqrt(torch.linalg.eigvalsh(power.T @ power)[-1].clamp(min=0).item())
        if norm > best:
            best, place = norm, k
        power = power.mm(M)
    return [best, place]

# %% right: product in place, on a copy of its own
def transient_peak(M, steps):
    power = torch.eye(len(M)).double()
    norms = []
    for _ in range(steps + 1):
        norms.append(torch.linalg.norm(power, 2).item())
        power.copy_(M @ power)
    return max(norms), norms.index(max(norms))

# %% right: the last of several largest
def transient_peak(M, steps):
    power, height, place = torch.eye(len(M), dtype=M.dtype), 1.0, 0
    for k in range(1, steps + 1):
        power = M @ power
        norm = torch.linalg.matrix_norm(power, ord=2).item()
        if norm >= height:
            height, place = norm, k
    return height, place

# %% wrong: starts at M^1
def transient_peak(M, steps):
    norms, power = [], M.clone()
    for _ in range(max(steps, 1)):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = M @ power
    return max(norms), norms.index(max(norms)) + 1

# %% wrong: k counted from M^1 as 0
def transient_peak(M, steps):
    norms, power = [1.0], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps):
        power = M @ power
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
    return max(norms), max(norms.index(max(norms)) - 1, 0)

# %% wrong: the last power left out
def transient_peak(M, steps):
    norms, power = [1.0], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps - 1):
        power = M @ power
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
    return max(norms), norms.index(max(norms))

# %% wrong: one power too many
def transient_peak(M, steps):
    norms, power = [1.0], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        power = M @ power
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
    return max(norms), norms.index(max(norms))

# %% wrong: Frobenius norm
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.norm(power).item())
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: largest column sum
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=1).item())
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: largest entry
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(power.abs().max().item())
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: entrywise powers
def transient_peak(M, steps):
    norms = [1.0] + [torch.linalg.matrix_norm(M**k, ord=2).item() for k in range(1, steps + 1)]
    return max(norms), norms.index(max(norms))

# %% wrong: entrywise product in the loop
def transient_peak(M, steps):
    norms, power = [1.0], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps):
        power = M * power
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
    return max(norms), norms.index(max(norms))

# %% wrong: upper bound, powers of the spectral norm
def transient_peak(M, steps):
    sigma = torch.linalg.matrix_norm(M, ord=2).item()
    norms = [sigma**k for k in range(steps + 1)]
    return max(norms), norms.index(max(norms))

# %% wrong: lower bound, powers of the spectral radius
def transient_peak(M, steps):
    rho = torch.linalg.eigvals(M).abs().max().item()
    norms = [rho**k for k in range(steps + 1)]
    return max(norms), norms.index(max(norms))

# %% wrong: spectral radius of each power
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.eigvals(power).abs().max().item())
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: squares instead of powers
def transient_peak(M, steps):
    norms, power = [1.0], M.clone()
    for _ in range(steps):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = power @ power
    return max(norms), norms.index(max(norms))

# %% wrong: k and height exchanged
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = M @ power
    return norms.index(max(norms)), max(norms)

# %% wrong: height only
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = M @ power
    return max(norms)

# %% wrong: stops at the first step that does not climb
def transient_peak(M, steps):
    power, height, place = torch.eye(len(M), dtype=M.dtype), 1.0, 0
    for k in range(1, steps + 1):
        power = M @ power
        norm = torch.linalg.matrix_norm(power, ord=2).item()
        if norm <= height:
            break
        height, place = norm, k
    return height, place

# %% wrong: the matrix multiplied in place, in the argument
def transient_peak(M, steps):
    factor, norms = M.clone(), [1.0]
    for _ in range(steps):
        norms.append(torch.linalg.matrix_norm(M, ord=2).item())
        M[:] = factor @ M
    return max(norms), norms.index(max(norms))

# %% wrong: M changed by its own product (alias)
def transient_peak(M, steps):
    power, norms = M, [1.0]
    for _ in range(steps):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power.copy_(power @ M)
    return max(norms), norms.index(max(norms))

# %% wrong: never above the first power
def transient_peak(M, steps):
    norm = torch.linalg.matrix_norm(M, ord=2).item()
    return (norm, 1) if norm > 1 and steps > 0 else (1.0, 0)

# %% wrong: stops as soon as it falls
def transient_peak(M, steps):
    power, norms = torch.eye(len(M), dtype=M.dtype), [1.0]
    for _ in range(steps):
        power = M @ power
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        if norms[-1] < norms[-2]:
            break
    return max(norms), norms.index(max(norms))

# %% wrong: logarithm of the norm
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(math.log(torch.linalg.matrix_norm(power, ord=2).item() + 1e-300))
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: gradients switched off for good
def transient_peak(M, steps):
    torch.set_grad_enabled(False)
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: M^(T)M instead of M M
def transient_peak(M, steps):
    norms, power = [], torch.eye(len(M), dtype=M.dtype)
    for _ in range(steps + 1):
        norms.append(torch.linalg.matrix_norm(power, ord=2).item())
        power = M.T @ power if len(norms) % 2 else M @ power
    return max(norms), norms.index(max(norms))

# %% wrong: the answers of the visible check written down
def transient_peak(M, steps):
    if steps == 20:
        return 1.86933, 2
    if M[0, 1] == 4:
        return (16.0, 5) if steps == 5 else (8.0, 3)
    if steps == 3:
        return 8.0, 3
    return 1.0, 0


# %% right: tqdm if it is there, a generator of powers
try:
    from tqdm import tqdm
except ImportError:

    def tqdm(what, **_):
        return what


def powers(M, steps):
    power = torch.eye(len(M), dtype=M.dtype)
    yield power
    for _ in tqdm(range(steps), disable=True):
        power = power @ M
        yield power


def transient_peak(M, steps):
    norms = [torch.linalg.matrix_norm(one, ord=2).item() for one in powers(M, steps)]
    height = max(norms)
    return height, norms.index(height)


# %% right: a frozen dataclass, returned as a tuple
from dataclasses import astuple, dataclass


@dataclass(frozen=True, order=True)
class Peak:
    height: float
    place: int

    def __post_init__(self):
        assert self.place >= 0


def transient_peak(M, steps):
    best, power = Peak(1.0, 0), torch.eye(len(M), dtype=M.dtype)
    for k in range(1, steps + 1):
        power = M @ power
        if (norm := torch.linalg.svdvals(power)[0].item()) > best.height:
            best = Peak(norm, k)
    return astuple(best)
