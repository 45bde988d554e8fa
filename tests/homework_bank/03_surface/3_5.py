# %% right: windows that close in from far away
def steepest(T):
    low, high = -4.0, -1.0
    while high - low > 1e-8:
        b = torch.linspace(low, high, 2001, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, T))
        best = b[size.argmax()].item()
        low, high = best - (high - low) / 20, best + (high - low) / 20
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = steepest(50)[1] / steepest(30)[1]

# %% right: eight rounds of 101, as the text says
def steepest(T, low=-4.0, high=-1.0, rounds=8):
    b = torch.linspace(low, high, 101, dtype=torch.float64)
    size = torch.stack(gradient(0 * b + my_w, b, my_x0, T)).norm(dim=0)
    top, place = size.max(dim=0)
    if rounds == 1:
        return top, b[place]
    half = (high - low) / 20
    return steepest(T, b[place].item() - half, b[place].item() + half, rounds - 1)


(_, place_10), (at_30, _), (at_50, _) = steepest(10), steepest(30), steepest(50)
growth = at_50 / at_30

# %% right: one grid for the place, and one in units of λ^-T around the formula
s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
sizes = {}
for T in (30, 50):
    b = my_x0 - my_w * s + torch.linspace(-1, 1, 4001).double() / (my_w * s * (1 - s)) ** T
    sizes[T] = torch.stack(gradient(torch.full_like(b, my_w), b, my_x0, T)).norm(dim=0).max()
growth = sizes[50] / sizes[30]
b = torch.arange(-3.5, -2, 0.001, dtype=torch.float64)
place_10 = round(b[torch.hypot(*gradient(b * 0 + my_w, b, my_x0, 10)).argmax()].item(), 3)

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
best = {10: (0.0, 0.0), 30: (0.0, 0.0), 50: (0.0, 0.0)}
for T in best:
    for width in (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6):
        b = low + torch.linspace(-width, width, 1001, dtype=torch.float64)
        size, k = size_at(b, T).max(dim=0)
        best[T] = max(best[T], (size.item(), b[k].item()))
place_10 = best[10][1]
growth = best[50][0] / best[30][0]

# %% right: a walk uphill with ever smaller steps from the coarse place
tops = {}
for T in (10, 30, 50):
    grid = torch.linspace(-3.2, -2.0, 4001, dtype=torch.float64)
    place = grid[torch.hypot(*gradient(0 * grid + my_w, grid, my_x0, T)).argmax()].item()
    for digit in range(3, 11):
        fine = place + torch.arange(-40, 41, dtype=torch.float64) * 2.0 * 10.0**-digit / 10
        size, k = torch.hypot(*gradient(0 * fine + my_w, fine, my_x0, T)).max(dim=0)
        place = fine[k].item()
    tops[T] = (place, size.item())
place_10 = torch.tensor(tops[10][0])
growth = tops[50][1] / tops[30][1]

# %% wrong: a grid that is too coarse
b = torch.linspace(-4, -1, 301, dtype=torch.float64)
sizes = [torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, T)) for T in (10, 30, 50)]
place_10 = b[sizes[0].argmax()].item()
growth = (sizes[2].max() / sizes[1].max()).item()

# %% wrong: three rounds only
def steepest(T):
    low, high = -4.0, -1.0
    for _ in range(3):
        b = torch.linspace(low, high, 101, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the place by the formula of the wall
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = my_x0 - my_w * s
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the place with T = 50
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(50)[0]
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the place with T = 11
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(11)[0]
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the distance from the wall instead of the bias
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0] - my_x0 + my_w * s
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the second peak, above the wall
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
b = my_x0 - my_w * s + torch.linspace(0.015, 0.2, 2001, dtype=torch.float64)
place_10 = b[torch.hypot(*gradient(torch.full_like(b, my_w), b, my_x0, 10)).argmax()].item()
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: the place of the largest error
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


b = torch.linspace(-4, -1, 3001, dtype=torch.float64)
E = (torch.sigmoid(last_state(torch.full_like(b, my_w), b, my_x0, 10)) - 0.7) ** 2
place_10 = b[E.argmax()].item()
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: somebody else's network
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


other = checks.personal("someone else")
theirs = other.uniform("w", 5.05, 5.5), other.uniform("x0", 0.2, 0.42)
place_10 = steepest(10, *theirs)[0]
growth = steepest(50, *theirs)[1] / steepest(30, *theirs)[1]

# %% wrong: x0 of the notebook
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10, x0=0.5)[0]
growth = steepest(50, x0=0.5)[1] / steepest(30, x0=0.5)[1]

# %% wrong: w of the notebook
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10, w=5.0)[0]
growth = steepest(50, w=5.0)[1] / steepest(30, w=5.0)[1]

# %% wrong: sign of the bias
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = -steepest(10)[0]
growth = steepest(50)[1] / steepest(30)[1]

# %% wrong: growth of one step
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = my_w * s * (1 - s)

# %% wrong: λ to the power of T, not of the difference
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = (my_w * s * (1 - s)) ** 50

# %% wrong: growth the other way round
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = (my_w * s * (1 - s)) ** -20

# %% wrong: taken to grow like T
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = 50 / 30

# %% wrong: growth of the curvature
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = (my_w * s * (1 - s)) ** 40

# %% wrong: one step too few in the power
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = (my_w * s * (1 - s)) ** 19

# %% wrong: λ without w
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


s = torch.sigmoid(torch.tensor(my_x0, dtype=torch.float64)).item()
place_10 = steepest(10)[0]
growth = (s * (1 - s)) ** 20

# %% wrong: garbage as large as the check once let pass
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = 1e5

# %% wrong: growth from T = 10 to T = 30
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = steepest(30)[1] / steepest(10)[1]

# %% wrong: difference of the gradients
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
growth = steepest(50)[1] - steepest(30)[1]

# %% wrong: gradients on the plain, beside the wall
def steepest(T, w=my_w, x0=my_x0):
    low, high = -4.0, -1.0
    for _ in range(9):
        b = torch.linspace(low, high, 401, dtype=torch.float64)
        size = torch.hypot(*gradient(torch.full_like(b, w), b, x0, T))
        best, half = b[size.argmax()].item(), (high - low) / 20
        low, high = best - half, best + half
    return best, size.max().item()


place_10 = steepest(10)[0]
b, w = torch.tensor([place_10 + 0.1]).double(), torch.tensor([my_w]).double()
at_30, at_50 = (torch.hypot(*gradient(w, b, my_x0, T)).item() for T in (30, 50))
growth = 1 + at_50 / at_30

# %% wrong: texts
place_10, growth = "-2.6", "about 30"

# %% wrong: not a number
place_10, growth = float("nan"), float("nan")

# %% wrong: nothing
place_10 = growth = None

# %% wrong: a whole grid instead of a number
place_10 = torch.linspace(-4, -1, 301, dtype=torch.float64)
growth = torch.hypot(*gradient(torch.full_like(place_10, my_w), place_10, my_x0, 50))

# %% wrong: numbers of the notebook
place_10, growth = -2.612, 6773 / 252
