# %% right: round 1 as given, then a loop
def lengths_at(b, steps=50):
    """Return the length of the gradient at each bias of a grid, with your w and x0."""
    return torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, steps))


# Round 1.
grid = torch.linspace(-4, -1, 101, dtype=torch.float64)
lengths = lengths_at(grid)
place = grid[lengths.argmax()].item()
print(f"round 1: {lengths.max():.3g} at b = {place:.2f}")
width = 3.0
for round in range(2, 9):
    width = width / 10
    grid = torch.linspace(place - width / 2, place + width / 2, 101, dtype=torch.float64)
    lengths = lengths_at(grid)
    place = grid[lengths.argmax()].item()
    print(round, place, lengths.max())
steepest_50 = lengths.max()

# %% right: windows that close in from far away
low, high = -4.0, -1.0
while high - low > 1e-8:
    b = torch.linspace(low, high, 2001, dtype=torch.float64)
    size = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50))
    best = b[size.argmax()].item()
    low, high = best - (high - low) / 20, best + (high - low) / 20
steepest_50 = size.max().item()

# %% right: eight rounds of 101, one calling the next
def steepest(T, low=-4.0, high=-1.0, rounds=8):
    b = torch.linspace(low, high, 101, dtype=torch.float64)
    size = torch.stack(gradient(0 * b + my_w, b, my_x0, T)).norm(dim=0)
    top, place = size.max(dim=0)
    if rounds == 1:
        return top
    half = (high - low) / 20
    return steepest(T, b[place].item() - half, b[place].item() + half, rounds - 1)


steepest_50 = steepest(50)

# %% right: a grid in units of λ^-T around the formula
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-1, 1, 4001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = my_x0 - my_w * s + b
steepest_50 = torch.stack(gradient(torch.full_like(b, my_w), b, my_x0, 50)).norm(dim=0).max()

# %% right: the distances of figure 1, with the functions of 3.1 to 3.3
distance = torch.logspace(-8.5, -0.5, 4000, dtype=torch.float64)
w_ = torch.full_like(distance, my_w)
x0_ = torch.full_like(distance, my_x0)
steepest_50 = 0.0
for side in (-1, 1):
    x_, dw_, db_, _ = forward_mode(w_, wall(w_, x0_) + side * distance, x0_, 50)
    _, dw_, db_ = error_and_gradient(x_, dw_, db_)
    steepest_50 = max(steepest_50, (dw_**2 + db_**2).sqrt().max().item())

# %% right: derivatives carried forward, the place of the jump by bisection
def size_at(b, T):
    x = torch.full_like(b, my_x0)
    dw = db = torch.zeros_like(b)
    for _ in range(T):
        s = torch.sigmoid(x)
        k = my_w * s * (1 - s)
        x, dw, db = my_w * s + b, s + k * dw, 1 + k * db
    s = torch.sigmoid(x)
    return 2 * (s - 0.7).abs() * s * (1 - s) * torch.sqrt(dw**2 + db**2)


low, high = -3.5, -1.5
while high - low > 1e-12:
    middle = (low + high) / 2
    end = last_state(torch.tensor(my_w).double(), torch.tensor(middle).double(), my_x0, 400)
    low, high = (middle, high) if end < my_x0 else (low, middle)
steepest_50 = 0.0
for width in (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6):
    b = low + torch.linspace(-width, width, 1001, dtype=torch.float64)
    steepest_50 = max(steepest_50, size_at(b, 50).max().item())

# %% right: a walk uphill with ever smaller steps, rounded to four digits
grid = torch.linspace(-3.2, -2.0, 4001, dtype=torch.float64)
place = grid[torch.hypot(*gradient(0 * grid + my_w, grid, my_x0, 50)).argmax()].item()
for digit in range(3, 11):
    fine = place + torch.arange(-40, 41, dtype=torch.float64) * 2.0 * 10.0**-digit / 10
    size, k = torch.hypot(*gradient(0 * fine + my_w, fine, my_x0, 50)).max(dim=0)
    place = fine[k].item()
