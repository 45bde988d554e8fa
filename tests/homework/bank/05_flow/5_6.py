# %% right: from the report
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"

# %% right: from the curve alone and own slopes
from rnnviz import flow


def picture(module, inputs):
    decades = (flow.jacobian_flow(module, inputs).log_norms / math.log(10)).tolist()
    lag = next((k for k, d in enumerate(decades) if abs(d) > 3), None)
    if lag is None:
        return "arrives", None
    if decades[lag] > 3:
        return "explodes", lag
    if isinstance(module, nn.LSTM):
        return "closed gates", lag
    if decades[1] == -math.inf:
        return "dead units", lag
    slope = 1 - module(inputs)[0].square().mean().item()
    return ("saturated" if slope < 0.5 else "small weights"), lag


pictures = {letter: picture(*handed(my, letter)) for letter in "ABCD"}
diagnosis = {letter: name for letter, (name, _) in pictures.items()}
first_lag = {letter: lag for letter, (_, lag) in pictures.items()}

# %% right: own product of Jacobians by autograd
def sizes(module, inputs):
    """The size of dh_T/dh_(T-l) by lag, from the Jacobian of every step."""
    W, U = module.weight_ih_l0.detach(), module.weight_hh_l0.detach()
    b = (module.bias_ih_l0 + module.bias_hh_l0).detach()
    lstm = isinstance(module, nn.LSTM)
    state, steps = torch.zeros(32 if lstm else 16, dtype=torch.float64), []

    def step(state, x):
        a = W @ x + U @ state[:16] + b
        if not lstm:
            return a.tanh() if module.nonlinearity == "tanh" else a.relu()
        i, f, g, o = a.chunk(4)
        c = f.sigmoid() * state[16:] + i.sigmoid() * g.tanh()
        return torch.cat([o.sigmoid() * c.tanh(), c])

    for x in inputs[:, 0]:
        J = torch.autograd.functional.jacobian(lambda s, x=x: step(s, x), state)
        steps.append(J)
        state = step(state, x)
    product, found = torch.eye(len(state), dtype=torch.float64), []
    for J in reversed(steps):
        found.append(product[:16, :16].norm().item() / 4)
        product = product @ J
    return found, steps


diagnosis, first_lag = {}, {}
for letter in "ABCD":
    module, sequence = handed(my, letter)
    found, steps = sizes(module, sequence)
    lag = next((k for k, size in enumerate(found) if not 1e-3 <= size <= 1e3), None)
    first_lag[letter] = lag
    if lag is None:
        diagnosis[letter] = "arrives"
    elif found[lag] > 1e3:
        diagnosis[letter] = "explodes"
    elif isinstance(module, nn.LSTM):
        diagnosis[letter] = "closed gates"
    elif found[1] == 0:
        diagnosis[letter] = "dead units"
    else:
        slope = 1 - module(sequence)[0].square().mean()
        diagnosis[letter] = "saturated" if slope < 0.5 else "small weights"

# %% right: lags as tensors of one number
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: v if v is None else torch.tensor(v) for k, v in first_lag.items()}

# %% wrong: somebody else's modules
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(checks.Personal("someone else"), letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"

# %% wrong: lags one too large
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: None if v is None else v + 1 for k, v in first_lag.items()}

# %% wrong: lags one too small
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: None if v is None else v - 1 for k, v in first_lag.items()}

# %% wrong: the step instead of the lag
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: None if v is None else 100 - v for k, v in first_lag.items()}

# %% wrong: threshold in natural logarithms
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
for letter in "ABCD":
    logs = flow.jacobian_flow(*handed(my, letter)).log_norms.abs().tolist()
    first_lag[letter] = next((k for k, d in enumerate(logs) if d > 3), None)

# %% wrong: two letters exchanged
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis["A"], diagnosis["B"] = diagnosis["B"], diagnosis["A"]
first_lag["A"], first_lag["B"] = first_lag["B"], first_lag["A"]

# %% wrong: two names exchanged, lags right
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis["C"], diagnosis["D"] = diagnosis["D"], diagnosis["C"]

# %% wrong: everything vanishes for one reason
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis = {k: "saturated" for k in "ABCD"}

# %% wrong: a name that is not in the list
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis["A"] = "vanishes"

# %% wrong: 99 for every lag
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = dict.fromkeys("ABCD", 99)

# %% wrong: lists instead of dicts
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis, first_lag = list(diagnosis.values()), list(first_lag.values())

# %% wrong: D is missing
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABC":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"

# %% wrong: lags as texts
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: str(v) for k, v in first_lag.items()}

# %% wrong: never instead of a lag
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = dict.fromkeys("ABCD")

# %% wrong: half of the sequence
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
for letter in "ABCD":
    module, sequence = handed(my, letter)
    logs = (flow.jacobian_flow(module, sequence[:5]).log_norms / math.log(10)).abs().tolist()
    first_lag[letter] = next((k for k, d in enumerate(logs) if d > 3), None)

# %% wrong: order of the rows taken for the order of the letters
diagnosis = dict(zip("ABCD", ("saturated", "arrives", "explodes", "closed gates"), strict=True))
first_lag = {"A": 6, "B": None, "C": 33, "D": 6}

# %% wrong: None for both
diagnosis = None
first_lag = None

# %% wrong: arrives, four times
diagnosis = dict.fromkeys("ABCD", "arrives")
first_lag = dict.fromkeys("ABCD")

# %% wrong: lags between two whole numbers
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: None if v is None else v + 0.4 for k, v in first_lag.items()}

# %% wrong: lag 99 instead of None, no None at all
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: 99 if v is None else v - 1 for k, v in first_lag.items()}

# %% wrong: small letters as keys
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
diagnosis = {k.lower(): v for k, v in diagnosis.items()}

# %% wrong: dead units taken for saturated, and round
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
swap = {"dead units": "saturated", "saturated": "small weights", "small weights": "dead units"}
diagnosis = {k: swap.get(v, v) for k, v in diagnosis.items()}

# %% wrong: None as a text
from rnnviz import flow

diagnosis, first_lag = {}, {}
for letter in "ABCD":
    found = flow.report(*handed(my, letter))
    lags = [lag for lag in (found.dies, found.explodes) if lag is not None]
    first_lag[letter] = min(lags, default=None)
    means = {name: mean for name, (mean, _) in found.saturation.items()}
    if not lags:
        diagnosis[letter] = "arrives"
    elif found.explodes == first_lag[letter]:
        diagnosis[letter] = "explodes"
    elif "forget" in means:
        diagnosis[letter] = "closed gates"
    elif means["activation"] == 0:
        diagnosis[letter] = "dead units"
    elif means["activation"] < 0.5:
        diagnosis[letter] = "saturated"
    else:
        diagnosis[letter] = "small weights"
first_lag = {k: "None" if v is None else v for k, v in first_lag.items()}
diagnosis["A"], first_lag["A"] = "arrives", "None"
