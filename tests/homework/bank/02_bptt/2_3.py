# %% right: backwards once, vector times matrix
def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    terms = torch.zeros(T, *W_R.shape, dtype=torch.float64)
    later = torch.zeros(len(W_R), dtype=torch.float64)
    for i in range(T, 0, -1):
        own = weights[i - 1] * (W_O @ states[i] - targets[i - 1]) @ W_O
        a = (own + later) * (1 - states[i] ** 2)
        terms[i - 1] = a[:, None] * states[i - 1]
        later = a @ W_R
    return terms


# %% right: line 2 for every error, all of them added
def gradient_terms(W_R, W_O, states, targets, weights):
    T = states.shape[0] - 1
    J = [torch.diag(1 - states[k + 1] ** 2) @ W_R for k in range(T)]
    terms = torch.zeros(T, *W_R.shape, dtype=W_R.dtype)
    for t in range(1, T + 1):
        row = weights[t - 1] * ((W_O @ states[t] - targets[t - 1]) @ W_O)
        for i in range(t, 0, -1):
            terms[i - 1] += torch.outer(row * (1 - states[i] ** 2), states[i - 1])
            row = row @ J[i - 1]
    return terms


# %% right: the notebook's terms for every end, padded with zeros
def ordered(J, t, i):
    result = torch.eye(J.shape[-1], dtype=J.dtype)
    for k in range(i, t):
        result = J[k] @ result
    return result


def notebook_terms(W_R, W_O, states, slopes, dE_dy):
    T = len(states) - 1
    J = slopes[1:, :, None] * W_R
    result = []
    for i in range(1, T + 1):
        delta = dE_dy @ W_O @ ordered(J, T, i)
        result.append(torch.outer(delta * slopes[i], states[i - 1]))
    return torch.stack(result)


def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    total = torch.zeros(T, *W_R.shape, dtype=torch.float64)
    for t in range(1, T + 1):
        if weights[t - 1] == 0:
            continue
        h = states[: t + 1]
        dE_dy = weights[t - 1] * (W_O @ h[-1] - targets[t - 1])
        total[:t] += notebook_terms(W_R, W_O, h, 1 - h**2, dE_dy)
    return total


# %% right: all errors at once, all deltas first, then one einsum
def gradient_terms(W_R, W_O, states, targets, weights):
    slopes = 1 - states[1:].square()
    own = ((states[1:] @ W_O.T - targets) * weights[:, None]) @ W_O
    deltas = [own[-1]]
    for slope, e in zip(slopes[1:].flip(0), own[:-1].flip(0), strict=True):
        deltas.insert(0, e + W_R.t() @ (slope * deltas[0]))
    return torch.einsum("tm,tn->tmn", torch.stack(deltas) * slopes, states[:-1])


# %% right: with the three-index immediate derivative spelled out
def gradient_terms(W_R, W_O, states, targets, weights):
    T, H = len(states) - 1, len(W_R)
    back = torch.zeros(H, dtype=torch.float64)
    found = []
    for i in range(T, 0, -1):
        back = back + (weights[i - 1] * (W_O @ states[i] - targets[i - 1])) @ W_O
        immediate = torch.zeros(H, H, H, dtype=torch.float64)
        for m in range(H):
            immediate[m, m] = (1 - states[i, m] ** 2) * states[i - 1]
        found.append(torch.tensordot(back, immediate, dims=1))
        back = back @ ((1 - states[i] ** 2)[:, None] * W_R)
    return torch.stack(found).flip(0)


# %% right: recursion over the steps
def gradient_terms(W_R, W_O, states, targets, weights):
    def delta(i):
        own = weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        if i == len(states) - 1:
            return own
        return own + W_R.T @ ((1 - states[i + 1] ** 2) * delta(i + 1))

    steps = range(1, len(states))
    return torch.stack([torch.outer(delta(i) * (1 - states[i] ** 2), states[i - 1]) for i in steps])


# %% wrong: the lesson's function, only the error of the last step
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = W_O.T @ (W_O @ states[-1] - targets[-1])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the last error only, times its weight
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = weights[-1] * (W_O.T @ (W_O @ states[-1] - targets[-1]))
    terms = []
    for i in range(len(states) - 1, 0, -1):
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: only the error of the own step, nothing from later
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the errors added up without a way back
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
    return torch.stack(terms[::-1])


# %% wrong: the own error added after the way back, one step late
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
    return torch.stack(terms[::-1])


