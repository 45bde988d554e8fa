# %% right: closing in, and a logarithm
import math

low, high = -4.0, -1.0
for _ in range(9):
    b = torch.linspace(low, high, 2001, dtype=torch.float64)
    size = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50))
    best = b[size.argmax()].item()
    low, high = best - (high - low) / 20, best + (high - low) / 20
safe_rate = 0.05 / size.max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% right: grid in units of λ^-T, halved in a loop, as tensors
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64))
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.stack(gradient(torch.full_like(b, my_w), b, my_x0, 50)).norm(dim=0).max()
halvings = torch.tensor(0)
while 0.1 * 0.5**halvings > safe_rate:
    halvings = halvings + 1

# %% right: derivatives carried forward by hand
s = torch.tensor(my_x0, dtype=torch.float64).sigmoid().item()
b = my_x0 - my_w * s + torch.linspace(-1.2, 0.5, 5001).double() * (my_w * s * (1 - s)) ** -50
x, dw, db = torch.full_like(b, my_x0), torch.zeros_like(b), torch.zeros_like(b)
for _ in range(50):
    s = torch.sigmoid(x)
    slope = my_w * s * torch.sigmoid(-x)
    dw, db, x = s + slope * dw, 1 + slope * db, my_w * s + b
s = torch.sigmoid(x)
longest = (2 * (s - 0.7) * s * (1 - s) * torch.sqrt(dw * dw + db * db)).abs().max().item()
safe_rate, halvings = 0.05 / longest, 0
while 0.1 / 2**halvings * longest > 0.05:
    halvings += 1
halvings = float(halvings)

# %% right: the smallest of many windows, rounded to three digits
best = 1.0
s = torch.tensor(my_x0, dtype=torch.float64).sigmoid().item()
for k in range(1, 9):
    b = my_x0 - my_w * s + torch.linspace(-1, 1, 2001, dtype=torch.float64) * 10.0**-k
    best = min(best, 0.05 / torch.hypot(*gradient(b * 0 + my_w, b, my_x0, 50)).max().item())
safe_rate = float(f"{best:.3g}")
halvings = next(k for k in range(100) if 0.1 / 2**k <= safe_rate)

# %% wrong: only the derivative by b
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / gradient(torch.full_like(b, my_w), b, my_x0, 50)[1].abs().max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: the sum of both derivatives as the length
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / sum(gradient(torch.full_like(b, my_w), b, my_x0, 50)).abs().max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: a step of 1 allowed
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 1 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: the steepest gradient itself as the rate
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = 0

# %% wrong: T = 30
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 30
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 30)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: one step off, T = 51
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 51)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: a grid that is too coarse
import math

b = torch.linspace(-4, -1, 301, dtype=torch.float64)
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: x0 of the notebook
import math

b = 0.5 - 0.6224593312 * my_w + torch.linspace(-1, 1, 3001).double() / (0.2350037 * my_w) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, 0.5, 50)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: somebody else's network
import math

other = checks.personal("someone else")
w, x0 = other.uniform("w", 5.05, 5.5), other.uniform("x0", 0.2, 0.42)
s = torch.sigmoid(torch.tensor(x0, dtype=torch.float64)).item()
b = x0 - w * s + torch.linspace(-1, 1, 3001).double() / (w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, w), b, x0, 50)).max().item()
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: halvings counted from the rate 1
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log2(1 / safe_rate))

# %% wrong: powers of ten counted instead of halvings
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log10(0.1 / safe_rate))

# %% wrong: natural logarithm
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log(0.1 / safe_rate))

# %% wrong: the factor instead of the number of halvings
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = int(0.1 / safe_rate)

# %% wrong: halvings not rounded to a whole number
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.log2(0.1 / safe_rate)

# %% wrong: the halved rate instead of the largest one
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
halvings = math.ceil(math.log2(0.1 / rate))
safe_rate = 0.05 / 2**halvings

# %% wrong: texts
safe_rate, halvings = "4e-6", "15"

# %% wrong: not a number
safe_rate, halvings = float("nan"), 12

# %% wrong: nothing
safe_rate = halvings = None

# %% wrong: the rate 0.1 taken for the length allowed
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
longest = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
safe_rate = 0.1 / longest
halvings = math.ceil(math.log2(0.1 / safe_rate))

# %% wrong: at the wall of the formula only, not at the steepest place
import math

s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(-1, 1, 3001).double() / (my_w * s * (1 - s)) ** 50
longest = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
safe_rate = 0.05 / torch.hypot(*gradient(*torch.tensor([[my_w], [my_x0 - my_w * s]]).double(), my_x0, 50)).item()
halvings = math.ceil(math.log2(0.1 / safe_rate))
