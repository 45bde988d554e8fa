# %% right: lists, flung counted afterwards
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    first = far.int().argmax(dim=0) + 1
    return way_w, way_b, torch.where(far.any(dim=0), first, 0)

# %% right: filled into given rows, flung in a loop over the starts
def descend(gradient, w, b, learning_rate, updates):
    n = len(w)
    way = torch.empty(updates + 1, 2, n, dtype=torch.float64)
    way[0, 0], way[0, 1] = w, b
    flung = [0] * n
    for k in range(1, updates + 1):
        slopes = gradient(way[k - 1, 0].clone(), way[k - 1, 1].clone())
        for i in range(2):
            way[k, i] = way[k - 1, i] - learning_rate * slopes[i]
        for j in range(n):
            dw, db = (way[k, :, j] - way[k - 1, :, j]).tolist()
            if flung[j] == 0 and (dw * dw + db * db) ** 0.5 > 1:
                flung[j] = k
    return way[:, 0], way[:, 1], torch.tensor(flung)

# %% right: in place on copies, squared distance
def descend(gradient, w, b, learning_rate, updates):
    w, b = w.clone(), b.clone()
    ways, flung = [(w.clone(), b.clone())], torch.zeros(w.shape, dtype=torch.int32)
    for update in range(updates):
        dw, db = (learning_rate * part for part in gradient(w, b))
        w -= dw
        b -= db
        flung += (update + 1) * ((flung == 0) & (dw**2 + db**2 > 1)).int()
        ways.append((w.clone(), b.clone()))
    return [torch.stack([one for one, _ in ways]), torch.stack([one for _, one in ways]), flung]

# %% right: one start after the other
def descend(gradient, w, b, learning_rate, updates):
    ways_w, ways_b, flung = [], [], []
    for j in range(len(w)):
        place, fall = [(w[j : j + 1], b[j : j + 1])], 0
        for update in range(1, updates + 1):
            here_w, here_b = place[-1]
            dw, db = gradient(here_w, here_b)
            if fall == 0 and learning_rate * float(torch.hypot(dw, db)) > 1:
                fall = update
            place.append((here_w - learning_rate * dw, here_b - learning_rate * db))
        ways_w.append(torch.cat([one for one, _ in place]))
        ways_b.append(torch.cat([one for _, one in place]))
        flung.append(fall)
    return torch.stack(ways_w, dim=1), torch.stack(ways_b, dim=1), torch.tensor(flung)

# %% wrong: climbs
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] + learning_rate * dw)
        way_b.append(way_b[-1] + learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, torch.where(far.any(0), far.int().argmax(0) + 1, 0)

# %% wrong: gradient of b at the new w
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        way_w.append(way_w[-1] - learning_rate * gradient(way_w[-1], way_b[-1])[0])
        way_b.append(way_b[-1] - learning_rate * gradient(way_w[-1], way_b[-1])[1])
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, torch.where(far.any(0), far.int().argmax(0) + 1, 0)

# %% wrong: the gradient of the start at every update
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    dw, db = gradient(w, b)
    for _ in range(updates):
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, torch.where(far.any(0), far.int().argmax(0) + 1, 0)

# %% wrong: the start is left out of the way
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w[1:], way_b[1:], torch.where(far.any(0), far.int().argmax(0) + 1, 0)

# %% wrong: one update too few
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates - 1):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, torch.where(far.any(0), far.int().argmax(0) + 1, 0)

# %% wrong: updates counted from 0
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, far.int().argmax(0)

# %% wrong: never flung counts as update 1
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b = [w], [b]
    for _ in range(updates):
        dw, db = gradient(way_w[-1], way_b[-1])
        way_w.append(way_w[-1] - learning_rate * dw)
        way_b.append(way_b[-1] - learning_rate * db)
    way_w, way_b = torch.stack(way_w), torch.stack(way_b)
    far = torch.hypot(way_w.diff(dim=0), way_b.diff(dim=0)) > 1
    return way_w, way_b, far.int().argmax(0) + 1

