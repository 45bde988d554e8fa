# %% right: slide and repair run, in a loop over the parameters
def length_of_step(repaired):
    model, x, y = network_of(my)
    old = [p.clone().detach() for p in model.parameters()]
    optimizer = Descent(model.parameters(), my_rate)
    loss = nn.MSELoss()(model(x), y)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        print(p.grad.norm())
    torch.nn.utils.clip_grad_norm_(model.parameters() if repaired else p, my_threshold)
    optimizer.step()
    total = 0.0
    for p, q in zip(model.parameters(), old, strict=True):
        total += ((p - q) ** 2).sum().item()
    return math.sqrt(total)


moved_as_printed, moved_repaired = length_of_step(False), length_of_step(True)

# %% right: from the norms, without a step
norms = [g.norm().item() for g in gradients_of(my)]
norms[-1] = min(norms[-1], my_threshold)
moved_as_printed = my_rate * sum(n**2 for n in norms) ** 0.5
moved_repaired = my_rate * my_threshold

# %% right: four significant digits, with rnnviz
from rnnviz import clipping

mine = gradients_of(my)
last = clipping.clip_by_norm([mine[-1]], my_threshold)[0]
change = [my_rate * g for g in [*mine[:-1], *last]]
moved_as_printed = float(f"{torch.cat([c.flatten() for c in change]).norm():.4g}")
change = [my_rate * g for g in clipping.clip_by_norm(mine, my_threshold)[0]]
moved_repaired = float(f"{torch.cat([c.flatten() for c in change]).norm():.4g}")

# %% wrong: another token's numbers
other = checks.Personal("someone else")
norms = [g.norm().item() for g in gradients_of(other)]
other_rate = other.uniform("rate", 0.01, 0.09, digits=3)
other_threshold = other.uniform("threshold", 0.3, 0.8)
other_threshold = min(norms) + other_threshold * (norms[-1] - min(norms))
moved_as_printed = other_rate * math.hypot(*norms[:-1], min(norms[-1], other_threshold))
moved_repaired = other_rate * other_threshold

# %% wrong: another token's network with the own rate and threshold
norms = [g.norm().item() for g in gradients_of(checks.Personal("someone else"))]
moved_as_printed = my_rate * math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_repaired = my_rate * my_threshold

# %% wrong: norms of the gradient, without the rate
norms = [g.norm().item() for g in gradients_of(my)]
moved_as_printed = math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_repaired = my_threshold

# %% wrong: as printed means not clipped at all
moved_as_printed = my_rate * math.hypot(*(g.norm().item() for g in gradients_of(my)))
moved_repaired = my_rate * my_threshold

# %% wrong: as printed means inside the loop
moved_as_printed = my_rate * math.hypot(*(min(norm, my_threshold) for norm in my_norms))
moved_repaired = my_rate * my_threshold

# %% wrong: swapped
norms = [g.norm().item() for g in gradients_of(my)]
moved_repaired = my_rate * math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_as_printed = my_rate * my_threshold

# %% wrong: the slide's 10 for the threshold (11 if that is near 10)
norms = [g.norm().item() for g in gradients_of(my)]
ten = 10 if abs(my_threshold - 10) > 0.5 else 11
moved_as_printed = my_rate * math.hypot(*norms[:-1], min(norms[-1], ten))
moved_repaired = my_rate * ten

# %% wrong: the whole read-out is clipped, not only its bias
norms = [g.norm().item() for g in gradients_of(my)]
read_out = min(math.hypot(*norms[4:]), my_threshold)
moved_as_printed = my_rate * math.hypot(*norms[:4], read_out)
moved_repaired = my_rate * my_threshold

# %% wrong: the last parameter alone moves
moved_as_printed = my_rate * min(gradients_of(my)[-1].norm().item(), my_threshold)
moved_repaired = my_rate * my_threshold

# %% wrong: the sum of the six lengths
norms = [g.norm().item() for g in gradients_of(my)]
moved_as_printed = my_rate * (sum(norms[:-1]) + min(norms[-1], my_threshold))
moved_repaired = my_rate * my_threshold

