# %% right: closed form by logarithms
power = W_mine.clone()
for _ in range(K_mine - 1):
    power = W_mine @ power
log_norm = math.log(torch.linalg.svdvals(power)[0].item())
scale_for_share = math.exp((math.log(q_mine) - log_norm) / K_mine)

# %% right: bisection on the scale
low, high = 0.0, 50.0
for _ in range(60):
    middle = (low + high) / 2
    norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(middle * W_mine, K_mine), ord=2)
    if norm < q_mine:
        low = middle
    else:
        high = middle
scale_for_share = high

# %% right: with rnnviz, rounded to four decimals
from rnnviz import growth

log_norm = growth.matrix_growth(W_mine, K_mine).log_norms[K_mine].item()
scale_for_share = round(math.exp((math.log(q_mine) - log_norm) / K_mine), 4)

# %% right: patient trying, digit by digit
scale_for_share, digit = 0.0, 1.0
while digit > 5e-5:
    trial = (scale_for_share + digit) * W_mine
    if torch.linalg.matrix_norm(torch.linalg.matrix_power(trial, K_mine), ord=2) <= q_mine:
        scale_for_share += digit
    else:
        digit /= 10

# %% right: a 0-d tensor
norm = torch.linalg.svdvals(torch.linalg.matrix_power(W_mine, K_mine)).max()
scale_for_share = (q_mine / norm).pow(1 / K_mine)

# %% wrong: the critical scale of the long run
scale_for_share = 1 / torch.linalg.eigvals(W_mine).abs().max().item()

# %% wrong: long run with the share, the constant forgotten
scale_for_share = q_mine ** (1 / K_mine) / torch.linalg.eigvals(W_mine).abs().max().item()

# %% wrong: bound from the spectral norm
scale_for_share = q_mine ** (1 / K_mine) / torch.linalg.matrix_norm(W_mine, ord=2).item()

# %% wrong: share 1 instead of q
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = norm ** (-1 / K_mine)

# %% wrong: the root forgotten
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = q_mine / norm

# %% wrong: power K + 1, root K
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine + 1), ord=2).item()
scale_for_share = (q_mine / norm) ** (1 / K_mine)

# %% wrong: power K, root K + 1
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = (q_mine / norm) ** (1 / (K_mine + 1))

# %% wrong: entrywise power
norm = torch.linalg.matrix_norm(W_mine**K_mine, ord=2).item()
scale_for_share = (q_mine / norm) ** (1 / K_mine)

# %% wrong: the share in percent
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = (100 * q_mine / norm) ** (1 / K_mine)

# %% wrong: the largest entry instead of the norm
norm = torch.linalg.matrix_power(W_mine, K_mine).abs().max().item()
scale_for_share = (q_mine / norm) ** (1 / K_mine)

# %% wrong: two decimals only, cut off
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = math.floor(100 * (q_mine / norm) ** (1 / K_mine) - 0.02) / 100

# %% wrong: the inverse
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = (norm / q_mine) ** (1 / K_mine)

# %% wrong: the number of another student
other = checks.Personal("someone else")
other_W = other.uniform("1.5 strength", 0.06, 0.15) * other.tensor("1.5 W_R", 12, 12)
other_K, other_q = other.integer("1.5 steps", 20, 40), other.integer("1.5 share", 3, 30) / 100
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(other_W, other_K), ord=2).item()
scale_for_share = (other_q / norm) ** (1 / other_K)

# %% wrong: a text
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = f"{(q_mine / norm) ** (1 / K_mine):.4f}"

# %% wrong: NaN from the logarithm of a negative number
scale_for_share = torch.tensor(-q_mine).log().item()

# %% wrong: left as None
scale_for_share = None

# %% wrong: negative sign
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = -((q_mine / norm) ** (1 / K_mine))

# %% wrong: half a percent off
norm = torch.linalg.matrix_norm(torch.linalg.matrix_power(W_mine, K_mine), ord=2).item()
scale_for_share = 1.005 * (q_mine / norm) ** (1 / K_mine)

# %% wrong: a plausible guess
scale_for_share = 3.0