# %% wrong: length of the gradient instead of the step
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the last long step instead of the first
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[learning_rate * torch.hypot(dw, db) > 1] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: w and b measured one by one
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        far = (learning_rate * dw.abs() > 1) | (learning_rate * db.abs() > 1)
        flung[far & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the sum of both moves as the distance
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * (dw.abs() + db.abs()) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the sign of a move counts
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * (dw + db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: distance from the start
def descend(gradient, w, b, learning_rate, updates):
    start, way, flung = (w, b), [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        w, b = w - learning_rate * dw, b - learning_rate * db
        flung[(torch.hypot(w - start[0], b - start[1]) > 1) & (flung == 0)] = k
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the same number for every start
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], 0
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        if flung == 0 and (learning_rate * torch.hypot(dw, db) > 1).any():
            flung = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    ways = [torch.stack([one[i] for one in way]) for i in range(2)]
    return *ways, torch.full((len(w),), flung)

# %% wrong: true and false instead of the update
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.bool)
    for _ in range(updates):
        dw, db = gradient(w, b)
        flung |= learning_rate * torch.hypot(dw, db) > 1
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: stops once a start is flung, so that rows are missing
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
        if flung.any():
            break
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: clips the gradient
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        norm = torch.hypot(dw, db).clamp(min=1)
        dw, db = dw / norm, db / norm
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: changes the start, and every row of the way is the last one
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b, flung = [w], [b], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w -= learning_rate * dw
        b -= learning_rate * db
        way_w.append(w)
        way_b.append(b)
    return torch.stack(way_w), torch.stack(way_b), flung

# %% wrong: keeps the way, but changes the start in place
def descend(gradient, w, b, learning_rate, updates):
    way_w, way_b, flung = [w.clone()], [b.clone()], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w -= learning_rate * dw
        b -= learning_rate * db
        way_w.append(w.clone())
        way_b.append(b.clone())
    return torch.stack(way_w), torch.stack(way_b), flung

# %% wrong: float32 way
def descend(gradient, w, b, learning_rate, updates):
    way = torch.zeros(updates + 1, 2, len(w))
    way[0, 0], way[0, 1] = w, b
    flung = torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(way[k - 1, 0], way[k - 1, 1])
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        way[k, 0] = way[k - 1, 0] - learning_rate * dw
        way[k, 1] = way[k - 1, 1] - learning_rate * db
    return way[:, 0], way[:, 1], flung

# %% wrong: one row for each start
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    ways = [torch.stack([one[i] for one in way], dim=1) for i in range(2)]
    return *ways, flung

# %% wrong: the surface's gradient, not the one handed over
_surface_gradient = gradient


def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = _surface_gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: without flung
def descend(gradient, w, b, learning_rate, updates):
    way = [(w, b)]
    for _ in range(updates):
        dw, db = gradient(w, b)
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way])

# %% wrong: flung as decimal numbers
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w))
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the longer of the two moves as the distance
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.maximum(dw.abs(), db.abs()) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: length of the place instead of the move
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(torch.hypot(w, b) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: the squared rate, from a slip in the root
def descend(gradient, w, b, learning_rate, updates):
    way, flung = [(w, b)], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * (dw**2 + db**2) > 1) & (flung == 0)] = k
        w, b = w - learning_rate * dw, b - learning_rate * db
        way.append((w, b))
    return torch.stack([one for one, _ in way]), torch.stack([one for _, one in way]), flung

# %% wrong: one copy changed in place, so every row is the last one
def descend(gradient, w, b, learning_rate, updates):
    w, b = w.clone(), b.clone()
    way_w, way_b, flung = [w], [b], torch.zeros(len(w), dtype=torch.int64)
    for k in range(1, updates + 1):
        dw, db = gradient(w, b)
        flung[(learning_rate * torch.hypot(dw, db) > 1) & (flung == 0)] = k
        w -= learning_rate * dw
        b -= learning_rate * db
        way_w.append(w)
        way_b.append(b)
    return torch.stack(way_w), torch.stack(way_b), flung


# %% right: a SimpleNamespace and copies by copy
from copy import copy
from types import SimpleNamespace


def descend(gradient, w, b, learning_rate, updates):
    at = SimpleNamespace(w=w.clone(), b=b.clone())
    way, flung = [copy(at)], torch.zeros(len(w), dtype=torch.long)
    for k in range(1, updates + 1):
        dw, db = gradient(at.w, at.b)
        far = (learning_rate * torch.sqrt(dw**2 + db**2) > 1) & (flung == 0)
        flung = torch.where(far, torch.tensor(k), flung)
        at.w, at.b = at.w - learning_rate * dw, at.b - learning_rate * db
        way.append(copy(at))
    return torch.stack([one.w for one in way]), torch.stack([one.b for one in way]), flung