# %% wrong: the weights forgotten
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + W_O.T @ (W_O @ states[i] - targets[i - 1])
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the weights squared, inside the norm
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] ** 2 * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: term i times c_i at the end, all errors unweighted
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + W_O.T @ (W_O @ states[i] - targets[i - 1])
        through = delta * (1 - states[i] ** 2)
        terms.append(weights[i - 1] * torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: weights and targets one step late, i in place of i - 1
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 2] * (W_O.T @ (W_O @ states[i] - targets[i - 2]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the target of step T for every step
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[-1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the state h_{i-1} against target i
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i - 1] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: W_R not transposed on the way back
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R @ through
    return torch.stack(terms[::-1])


# %% wrong: outer product the other way round
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(states[i - 1], through))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the printed index, every slope one state early
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i - 1] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: h_i in place of h_{i-1}
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the slope of the immediate derivative is missing
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(delta, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: the slope after W_R, a step's factors in the other order
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = (1 - states[i] ** 2) * (W_R.T @ delta)
    return torch.stack(terms[::-1])


# %% wrong: no slopes at all, a linear network
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: product of Jacobians in the other order
def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    J = (1 - states[1:] ** 2)[:, :, None] * W_R
    terms = torch.zeros(T, *W_R.shape, dtype=W_R.dtype)
    for t in range(1, T + 1):
        for i in range(1, t + 1):
            product = torch.eye(len(W_R), dtype=W_R.dtype)
            for k in range(i, t):
                product = product @ J[k]
            delta = weights[t - 1] * (W_O @ states[t] - targets[t - 1]) @ W_O @ product
            terms[i - 1] += torch.outer(delta * (1 - states[i] ** 2), states[i - 1])
    return terms


# %% wrong: product one step too long
def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    J = (1 - states[1:] ** 2)[:, :, None] * W_R
    terms = torch.zeros(T, *W_R.shape, dtype=W_R.dtype)
    for t in range(1, T + 1):
        for i in range(1, t + 1):
            product = torch.eye(len(W_R), dtype=W_R.dtype)
            for k in range(i - 1, t):
                product = J[k] @ product
            delta = weights[t - 1] * (W_O @ states[t] - targets[t - 1]) @ W_O @ product
            terms[i - 1] += torch.outer(delta * (1 - states[i] ** 2), states[i - 1])
    return terms


# %% wrong: sorted by the error: entry t is the gradient of E_t
def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    terms = torch.zeros(T, *W_R.shape, dtype=W_R.dtype)
    for t in range(1, T + 1):
        delta = weights[t - 1] * (W_O.T @ (W_O @ states[t] - targets[t - 1]))
        for i in range(t, 0, -1):
            through = delta * (1 - states[i] ** 2)
            terms[t - 1] += torch.outer(through, states[i - 1])
            delta = W_R.T @ through
    return terms


# %% wrong: total in place of immediate derivative
def gradient_terms(W_R, W_O, states, targets, weights):
    T, H = len(states) - 1, len(W_R)
    J = (1 - states[1:] ** 2)[:, :, None] * W_R
    total = torch.zeros(H, H, H, dtype=torch.float64)
    totals = []
    for k in range(T):
        total = torch.einsum("ab,bmn->amn", J[k], total)
        for m in range(H):
            total[m, m] += (1 - states[k + 1, m] ** 2) * states[k]
        totals.append(total.clone())
    delta = torch.zeros(H, dtype=torch.float64)
    terms = []
    for k in reversed(range(T)):
        delta = delta + weights[k] * (W_O @ states[k + 1] - targets[k]) @ W_O
        terms.append(torch.einsum("a,amn->mn", delta, totals[k]))
        delta = delta @ J[k]
    return torch.stack(terms[::-1])


# %% wrong: latest term first
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms)


# %% wrong: the sum instead of the terms
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms).sum(0)


# %% wrong: running sums
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1]).cumsum(0)


# %% wrong: the first step is missing
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 1, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: an extra term for h_0
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    terms.append(torch.zeros_like(W_R))
    return torch.stack(terms[::-1])


# %% wrong: the factor one half kept, gradient halved
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + 0.5 * weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: sign of the error turned round
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (targets[i - 1] - W_O @ states[i]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: averaged over the steps
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1]) / len(terms)


# %% wrong: divided by the sum of the weights
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1]) / weights.sum()


