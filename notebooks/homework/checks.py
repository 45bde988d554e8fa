"""What the check cells of the homework are written with.

A check says in one line what was expected and what came, never the answer. Functions are called
through `call` and `on_site`, which run them where they were defined: in your own kernel while you
work, in a separate process when a submission is graded.
"""

import functools
import math
import numbers
import random

import torch

from tokens import Personal, exam, personal

__all__ = ["Personal", "agree", "call", "choice", "exam", "number", "on_site", "passed", "personal"]
__all__ += ["refuses", "require", "tensor"]

HARNESSES = {}


class CheckFailedError(AssertionError):
    """A check that did not pass."""


def on_site(harness):
    """Make `harness(function, *data)` run in the process that the function lives in.

    Data are numbers, texts, tensors, lists, tuples and dicts. The check fails if the function
    leaves torch's global state changed.
    """

    @functools.wraps(harness)
    def here(function, *data):
        return harness(_watched(function), *data)

    @functools.wraps(harness)
    def run(function, *data):
        elsewhere = getattr(type(function), "run_on_site", None)
        if elsewhere is not None:
            return elsewhere(function, harness.__name__, data)
        return here(function, *data)

    HARNESSES[harness.__name__] = here
    return run


def _watched(function):
    """Return the function, made to fail if it leaves torch's global state changed."""
    name = getattr(function, "__name__", "the function")

    @functools.wraps(function)
    def watched(*arguments, **keywords):
        before = _global_state()
        try:
            return function(*arguments, **keywords)
        finally:
            left = [what for what, now in _global_state().items() if now != before[what]]
            if left:
                _restore(before)
                came = f"it changed {', '.join(left)}"
                raise CheckFailedError(f"{name}: expected torch's settings unchanged, {came}")

    return watched


def call(function, *arguments, changes=(), **keywords):
    """Return the function's value; fail if it changed its arguments or torch's global state.

    `changes` are the positions of the arguments that it is asked to change in place.
    """
    name = getattr(function, "__name__", "the function")
    value, after = _observe(function, _copy(list(arguments)), _copy(keywords))
    for position, (before, now) in enumerate(zip(arguments, after, strict=True)):
        if position not in changes and not _same(before, now):
            raise CheckFailedError(
                f"{name}: expected its arguments unchanged, argument {position + 1} was changed"
            )
    return value


@on_site
def _observe(function, arguments, keywords):
    return function(*arguments, **keywords), arguments


def _global_state():
    return {
        "the default dtype": torch.get_default_dtype(),
        "whether gradients are recorded": torch.is_grad_enabled(),
        "torch's global random numbers": torch.get_rng_state().numpy().tobytes(),
        "Python's global random numbers": random.getstate(),
        "the number of threads": torch.get_num_threads(),
    }


def _restore(state):
    dtype, recorded, numbers, pythons, threads = state.values()
    torch.set_default_dtype(dtype)
    torch.set_grad_enabled(recorded)
    torch.set_rng_state(torch.frombuffer(bytearray(numbers), dtype=torch.uint8))
    random.setstate(pythons)
    torch.set_num_threads(threads)


def _copy(data):
    if isinstance(data, torch.Tensor):
        return data.detach().clone().requires_grad_(data.requires_grad)
    if isinstance(data, list | tuple):
        return type(data)(map(_copy, data))
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return data


def _same(one, other):
    if isinstance(one, torch.Tensor):
        same_kind = isinstance(other, torch.Tensor) and one.dtype == other.dtype
        if not same_kind or one.shape != other.shape:
            return False
        return bool(((one == other) | ((one != one) & (other != other))).all())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return one == other or one is other


def require(condition, what, *, expected, came):
    """Fail with one line unless the condition holds."""
    if not condition:
        raise CheckFailedError(f"{what}: expected {expected}, came {came}")


def tensor(what, value, *, shape, dtype=torch.float64):
    """Fail unless the value is a tensor of finite numbers with that shape and dtype."""
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        raise CheckFailedError(f"{what}: expected a tensor, came {_kind(value)}")
    came = f"{tuple(value.shape)} {_dtype(value)}"
    require(
        tuple(value.shape) == tuple(shape) and value.dtype == dtype,
        what,
        expected=f"a tensor of shape {tuple(shape)}, {str(dtype).removeprefix('torch.')}",
        came=came,
    )
    odd = int((~torch.isfinite(value)).sum())
    require(odd == 0, what, expected="finite numbers", came=f"{odd} that are inf or NaN")


def agree(what, came, expected, *, rtol=1e-6, atol=1e-12, by="the definition"):
    """Fail unless two tensors (or numbers) agree, measured against the largest expected entry."""
    expected = torch.as_tensor(expected, dtype=torch.float64)
    if isinstance(came, torch.Tensor):
        tensor(what, came, shape=expected.shape, dtype=came.dtype)
    else:
        number(what, came)
    came = torch.as_tensor(came, dtype=torch.float64).detach()
    if expected.numel() == 0:
        return
    apart, largest = (came - expected).abs(), float(expected.abs().max())
    if float(apart.max()) <= rtol * largest + atol:
        return
    off = f"{_percent(float(apart.max()) / largest)} off" if largest else f"{apart.max():.2g} off"
    where = torch.nonzero(apart == apart.max())[0].tolist()
    raise CheckFailedError(
        f"{what}: expected {by}, came something {off}"
        + (f" (farthest at entry {where})" if where else "")
    )


def _percent(share):
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1g} %"


def number(what, value, *, low=-math.inf, high=math.inf):
    """Fail unless the value is one finite number from `low` to `high`; return it as a float."""
    if getattr(value, "shape", None) in ((), (1,)):
        value = value.item()  # a tensor or an array of one number
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise CheckFailedError(f"{what}: expected a number, came {_kind(value)}")
    bounds = "" if math.isinf(low) and math.isinf(high) else f" from {low:g} to {high:g}"
    require(
        math.isfinite(value) and low <= value <= high,
        what,
        expected=f"a finite number{bounds}",
        came=f"{value:g}",
    )
    return float(value)


def choice(what, value, options):
    """Fail unless the value is one of the options; which of them is right is not said."""
    listed = ", ".join(map(repr, options))
    came = repr(value) if isinstance(value, str | int | float) else _kind(value)
    known = any(type(value) is type(option) and value == option for option in options)
    require(known, what, expected=f"one of {listed}", came=came)
    return value


def refuses(function, *arguments, error="ValueError"):
    """Fail unless the function raises that error for these arguments."""
    name = getattr(function, "__name__", "the function")
    came = _attempt(function, _copy(list(arguments)))
    shown = f"{name}({', '.join(map(_brief, arguments))})"
    require(came == error, shown, expected=f"a {error}", came=came or "a value")


@on_site
def _attempt(function, arguments):
    try:
        function(*arguments)
    except Exception as error:
        return type(error).__name__
    return ""


def passed(task):
    """Say that the checks of a task passed."""
    print(f"{task}: every check here passed")


def _kind(value):
    return "nothing (None)" if value is None else f"something of type {type(value).__name__}"


def _brief(value):
    if isinstance(value, torch.Tensor):
        few = value.ndim == 1 and len(value) <= 4
        return (
            f"{[round(x, 3) for x in value.tolist()]}" if few else f"a tensor {tuple(value.shape)}"
        )
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 40 else f"{shown[:37]}…"


def _dtype(value):
    return str(value.dtype).removeprefix("torch.")