steepest_50 = float(f"{size.item():.4g}")

# %% wrong: a grid that is too coarse
b = torch.linspace(-4, -1, 301, dtype=torch.float64)
steepest_50 = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()

# %% wrong: a fine grid that is still too coarse
b = torch.linspace(-4, -1, 30001, dtype=torch.float64)
steepest_50 = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()

# %% wrong: only the round that was given
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(1):
        b = torch.linspace(low, high, 101, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1]

# %% wrong: three rounds only
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(3):
        b = torch.linspace(low, high, 101, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1]

# %% wrong: λ to the power of 20
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
steepest_50 = (my_w * s * (1 - s)) ** 20

# %% wrong: an ordinary grid with T = 10, continued with λ
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-4, -1, 3001, dtype=torch.float64)
at = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 10)).max().item()
steepest_50 = at * (my_w * s * (1 - s)) ** 40

# %% wrong: an ordinary grid with T = 20, continued with λ
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-4, -1, 3001, dtype=torch.float64)
at = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 20)).max().item()
steepest_50 = at * (my_w * s * (1 - s)) ** 30

# %% wrong: an ordinary grid with T = 30, continued with λ
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(-4, -1, 3001, dtype=torch.float64)
at = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 30)).max().item()
steepest_50 = at * (my_w * s * (1 - s)) ** 20

# %% wrong: the growth from T = 30
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(50)[1] / steepest(30)[1]

# %% wrong: T = 30
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(30)[1]

# %% wrong: T = 49
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(49)[1]

# %% wrong: T = 51
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(51)[1]

# %% wrong: the place instead of the length
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[0]

# %% wrong: the square of the length
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1] ** 2

# %% wrong: only the derivative by b
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = gradient(torch.full_like(b, w), b, x0, T)[1].abs()
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1]

# %% wrong: only the derivative by w
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = gradient(torch.full_like(b, w), b, x0, T)[0].abs()
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1]

# %% wrong: the sum of both derivatives as the length
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = sum(gradient(torch.full_like(b, w), b, x0, T)).abs()
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest()[1]

# %% wrong: the gradient of the state instead of the error
low, high = -4.0, -1.0
for _ in range(9):
    b = torch.linspace(low, high, 401, dtype=torch.float64)
    x, dw, db = torch.full_like(b, my_x0), torch.zeros_like(b), torch.zeros_like(b)
    for _ in range(50):
        s = torch.sigmoid(x)
        slope = my_w * s * (1 - s)
        x, dw, db = my_w * s + b, s + slope * dw, 1 + slope * db
    size = torch.hypot(dw, db)
    best, half = b[size.argmax()].item(), (high - low) / 20
    low, high = best - half, best + half
steepest_50 = size.max().item()

# %% wrong: at the bias of the formula only
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
here = torch.tensor([[my_w], [my_x0 - my_w * s]], dtype=torch.float64)
steepest_50 = torch.hypot(*gradient(*here, my_x0, 50)).item()

# %% wrong: the second peak, above the wall
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = torch.linspace(0.12, 2, 4001, dtype=torch.float64) / (my_w * s * (1 - s)) ** 50
b = b + my_x0 - my_w * s
steepest_50 = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 50)).max().item()

# %% wrong: w misread by 0.05
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(50, w=my_w + 0.05)[1]

# %% wrong: x0 of the lesson
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(50, x0=0.5)[1]

# %% wrong: w of the lesson
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = steepest(50, w=5.0)[1]

# %% wrong: the number of the lesson
steepest_50 = 6773

# %% wrong: a text
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


steepest_50 = f"{steepest()[1]:.0f}"

# %% wrong: not a number
steepest_50 = float("nan")

# %% wrong: infinite
steepest_50 = float("inf")

# %% wrong: nothing
steepest_50 = None

# %% wrong: the whole last grid instead of a number
def steepest(T=50, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size


steepest_50 = steepest()[1]
