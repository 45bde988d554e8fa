# %% right: one loop, all at once
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% right: own sigmoid, in place on own copies
def forward_mode(w, b, x0, steps):
    x = x0.clone()
    along_w, along_b, along_x0 = torch.zeros_like(w), torch.zeros_like(b), torch.ones_like(x0)
    for _ in range(steps):
        output = 1 / (1 + torch.exp(-x))
        slope = w * output * (1 - output)
        along_w.mul_(slope).add_(output)
        along_b.mul_(slope).add_(1)
        along_x0.mul_(slope)
        x = torch.addcmul(b, w, output)
    return [x, along_w, along_b, along_x0]

# %% right: states first, then each derivative as a sum over the steps
def forward_mode(w, b, x0, steps):
    states = [x0 + torch.zeros_like(w)]
    for _ in range(steps):
        states.append(w * torch.sigmoid(states[-1]) + b)
    behind = torch.ones_like(w)
    dw, db = torch.zeros_like(w), torch.zeros_like(w)
    for x in reversed(states[:-1]):
        s = torch.sigmoid(x)
        dw = dw + behind * s
        db = db + behind
        behind = behind * w * s * torch.sigmoid(-x)
    return states[-1], dw, db, behind

# %% right: network by network in plain Python
import math


def forward_mode(w, b, x0, steps):
    rows = []
    for a, c, x in zip(w.flatten().tolist(), b.flatten().tolist(), x0.flatten().tolist()):
        d = [0.0, 0.0, 1.0]
        for _ in range(steps):
            s = 1 / (1 + math.exp(-x))
            k = a * s * (1 - s)
            d = [s + k * d[0], 1 + k * d[1], k * d[2]]
            x = a * s + c
        rows.append([x, *d])
    columns = torch.tensor(rows, dtype=torch.float64).T
    return tuple(column.reshape(w.shape) for column in columns)

# %% wrong: forgets the direct effect of w
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: only the direct effects, not through the state
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        x, dw, db, dx0 = w * s + b, dw + s, db + 1, w * s * (1 - s) * dx0
    return x, dw, db, dx0

# %% wrong: the new state in the slope
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        x = w * s + b
        new = torch.sigmoid(x)
        k = w * new * (1 - new)
        dw, db, dx0 = s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: the new output as the direct effect of w
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x = w * s + b
        dw, db, dx0 = torch.sigmoid(x) + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: the state as the direct effect of w
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, x + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: slope without w
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: slope of tanh
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * (1 - s**2)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: slope from the state instead of the output
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * x * (1 - x)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: one step too many
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps + 1):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: starts the derivatives after the first step, so that 0 steps fail
def forward_mode(w, b, x0, steps):
    s = torch.sigmoid(x0)
    x, dw, db, dx0 = w * s + b, s, torch.ones_like(w), w * s * (1 - s)
    for _ in range(steps - 1):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: derivative by x0 starts with 0
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.zeros_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: derivative by b starts with 1
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.ones_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: always 50 steps
def forward_mode(w, b, x0, steps=50):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(50):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: first state always 0.5
def forward_mode(w, b, x0, steps):
    x = torch.full_like(w, 0.5)
    dw, db, dx0 = torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: three results only
def forward_mode(w, b, x0, steps):
    x, dw, db = x0, torch.zeros_like(w), torch.zeros_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db = w * s + b, s + k * dw, 1 + k * db
    return x, dw, db

# %% wrong: results in another order
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return dw, db, dx0, x

# %% wrong: x0 changed in place
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        dw, db, dx0 = s + k * dw, 1 + k * db, k * dx0
        x.copy_(w * s + b)
    return x, dw, db, dx0

# %% wrong: float32 inside
def forward_mode(w, b, x0, steps):
    x, w, b = x0.float(), w.float(), b.float()
    dw, db, dx0 = torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x.double(), dw.double(), db.double(), dx0.double()

# %% wrong: coarse differences instead of derivatives
def forward_mode(w, b, x0, steps):
    x, e = last_state(w, b, x0, steps), 1e-3
    return (
        x,
        (last_state(w + e, b, x0, steps) - x) / e,
        (last_state(w, b + e, x0, steps) - x) / e,
        (last_state(w, b, x0 + e, steps) - x) / e,
    )

# %% wrong: leaves the default dtype changed
def forward_mode(w, b, x0, steps):
    torch.set_default_dtype(torch.float64)
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: leaves the recording of gradients off
def forward_mode(w, b, x0, steps):
    torch.set_grad_enabled(False)
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: prints and returns nothing
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    print(x, dw, db, dx0)

# %% wrong: central differences instead of derivatives
def forward_mode(w, b, x0, steps):
    e = 1e-5

    def slope(dw, db, dx):
        up = last_state(w + dw, b + db, x0 + dx, steps)
        return (up - last_state(w - dw, b - db, x0 - dx, steps)) / (2 * e)

    return last_state(w, b, x0, steps), slope(e, 0, 0), slope(0, e, 0), slope(0, 0, e)

# %% wrong: derivatives begin as Python numbers
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, 0.0, 0.0, 1.0
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: derivatives begin as float32
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0, torch.zeros(w.shape), torch.zeros(w.shape), torch.ones(w.shape)
    for _ in range(steps):
        s = torch.sigmoid(x)
        k = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + k * dw, 1 + k * db, k * dx0
    return x, dw, db, dx0

# %% wrong: the lesson's first line, which takes a number
def forward_mode(w, b, x0, steps):
    x, dw, db = torch.full_like(w, x0), torch.zeros_like(w), torch.zeros_like(w)
    dx0 = torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        slope = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + slope * dw, 1 + slope * db, slope * dx0
    return x, dw, db, dx0


# %% right: dual numbers of one's own, as a NamedTuple
from typing import NamedTuple


class Carried(NamedTuple):
    x: torch.Tensor
    dw: torch.Tensor
    db: torch.Tensor
    dx0: torch.Tensor


def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0.clone(), torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        slope = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + slope * dw, 1 + slope * db, slope * dx0
    return Carried(x, dw, db, dx0)


# %% right: inference_mode, json and a file beside
import json
import os
from pathlib import Path

Path("settings.json").write_text(json.dumps({"steps": 3, "home": os.environ.get("HOME", "")[:1]}))
SETTINGS = json.loads(open("settings.json").read())


@torch.inference_mode()
def forward_mode(w, b, x0, steps):
    x, dw, db, dx0 = x0.clone(), torch.zeros_like(w), torch.zeros_like(w), torch.ones_like(w)
    for _ in range(steps):
        s = torch.sigmoid(x)
        slope = w * s * (1 - s)
        x, dw, db, dx0 = w * s + b, s + slope * dw, 1 + slope * db, slope * dx0
    return x, dw, db, dx0


torch.set_printoptions(precision=3)
torch.manual_seed(SETTINGS["steps"])