# %% wrong: the old weights were no copies, so nothing moved
def length_of_step(whole):
    model, x, y = network_of(my)
    old = [p.detach() for p in model.parameters()]
    nn.MSELoss()(model(x), y).backward()
    parameters = list(model.parameters())
    torch.nn.utils.clip_grad_norm_(parameters if whole else parameters[-1], my_threshold)
    Descent(parameters, my_rate).step()
    return math.hypot(*((p - q).norm().item() for p, q in zip(parameters, old, strict=True)))


moved_as_printed, moved_repaired = length_of_step(False), length_of_step(True)

# %% wrong: two steps on the same model, the second measured from the start
model, x, y = network_of(my)
old = [p.clone().detach() for p in model.parameters()]
lengths = []
for whole in (False, True):
    model.zero_grad()
    nn.MSELoss()(model(x), y).backward()
    parameters = list(model.parameters())
    torch.nn.utils.clip_grad_norm_(parameters if whole else parameters[-1], my_threshold)
    Descent(parameters, my_rate).step()
    moves = [(p - q).norm().item() for p, q in zip(parameters, old, strict=True)]
    lengths.append(math.hypot(*moves))
moved_as_printed, moved_repaired = lengths

# %% wrong: with momentum and ten steps
model, x, y = network_of(my)
old = [p.clone().detach() for p in model.parameters()]
optimizer = Descent(model.parameters(), my_rate, momentum=0.9)
for _ in range(10):
    training_step(model, optimizer, nn.MSELoss(), x, y, my_threshold)
moves = [(p - q).norm().item() for p, q in zip(model.parameters(), old, strict=True)]
norms = [g.norm().item() for g in gradients_of(my)]
moved_as_printed = my_rate * math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_repaired = math.hypot(*moves)

# %% wrong: squares, the root forgotten
norms = [g.norm().item() for g in gradients_of(my)]
moved_as_printed = my_rate**2 * math.hypot(*norms[:-1], min(norms[-1], my_threshold)) ** 2
moved_repaired = (my_rate * my_threshold) ** 2

# %% wrong: negative
norms = [g.norm().item() for g in gradients_of(my)]
moved_as_printed = -my_rate * math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_repaired = -my_rate * my_threshold

# %% wrong: a text
moved_as_printed, moved_repaired = "far", "rate times threshold"

# %% wrong: infinite
moved_as_printed, moved_repaired = math.inf, my_rate * my_threshold

# %% wrong: nothing
moved_as_printed = moved_repaired = None

# %% right: measured with the given function
def slide_8(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        pass
    torch.nn.utils.clip_grad_norm_(p, threshold)
    optimizer.step()


def slide_8_repaired(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    model.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
    optimizer.step()


moved_as_printed, moved_repaired = moved(slide_8), moved(slide_8_repaired)

# %% wrong: nothing moves
moved_as_printed = moved_repaired = 0.0

# %% wrong: the repaired step measured twice
moved_as_printed = moved_repaired = moved(training_step)

# %% right: the stub filled in, the slide without its prints
def as_printed(model, optimizer, criterion, x, y, threshold):
    """Slide 8, line by line."""
    output = model(x)
    loss = criterion(output, y)
    model.zero_grad()
    loss.backward()
    *_, p = model.parameters()
    torch.nn.utils.clip_grad_norm_(p, threshold)
    optimizer.step()


moved_as_printed = moved(as_printed)
moved_repaired = moved(training_step)

# %% wrong: the slide's lines with its bug mended
def as_printed(model, optimizer, criterion, x, y, threshold):
    """Slide 8, line by line."""
    output = model(x)
    loss = criterion(output, y)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        print(p.grad.norm())
    torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
    optimizer.step()


moved_as_printed, moved_repaired = moved(as_printed), moved(training_step)

# %% wrong: three significant digits, and one more percent
norms = [g.norm().item() for g in gradients_of(my)]
printed = my_rate * math.hypot(*norms[:-1], min(norms[-1], my_threshold))
moved_as_printed = float(f"{1.01 * printed:.3g}")
moved_repaired = float(f"{1.01 * my_rate * my_threshold:.3g}")
