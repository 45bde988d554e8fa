# %% right: clamp and a cosine of one long vector
whole = torch.cat([g.flatten() for g in my_gradients])
cut = whole.clamp(-my_limit, my_limit)
loop = torch.cat([(g * min(1, my_threshold / float(g.norm()))).flatten() for g in my_gradients])
cosines = [torch.nn.functional.cosine_similarity(whole, v, dim=0) for v in (cut, loop)]
turn_by_value, turn_in_loop = (math.degrees(math.acos(c.item())) for c in cosines)

# %% right: with rnnviz.clipping, rounded to one decimal
from rnnviz import clipping

by_value = clipping.clip_by_value(my_gradients, my_limit)
in_loop = [clipping.clip_by_norm([g], my_threshold)[0][0] for g in my_gradients]


def degrees_between(first, second):
    dot = sum((a * b).sum().item() for a, b in zip(first, second, strict=True))
    lengths = [math.sqrt(sum((a**2).sum().item() for a in one)) for one in (first, second)]
    return math.degrees(math.acos(dot / (lengths[0] * lengths[1])))


turn_by_value = round(degrees_between(my_gradients, by_value), 1)
turn_in_loop = round(degrees_between(my_gradients, in_loop), 1)

# %% right: PyTorch's clipping functions on the network itself
def after(clipping):
    model, x, y = network_of(my)
    nn.MSELoss()(model(x), y).backward()
    clipping(list(model.parameters()))
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def one_by_one(parameters):
    for p in parameters:
        torch.nn.utils.clip_grad_norm_(p, my_threshold)


def all_values(parameters):
    torch.nn.utils.clip_grad_value_(parameters, my_limit)


before = after(lambda parameters: None)
turn_by_value, turn_in_loop = (
    torch.rad2deg(torch.arccos(before @ v / before.norm() / v.norm()))
    for v in (after(all_values), after(one_by_one))
)

# %% wrong: another token's numbers
other = checks.personal("someone else")
grads, cut = gradients_of(other), other.uniform("limit", 0.2, 2.0, digits=2)
size = other.uniform("threshold", 1.0, 6.0, digits=2)
turn_by_value = turn(grads, clip_by_value(grads, cut))
turn_in_loop = turn(grads, [clip_by_norm([g], size)[0][0] for g in grads])

# %% wrong: another token's network with the own limits
grads = gradients_of(checks.personal("someone else"))
turn_by_value = turn(grads, clip_by_value(grads, my_limit))
turn_in_loop = turn(grads, [clip_by_norm([g], my_threshold)[0][0] for g in grads])

# %% wrong: swapped
turn_in_loop = turn(my_gradients, clip_by_value(my_gradients, my_limit))
turn_by_value = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])

# %% wrong: radians
turn_by_value = math.radians(turn(my_gradients, clip_by_value(my_gradients, my_limit)))
clipped = [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients]
turn_in_loop = math.radians(turn(my_gradients, clipped))

# %% wrong: cosines
turn_by_value = math.cos(math.radians(turn(my_gradients, clip_by_value(my_gradients, my_limit))))
clipped = [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients]
turn_in_loop = math.cos(math.radians(turn(my_gradients, clipped)))

# %% wrong: the loop clips at the limit and the values at the threshold
turn_by_value = turn(my_gradients, clip_by_value(my_gradients, my_threshold))
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_limit)[0][0] for g in my_gradients])

# %% wrong: all together instead of in the loop
turn_by_value = turn(my_gradients, clip_by_value(my_gradients, my_limit))
turn_in_loop = turn(my_gradients, clip_by_norm(my_gradients, my_threshold)[0])

# %% wrong: only the recurrent weights
turn_by_value = turn([my_gradients[1]], clip_by_value([my_gradients[1]], my_limit))
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])

# %% wrong: the loop on what clipping by value left
clipped = clip_by_value(my_gradients, my_limit)
turn_by_value = turn(my_gradients, clipped)
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in clipped])

# %% wrong: clipped in place, so compared with itself
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])
for g in my_gradients:
    g.clamp_(-my_limit, my_limit)
turn_by_value = turn(my_gradients, my_gradients)

# %% wrong: the mean of the six angles
six = [turn([g], clip_by_value([g], my_limit)) for g in my_gradients]
turn_by_value = sum(six) / 6
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])

# %% wrong: rounded to whole degrees by ten
turn_by_value = round(turn(my_gradients, clip_by_value(my_gradients, my_limit)), -1)
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])

# %% wrong: the notebook's answer
turn_by_value, turn_in_loop = 23.7, math.degrees(math.acos(0.81))

# %% wrong: a text
turn_by_value = f"{turn(my_gradients, clip_by_value(my_gradients, my_limit)):.1f} degrees"
turn_in_loop = turn(my_gradients, [clip_by_norm([g], my_threshold)[0][0] for g in my_gradients])

# %% wrong: NaN
turn_by_value, turn_in_loop = math.nan, math.nan

# %% wrong: the prediction only
my_prediction = {"by value": 30, "in the loop": 20}
turn_by_value, turn_in_loop = my_prediction["by value"], my_prediction["in the loop"]

# %% wrong: nothing
turn_by_value = turn_in_loop = None

# %% wrong: nothing turns
turn_by_value = turn_in_loop = 0.0

# %% wrong: PyTorch clipped my_gradients themselves in place
whole = torch.cat([g.flatten() for g in my_gradients])
for g in my_gradients:
    p = nn.Parameter(torch.zeros_like(g))
    p.grad = g
    torch.nn.utils.clip_grad_norm_(p, my_threshold)
looped = torch.cat([g.flatten() for g in my_gradients])
turn_in_loop = math.degrees(math.acos(whole @ looped / whole.norm() / looped.norm()))
cut = looped.clamp(-my_limit, my_limit)
turn_by_value = math.degrees(math.acos(looped @ cut / looped.norm() / cut.norm()))