# %% wrong: W_O forgotten on the way back
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        error = weights[i - 1] * (W_O @ states[i] - targets[i - 1])
        delta = delta.clone()
        delta[: len(error)] += error[: len(delta)]
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: truncated, only ten steps back
def gradient_terms(W_R, W_O, states, targets, weights):
    T = len(states) - 1
    terms = torch.zeros(T, *W_R.shape, dtype=W_R.dtype)
    for t in range(1, T + 1):
        delta = weights[t - 1] * (W_O.T @ (W_O @ states[t] - targets[t - 1]))
        for i in range(t, max(t - 10, 0), -1):
            through = delta * (1 - states[i] ** 2)
            terms[i - 1] += torch.outer(through, states[i - 1])
            delta = W_R.T @ through
    return terms


# %% wrong: computed in float32
def gradient_terms(W_R, W_O, states, targets, weights):
    W_R, W_O, states, targets, weights = (
        one.float() for one in (W_R, W_O, states, targets, weights)
    )
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1]).double()


# %% wrong: delta kept from vanishing, never below 1e-8
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
        if 0 < delta.norm() < 1e-8:
            delta = delta / delta.norm() * 1e-8
    return torch.stack(terms[::-1])


# %% wrong: divides by the error, NaN where it is zero
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        error = W_O @ states[i] - targets[i - 1]
        size = error.norm()
        delta = delta + weights[i - 1] * size * (W_O.T @ (error / size))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: needs as many outputs as in the example
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        e = weights[i - 1] * (W_O @ states[i] - targets[i - 1])
        delta = delta + e[0] * W_O[0] + e[1] * W_O[1]
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: four steps, whatever T is
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in (4, 3, 2, 1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: changes the states in place
def gradient_terms(W_R, W_O, states, targets, weights):
    own = ((states[1:] @ W_O.T - targets) * weights[:, None]) @ W_O
    before = states[:-1].clone()
    slopes = states.pow_(2).neg_().add_(1)
    delta = torch.zeros_like(own[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        through = (delta + own[i - 1]) * slopes[i]
        terms.append(torch.outer(through, before[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: adds up into the targets
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        targets[i - 1] -= W_O @ states[i]
        delta = delta - weights[i - 1] * (W_O.T @ targets[i - 1])
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1])


# %% wrong: a list of matrices
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return terms[::-1]


# %% wrong: nothing returned
def gradient_terms(W_R, W_O, states, targets, weights):
    delta = torch.zeros_like(states[0])
    terms = []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    print(torch.stack(terms[::-1]))


# %% right: a deque and a context manager
from collections import deque
from contextlib import contextmanager


@contextmanager
def counting(name):
    count[name] = count.get(name, 0) + 1
    yield count


count = {}


def gradient_terms(W_R, W_O, states, targets, weights):
    back = deque()
    with counting("terms"):
        delta = torch.zeros_like(states[0])
        for i in range(len(states) - 1, 0, -1):
            delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
            through = delta * (1 - states[i] ** 2)
            back.appendleft(torch.outer(through, states[i - 1]))
            delta = W_R.T @ through
    return torch.stack(list(back))


# %% right: an abstract class with backward and grad_fn of its own
from abc import ABC, abstractmethod


class Node(ABC):
    def __init__(self, grad_fn):
        self.grad_fn, self.grad = grad_fn, None

    @abstractmethod
    def backward(self, delta): ...


class Step(Node):
    def backward(self, delta):
        self.grad = self.grad_fn(delta)
        return self.grad


def gradient_terms(W_R, W_O, states, targets, weights):
    delta, terms = torch.zeros_like(states[0]), []
    for i in range(len(states) - 1, 0, -1):
        error = W_O @ states[i] - targets[i - 1]
        delta = Step(lambda d, e=error, c=weights[i - 1]: d + c * (e @ W_O)).backward(delta)
        delta = Step(lambda d, h=states[i]: d * (1 - h * h)).backward(delta)
        terms.append(delta[:, None] * states[i - 1])
        delta = Step(lambda d: d @ W_R).backward(delta)
    return torch.stack(terms[::-1])


# %% right: globals and eval of a constant text, deepcopy
import copy

HALF = "0.5"
globals()["TWICE"] = eval(HALF) * 4


def gradient_terms(W_R, W_O, states, targets, weights):
    states = copy.deepcopy(states)
    delta, terms = torch.zeros_like(states[0]), []
    for i in range(len(states) - 1, 0, -1):
        delta = delta + weights[i - 1] * (W_O.T @ (W_O @ states[i] - targets[i - 1]))
        through = delta * (1 - states[i] ** 2)
        terms.append(torch.outer(through, states[i - 1]))
        delta = W_R.T @ through
    return torch.stack(terms[::-1]) * TWICE / 2
