# %% right: PyTorch's function on all parameters
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    parameters = model.parameters()
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm=threshold, error_if_nonfinite=True)
    optimizer.step()
    return float(total)

# %% right: own norm and factor, in place
def training_step(model, optimizer, criterion, x, y, threshold):
    model.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = math.sqrt(sum((g**2).sum().item() for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(norm)
    if norm >= threshold:
        for g in gradients:
            g.mul_(threshold / norm)
    optimizer.step()
    return norm

# %% right: new gradients from the student's own Algorithm 1
def training_step(model, optimizer, criterion, x, y, threshold):
    for p in model.parameters():
        p.grad = None
    criterion(model(x), y).backward()
    parameters = [p for p in model.parameters() if p.grad is not None]
    clipped, norm = clip_by_norm([p.grad for p in parameters], threshold)
    for p, g in zip(parameters, clipped, strict=True):
        p.grad = g
    optimizer.step()
    return norm

# %% right: gradients by autograd.grad, the norm as a tensor
def training_step(model, optimizer, criterion, x, y, threshold):
    parameters = [p for p in model.parameters() if p.requires_grad]
    gradients = torch.autograd.grad(criterion(model(x), y), parameters)
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    if not math.isfinite(norm):
        raise ValueError(norm)
    factor = 1.0 if norm < threshold else threshold / norm
    optimizer.zero_grad()
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = factor * g
    optimizer.step()
    return norm

# %% right: slide 8 with its prints, guarded for frozen parameters, and a list
def training_step(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    model.zero_grad()
    loss.backward()
    parameters = [p for p in model.parameters() if p.grad is not None]
    for p in parameters:
        print(p.grad.norm())
    norm = torch.nn.utils.clip_grad_norm_(parameters, threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: slide 8 as printed: the last parameter only
def training_step(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        pass
    norm = torch.nn.utils.clip_grad_norm_(p, threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: the last parameter only, with the right norm returned
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norms = []
    for p in model.parameters():
        if p.grad is not None:
            norms.append(p.grad.norm().item())
    torch.nn.utils.clip_grad_norm_(p, threshold, error_if_nonfinite=True)
    optimizer.step()
    return math.hypot(*norms)

# %% wrong: clipped inside the loop, each by itself
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norms = []
    for p in model.parameters():
        if p.grad is not None:
            own = torch.nn.utils.clip_grad_norm_(p, threshold, error_if_nonfinite=True)
            norms.append(own.item())
    optimizer.step()
    return math.hypot(*norms)

# %% wrong: the generator was used up by the print
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    parameters = model.parameters()
    norms = [p.grad.norm().item() for p in parameters if p.grad is not None]
    torch.nn.utils.clip_grad_norm_(list(parameters), threshold, error_if_nonfinite=True)
    optimizer.step()
    return math.hypot(*norms)

# %% wrong: clipped before backward
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    loss.backward()
    optimizer.step()
    return float(norm)

# %% wrong: the old gradient is clipped, then the new one added
def training_step(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return norm.item()

# %% wrong: clipped after the step
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    return norm.item()

# %% wrong: zero_grad forgotten
def training_step(model, optimizer, criterion, x, y, threshold):
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: zero_grad after backward
def training_step(model, optimizer, criterion, x, y, threshold):
    criterion(model(x), y).backward()
    optimizer.zero_grad()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return float(norm)

# %% wrong: zero_grad only at the end, so the first gradient is added to an old one
def training_step(model, optimizer, criterion, x, y, threshold):
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    optimizer.zero_grad()
    return norm.item()

# %% wrong: the step forgotten
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    return norm.item()

# %% wrong: the norm after clipping is returned
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return math.hypot(*(p.grad.norm().item() for p in model.parameters() if p.grad is not None))

# %% wrong: the sum of the printed norms decides
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = sum(g.norm().item() for g in gradients)
    if not math.isfinite(norm):
        raise ValueError(norm)
    for g in gradients:
        g.mul_(min(1.0, threshold / norm) if norm > 0 else 1.0)
    optimizer.step()
    return norm

# %% wrong: by value
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = math.hypot(*(g.norm().item() for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(norm)
    torch.nn.utils.clip_grad_value_(model.parameters(), threshold)
    optimizer.step()
    return norm

# %% wrong: frozen parameters crash it
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = math.hypot(*(p.grad.norm().item() for p in model.parameters()))
    if not math.isfinite(norm):
        raise ValueError(norm)
    if norm >= threshold:
        for p in model.parameters():
            p.grad *= threshold / norm
    optimizer.step()
    return norm

# %% wrong: always scaled to the threshold
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = math.hypot(*(g.norm().item() for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(norm)
    for g in gradients:
        g.mul_(threshold / norm if norm > 0 else 1.0)
    optimizer.step()
    return norm

# %% wrong: the clipped copies never reach .grad
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = math.hypot(*(g.norm().item() for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(norm)
    if norm >= threshold:
        gradients = [threshold / norm * g for g in gradients]
    optimizer.step()
    return norm

# %% wrong: the weights are clipped, not the gradients
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = math.hypot(*(g.norm().item() for g in gradients))
    if not math.isfinite(norm):
        raise ValueError(norm)
    with torch.no_grad():
        for p in model.parameters():
            if norm >= threshold:
                p *= threshold / norm
    optimizer.step()
    return norm

# %% wrong: the slide's 10 instead of the threshold
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 10, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: the loss is returned
def training_step(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return loss.item()

# %% wrong: printed instead of returned
def training_step(model, optimizer, criterion, x, y, threshold):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    print(torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True))
    optimizer.step()

# %% wrong: a seed set inside the step
def training_step(model, optimizer, criterion, x, y, threshold):
    torch.manual_seed(0)
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: recording of gradients switched off and left so
def training_step(model, optimizer, criterion, x, y, threshold):
    torch.set_grad_enabled(True)
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    torch.set_grad_enabled(False)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% wrong: clipped and stepped, then once more without clipping
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    optimizer.step()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold, error_if_nonfinite=True)
    optimizer.step()
    return norm.item()

# %% right: the norm looked at between PyTorch's clipping and the step
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
    if not norm.isfinite():
        raise ValueError(f"the norm is {norm}")
    optimizer.step()
    return norm

# %% wrong: inf and NaN walk on
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold)
    optimizer.step()
    return norm.item()

# %% wrong: raised only after the step
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold).item()
    optimizer.step()
    if not math.isfinite(norm):
        raise ValueError(norm)
    return norm

# %% wrong: inf is refused, NaN is not
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold).item()
    if norm == math.inf:
        raise ValueError(norm)
    optimizer.step()
    return norm

# %% wrong: the step is skipped in silence
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), threshold).item()
    if math.isfinite(norm):
        optimizer.step()
    return norm

# %% wrong: None is no gradient: a frozen one crashes
def training_step(model, optimizer, criterion, x, y, threshold):
    optimizer.zero_grad()
    criterion(model(x), y).backward()
    norm = global_norm([p.grad for p in model.parameters()])
    if not math.isfinite(norm):
        raise ValueError(norm)
    for p in model.parameters():
        p.grad *= min(1.0, threshold / norm) if norm > 0 else 1.0
    optimizer.step()
    return norm


# %% right: an optimizer's closure and a Logger of its own
import logging


def training_step(model, optimizer, criterion, x, y, threshold):
    logger = logging.getLogger("training")

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    closure()
    moving = [p for p in model.parameters() if p.grad is not None]
    norm = torch.nn.utils.clip_grad_norm_(moving, threshold, error_if_nonfinite=True)
    logger.debug("norm %s", norm)
    optimizer.step()
    return float(norm)
