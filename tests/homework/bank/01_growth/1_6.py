# %% right: repeated products
power, norms = torch.eye(2, dtype=torch.float64), []
for k in range(1001):
    norms.append(torch.linalg.matrix_norm(power, ord=2).item())
    power = M_mine @ power
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = max(k for k, norm in enumerate(norms) if norm >= 1) + 1

# %% right: with rnnviz, rounded to four significant digits
from rnnviz import growth

norms = growth.matrix_growth(M_mine, 600).norms
peak_height = float(f"{norms.max().item():.4g}")
peak_step = int(norms.argmax())
quiet_step = int((norms >= 1).nonzero().max()) + 1

# %% right: from the entries of the powers
norms = []
for k in range(500):
    corner = sum(a_mine ** (k - 1 - i) * b_mine**i for i in range(k)) * c_mine
    power = torch.tensor([[a_mine**k, corner], [0.0, b_mine**k]], dtype=torch.float64)
    norms.append(torch.linalg.svdvals(power)[0])
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 500) if norms[k] < 1)

# %% right: walking down from the far end, floats that are whole
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = sorted(norms)[-1]
peak_step = float(norms.index(peak_height))
quiet_step = 400.0
while norms[int(quiet_step) - 1] < 1:
    quiet_step -= 1

# %% wrong: peak after too few steps
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(4)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = 4

# %% wrong: peak step counted from 1
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height) + 1
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: the last loud step instead of the first quiet one
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 401) if norms[k] < 1) - 1

# %% wrong: spectral norm of M taken for the peak
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = norms[1]
peak_step = 1
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: the powers of the spectral radius
peak_height = 1.0
peak_step = 0
quiet_step = 1

# %% wrong: entrywise powers
norms = [1.0] + [torch.linalg.norm(M_mine**k, 2).item() for k in range(1, 100)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = 100

# %% wrong: the matrix of the lesson
M = torch.tensor([[0.9, 10.0], [0.0, 0.9]], dtype=torch.float64)
norms = [torch.linalg.norm(torch.linalg.matrix_power(M, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: formula for two equal eigenvalues
norms = [c_mine * k * a_mine ** (k - 1) for k in range(1, 401)]
peak_height = max(norms)
peak_step = norms.index(peak_height) + 1
quiet_step = next(k for k in range(1, 401) if k > 2 and norms[k - 1] < 1)

# %% wrong: logarithm of the height
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = math.log10(max(norms))
peak_step = norms.index(max(norms))
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: quiet counted from the peak
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 401) if norms[k] < 1) - peak_step

# %% wrong: height rounded to a whole number
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = math.floor(max(norms) - 0.1)
peak_step = norms.index(max(norms))
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: step and height exchanged
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_step = max(norms)
peak_height = norms.index(peak_step)
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: the numbers of another student
other = checks.Personal("someone else")
a, b = other.uniform("1.6 a", 0.91, 0.95), other.uniform("1.6 b", 0.8, 0.89)
M = torch.tensor([[a, other.uniform("1.6 c", 4, 12)], [0.0, b]], dtype=torch.float64)
norms = [torch.linalg.norm(torch.linalg.matrix_power(M, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 401) if norms[k] < 1)

# %% wrong: texts
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = f"{max(norms):.4f}"
peak_step = str(norms.index(max(norms)))
quiet_step = "late"

# %% wrong: quiet step is NaN
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = math.nan

# %% wrong: quiet step from the spectral radius
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = math.ceil(math.log(1 / c_mine) / math.log(max(a_mine, b_mine)))

# %% wrong: quiet before the climb
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = 0

# %% wrong: quiet as soon as it falls
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = peak_step + 1

# %% wrong: a plausible guess
peak_height, peak_step, quiet_step = 40.0, 9, 70

# %% wrong: quiet below a tenth
norms = [torch.linalg.norm(torch.linalg.matrix_power(M_mine, k), 2).item() for k in range(401)]
peak_height = max(norms)
peak_step = norms.index(peak_height)
quiet_step = next(k for k in range(1, 401) if norms[k] < 0.1)
