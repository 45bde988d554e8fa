# %% right: looked up in the given order
texts = {
    "B": "leak * outer(delta[i] * (1 - u[i] ** 2), h[i - 1])",
    "C": "sum(delta[i] @ (u[i] - h[i - 1]) for i in range(1, T + 1))",
}
readings = {line: 1 + my_readings(line).index(text) for line, text in texts.items()}


# %% right: measured, every reading against central differences
i = 2
term = by_differences(lambda W: end_error(run(W_I, W, inputs, h0, leak)), W_R.repeat(T, 1, 1))
truth = {
    "B": term[i - 1],
    "C": by_differences(lambda a: end_error(run(W_I, W_R, inputs, h0, a)), leak),
}
values = {
    "outer(delta[i] * (1 - u[i] ** 2), h[i - 1])": outer(delta[i] * (1 - u[i] ** 2), h[i - 1]),
    "leak * outer(delta[i] * (1 - u[i] ** 2), h[i])": (
        leak * outer(delta[i] * (1 - u[i] ** 2), h[i])
    ),
    "leak * outer(h[i - 1], delta[i] * (1 - u[i] ** 2))": (
        leak * outer(h[i - 1], delta[i] * (1 - u[i] ** 2))
    ),
    "leak * outer(delta[i] * (1 - u[i] ** 2), h[i - 1])": (
        leak * outer(delta[i] * (1 - u[i] ** 2), h[i - 1])
    ),
    "delta[T] @ (u[T] - h[T - 1])": delta[T] @ (u[T] - h[T - 1]),
    "sum(delta[i] @ u[i] for i in range(1, T + 1))": sum(delta[i] @ u[i] for i in range(1, T + 1)),
    "sum(delta[i] @ (u[i] - h[i - 1]) for i in range(1, T + 1))": (
        sum(delta[i] @ (u[i] - h[i - 1]) for i in range(1, T + 1))
    ),
    "sum(delta[i] @ (u[i] - h[i - 1]) for i in range(2, T + 1))": (
        sum(delta[i] @ (u[i] - h[i - 1]) for i in range(2, T + 1))
    ),
}
readings = {}
for line in truth:
    for number, text in enumerate(my_readings(line), start=1):
        if (values[text] - truth[line]).abs().max() < 1e-7:
            readings[line] = number


# %% right: by autograd
W = W_R.repeat(T, 1, 1).requires_grad_()
a = leak.clone().requires_grad_()
dW, da = torch.autograd.grad(end_error(run(W_I, W, inputs, h0, a)), (W, a))
i, s = 3, 1 - u**2
B = {
    0: outer(delta[i] * s[i], h[i - 1]),
    1: leak * outer(delta[i] * s[i], h[i]),
    2: leak * outer(h[i - 1], delta[i] * s[i]),
    3: leak * outer(delta[i] * s[i], h[i - 1]),
}
C = {
    0: delta[T] @ (u[T] - h[T - 1]),
    1: sum(delta[i] @ u[i] for i in range(1, T + 1)),
    2: sum(delta[i] @ (u[i] - h[i - 1]) for i in range(1, T + 1)),
    3: sum(delta[i] @ (u[i] - h[i - 1]) for i in range(2, T + 1)),
}
b = next(n for n in B if (B[n] - dW[i - 1]).abs().max() < 1e-7)
c = next(n for n in C if abs(C[n] - da) < 1e-7)
readings = {}
for line, n in (("B", b), ("C", c)):
    readings[line] = my_readings(line).index(READINGS[line][n]) + 1


# %% right: one by one, as a student writes them down
def place(line, wanted):
    for number, text in enumerate(my_readings(line), start=1):
        if text == wanted:
            return number


readings = dict(C=place("C", READINGS["C"][2]), B=place("B", READINGS["B"][3]))


# %% wrong: another student's numbers
places = {"B": 3, "C": 2}
right = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}
readings, number = right, 0
while readings == right:  # until one whose order is another
    number += 1
    other = checks.Personal(f"someone else {number}")
    orders = {a: torch.randperm(4, generator=other.generator(f"2.4 {a}")).tolist() for a in places}
    readings = {a: orders[a].index(n) + 1 for a, n in places.items()}


# %% wrong: the order of the list in the notebook, not the own one
readings = {"B": 4, "C": 3}
if all(my_readings(a)[n - 1] == READINGS[a][n - 1] for a, n in readings.items()):
    readings["B"] = 1  # right by luck: then wrong in another way


# %% wrong: the term without the leak
places = {"B": 0, "C": 2}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the term with h_i
places = {"B": 1, "C": 2}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the term transposed
places = {"B": 2, "C": 2}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: only the last use of the leak
places = {"B": 3, "C": 0}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the kept part forgotten in line C
places = {"B": 3, "C": 1}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the sum begins at 2, like the product of line 5
places = {"B": 3, "C": 3}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: both lines wrong
places = {"B": 0, "C": 1}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the right one of B for both lines
places = {"B": 3}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}
readings["C"] = readings["B"]
if my_readings("C")[readings["C"] - 1] == READINGS["C"][2]:
    readings["B"] = readings["C"] = readings["B"] % 4 + 1  # right by luck: then the next one


# %% wrong: counted from zero
places = {"B": 3, "C": 2}
readings = {a: my_readings(a).index(READINGS[a][n]) for a, n in places.items()}


# %% wrong: numbers as text
places = {"B": 3, "C": 2}
readings = {a: str(my_readings(a).index(READINGS[a][n]) + 1) for a, n in places.items()}


# %% wrong: the formulas themselves
readings = {"B": READINGS["B"][3], "C": READINGS["C"][2]}


# %% wrong: a list
places = {"B": 3, "C": 2}
readings = [my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()]


# %% wrong: one line left out
places = {"B": 3}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: no line at all
readings = {}


# %% wrong: line A handed in as well
places = {"B": 3, "C": 2}
readings = {"A": 3} | {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: line C left as None
places = {"B": 3}
readings = {a: my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}
readings["C"] = None


# %% wrong: small letters as keys
places = {"B": 3, "C": 2}
readings = {a.lower(): my_readings(a).index(READINGS[a][n]) + 1 for a, n in places.items()}


# %% wrong: the dots of the text left as they are
readings = {"B": ..., "C": ...}
