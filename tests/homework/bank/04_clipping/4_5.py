# %% right: clamp and a cosine of one long vector
mine = gradients_of(my)
whole = torch.cat([g.flatten() for g in mine])
cut = whole.clamp(-my_limit, my_limit)
loop = torch.cat([(g * min(1, my_threshold / float(g.norm()))).flatten() for g in mine])
cosines = [torch.nn.functional.cosine_similarity(whole, v, dim=0) for v in (cut, loop)]
turn_by_value, turn_in_loop = (math.degrees(math.acos(c.item())) for c in cosines)

# %% right: with rnnviz.clipping, rounded to one decimal
from rnnviz import clipping

mine = gradients_of(my)
by_value = clipping.clip_by_value(mine, my_limit)
in_loop = [clipping.clip_by_norm([g], my_threshold)[0][0] for g in mine]


def degrees_between(first, second):
    dot = sum((a * b).sum().item() for a, b in zip(first, second, strict=True))
    lengths = [math.sqrt(sum((a**2).sum().item() for a in one)) for one in (first, second)]
    return math.degrees(math.acos(dot / (lengths[0] * lengths[1])))


turn_by_value = round(degrees_between(mine, by_value), 1)
turn_in_loop = round(degrees_between(mine, in_loop), 1)

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

# %% right: new gradients for each, cut in place
by_value, in_loop = gradients_of(my), gradients_of(my)
for g in by_value:
    g.clamp_(-my_limit, my_limit)
for g in in_loop:
    p = nn.Parameter(torch.zeros_like(g))
    p.grad = g
    torch.nn.utils.clip_grad_norm_(p, my_threshold)
turn_by_value = turn(gradients_of(my), by_value)
turn_in_loop = turn(gradients_of(my), in_loop)

# %% right: in the loop from the six norms alone
mine = gradients_of(my)
turn_by_value = turn(clip_by_value(mine, my_limit), mine)
six = [torch.tensor([norm]).double() for norm in my_norms]
turn_in_loop = turn(six, clip_by_value(six, my_threshold))

# %% wrong: another token's numbers
other = checks.Personal("someone else")
mine, cut = gradients_of(other), other.uniform("limit", 0.2, 2.0, digits=2)
norms = [g.norm().item() for g in mine]
size = min(norms) + other.uniform("threshold", 0.3, 0.8) * (norms[-1] - min(norms))
turn_by_value = turn(mine, clip_by_value(mine, cut))
turn_in_loop = turn(mine, [clip_by_norm([g], size)[0][0] for g in mine])

# %% wrong: another token's network with the own limits
mine = gradients_of(checks.Personal("someone else"))
turn_by_value = turn(mine, clip_by_value(mine, my_limit))
turn_in_loop = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine])

# %% wrong: swapped
mine = gradients_of(my)
turn_in_loop = turn(mine, clip_by_value(mine, my_limit))
turn_by_value = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine])

# %% wrong: radians
mine = gradients_of(my)
turn_by_value = math.radians(turn(mine, clip_by_value(mine, my_limit)))
turn_in_loop = math.radians(turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine]))

# %% wrong: cosines
mine = gradients_of(my)
clipped = [clip_by_norm([g], my_threshold)[0][0] for g in mine]
turn_by_value = math.cos(math.radians(turn(mine, clip_by_value(mine, my_limit))))
turn_in_loop = math.cos(math.radians(turn(mine, clipped)))

# %% wrong: the loop clips at the limit and the values at the threshold
mine = gradients_of(my)
turn_by_value = turn(mine, clip_by_value(mine, my_threshold))
turn_in_loop = turn(mine, [clip_by_norm([g], my_limit)[0][0] for g in mine])

# %% wrong: all together instead of in the loop
mine = gradients_of(my)
turn_by_value = turn(mine, clip_by_value(mine, my_limit))
turn_in_loop = turn(mine, clip_by_norm(mine, my_threshold)[0])

# %% wrong: all six cut to one norm, whatever the threshold
mine = gradients_of(my)
turn_by_value = turn(mine, clip_by_value(mine, my_limit))
turn_in_loop = turn(mine, [my_threshold / g.norm() * g for g in mine])

# %% wrong: only the recurrent weights
recurrent = gradients_of(my)[1:2]
turn_by_value = turn(recurrent, clip_by_value(recurrent, my_limit))
turn_in_loop = turn(recurrent, clip_by_norm(recurrent, my_threshold)[0])

# %% wrong: the loop on what clipping by value left
mine = gradients_of(my)
clipped = clip_by_value(mine, my_limit)
turn_by_value = turn(mine, clipped)
turn_in_loop = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in clipped])

# %% wrong: clipped in place, so compared with itself
mine = gradients_of(my)
turn_in_loop = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine])
for g in mine:
    g.clamp_(-my_limit, my_limit)
turn_by_value = turn(mine, mine)

# %% wrong: the mean of the six angles
mine = gradients_of(my)
by_value = [turn([g], clip_by_value([g], my_limit)) for g in mine]
in_loop = [turn([g], clip_by_norm([g], my_threshold)[0]) for g in mine]
turn_by_value, turn_in_loop = sum(by_value) / 6, sum(in_loop) / 6

# %% wrong: half a degree off, as read from a figure
mine = gradients_of(my)
turn_by_value = turn(mine, clip_by_value(mine, my_limit)) + 0.5
turn_in_loop = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine]) - 0.5

# %% wrong: the lesson's answer
turn_by_value, turn_in_loop = 23.7, math.degrees(math.acos(0.81))

# %% wrong: a text
mine = gradients_of(my)
turn_by_value = f"{turn(mine, clip_by_value(mine, my_limit)):.1f} degrees"
turn_in_loop = turn(mine, [clip_by_norm([g], my_threshold)[0][0] for g in mine])

# %% wrong: NaN
turn_by_value, turn_in_loop = math.nan, math.nan

# %% wrong: the prediction only
my_prediction = {"by value": 30, "in the loop": "less"}
turn_by_value, turn_in_loop = my_prediction["by value"], my_prediction["in the loop"]

# %% wrong: nothing
turn_by_value = turn_in_loop = None

# %% wrong: nothing turns
turn_by_value = turn_in_loop = 0.0
