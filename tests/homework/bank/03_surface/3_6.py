# %% right: from the steepest gradient of 3.5
safe_rate = 0.05 / steepest_50

# %% right: closing in once more
low, high = -4.0, -1.0
for _ in range(9):
    b = torch.linspace(low, high, 2001, dtype=torch.float64)
    size = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50))
    best = b[size.argmax()].item()
    low, high = best - (high - low) / 20, best + (high - low) / 20
safe_rate = torch.tensor(0.05, dtype=torch.float64) / size.max()

# %% right: a grid in units of λ^-T around the formula
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = b + my_x0 - my_w * s
longest = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()
safe_rate = 0.05 / longest

# %% right: derivatives carried forward by hand
s = torch.tensor(my_x0, dtype=torch.float64).sigmoid().item()
b = my_x0 - my_w * s + torch.linspace(-1.2, 0.5, 5001).double() * (my_w * s * (1 - s)) ** -50
x, dw, db = torch.full_like(b, my_x0), torch.zeros_like(b), torch.zeros_like(b)
for _ in range(50):
    s = torch.sigmoid(x)
    slope = my_w * s * torch.sigmoid(-x)
    dw, db, x = s + slope * dw, 1 + slope * db, my_w * s + b
s = torch.sigmoid(x)
safe_rate = 0.05 / (2 * (s - 0.7) * s * (1 - s) * torch.sqrt(dw * dw + db * db)).abs().max().item()

# %% right: a rate lowered by one per cent until it is safe
safe_rate = 0.1
while safe_rate * steepest_50 > 0.05:
    safe_rate *= 0.99

# %% right: rounded to three digits
safe_rate = float(f"{0.05 / steepest_50:.3g}")

# %% wrong: only the derivative by b
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = b + my_x0 - my_w * s
longest = gradient(torch.full_like(b, my_w), b, my_x0, 50)[1].abs().max().item()
safe_rate = 0.05 / longest

# %% wrong: the sum of both derivatives as the length
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = b + my_x0 - my_w * s
longest = sum(gradient(torch.full_like(b, my_w), b, my_x0, 50)).abs().max().item()
safe_rate = 0.05 / longest

# %% wrong: a step of 1 allowed
safe_rate = 1 / steepest_50

# %% wrong: the rate 0.1 taken for the length allowed
safe_rate = 0.1 / steepest_50

# %% wrong: the steepest gradient itself as the rate
safe_rate = steepest_50

# %% wrong: the longest step instead of the rate
safe_rate = 0.05 * steepest_50

# %% wrong: the inverse
safe_rate = steepest_50 / 0.05

# %% wrong: the step at rate 0.1 put for the gradient
safe_rate = 0.05 / (0.1 * steepest_50)

# %% wrong: the square root of it
safe_rate = (0.05 / steepest_50) ** 0.5

# %% wrong: safe on the plain, where the gradient is 0.1
safe_rate = 0.05 / 0.1

# %% wrong: the overshooting bound 2 over the gradient
safe_rate = 2 / steepest_50

# %% wrong: T = 30
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 30
b = b + my_x0 - my_w * s
longest = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 30)).max().item()
safe_rate = 0.05 / longest

# %% wrong: one step off, T = 51
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = b + my_x0 - my_w * s
longest = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 51)).max().item()
safe_rate = 0.05 / longest

# %% wrong: a grid that is too coarse
b = torch.linspace(-4, -1, 301, dtype=torch.float64)
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()

# %% wrong: x0 of the lesson
b = 0.5 - 0.6224593312 * my_w + torch.linspace(-1, 1, 3001).double() / (0.2350037 * my_w) ** 50
safe_rate = 0.05 / torch.hypot(*gradient(torch.full_like(b, my_w), b, 0.5, 50)).max().item()

# %% wrong: w misread by 0.05
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 3001, dtype=torch.float64) / ((my_w + 0.05) * s * (1 - s)) ** 50
b = b + my_x0 - (my_w + 0.05) * s
longest = torch.hypot(*gradient(torch.full_like(b, my_w + 0.05), b, my_x0, 50)).max().item()
safe_rate = 0.05 / longest

# %% wrong: at the wall of the formula only, not at the steepest place
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
here = torch.tensor([[my_w], [my_x0 - my_w * s]], dtype=torch.float64)
safe_rate = 0.05 / torch.hypot(*gradient(*here, my_x0, 50)).item()

# %% wrong: halved once more than is needed
safe_rate = 0.1
while safe_rate * steepest_50 > 0.05:
    safe_rate = safe_rate / 2
safe_rate = safe_rate / 2

# %% wrong: the number of halvings instead of the rate
import math

safe_rate = math.ceil(math.log2(0.1 * steepest_50 / 0.05))

# %% wrong: a text
safe_rate = f"{0.05 / steepest_50:.3g}"

# %% wrong: not a number
safe_rate = float("nan")

# %% wrong: nothing
safe_rate = None
