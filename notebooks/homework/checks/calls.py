"""Calling a function of the student's, and watching what it leaves changed.

Through `call` and an `on_site` harness it runs where it lives: in a process of its own.
"""

import functools
import random
import traceback
from pathlib import Path

import torch

from checks.fence import NotThereError

HERE = str(Path(__file__).parent)
HARNESSES = {}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


class CheckFailedError(AssertionError):
    """A check that did not pass; `frames` are the lines of the student's that led there."""

    def __init__(self, message, frames=""):
        super().__init__(message)
        self.frames = frames

    def _render_traceback_(self):
        """Return what a notebook shows: the student's own lines and the message."""
        return [*self.frames.splitlines(), *[""] * bool(self.frames), str(self)]


def _frames_of(error) -> str:
    """Return the lines that led to an error, without ours."""
    told = traceback.TracebackException.from_exception(error)
    told.stack = traceback.StackSummary.from_list(
        frame for frame in told.stack if not frame.filename.startswith(HERE)
    )
    return "".join(told.format(chain=False))


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
                raise CheckFailedError(
                    f"{name_of(function)}: expected torch's settings unchanged, {came}"
                )

    return watched


def call(function, *arguments, changes=(), **keywords):
    """Return the function's value; fail if it changed its arguments or torch's global state.

    `changes` are the positions of the arguments that it is asked to change in place.
    """
    shown = shown_call(function, arguments, keywords)
    value, after = _observe(function, _copy(list(arguments)), _copy(keywords), shown)
    for position, (before, now) in enumerate(zip(arguments, after, strict=True)):
        if position not in changes and not _same(before, now):
            which = ORDINALS[position] if position < len(ORDINALS) else f"{position + 1}th"
            raise CheckFailedError(
                f"{name_of(function)}: expected its arguments unchanged, the {which} was changed"
            )
    return value


@on_site
def _observe(function, arguments, keywords, shown):
    try:
        return function(*arguments, **keywords), arguments
    except CheckFailedError:
        raise
    except NotThereError as error:
        raise CheckFailedError(f"{shown}: {error}", _frames_of(error)) from error
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        came = type(error).__name__ + (f": {said}" if said else "")
        line = f"{shown}: expected a value, came {came}"
        raise CheckFailedError(line, _frames_of(error)) from error


def refuses(function, *arguments, error="ValueError"):
    """Fail unless the function raises that error for these arguments."""
    came = _attempt(function, _copy(list(arguments)))
    if error not in came:
        shown = shown_call(function, arguments, {})
        raise CheckFailedError(f"{shown}: expected a {error}, came {came[0]}")


@on_site
def _attempt(function, arguments):
    try:
        function(*arguments)
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__]
    return ["a value"]


def name_of(function) -> str:
    """Return what a function is called."""
    return getattr(function, "__name__", "the function")


def shown_call(function, arguments, keywords) -> str:
    """Return a call as one short line."""
    words = [*map(brief, arguments), *(f"{key}={brief(value)}" for key, value in keywords.items())]
    return f"{name_of(function)}({', '.join(words)})"


def brief(value) -> str:
    """Return a value in at most 40 characters."""
    if isinstance(value, torch.Tensor):
        if value.ndim == 0 or (value.ndim == 1 and len(value) <= 4):
            return str(_rounded(value.tolist()))
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, list | tuple) and any(isinstance(one, torch.Tensor) for one in value):
        shown = ", ".join(map(brief, value))
        shown = f"[{shown}]" if isinstance(value, list) else f"({shown})"
        return shown if len(shown) <= 40 else f"a {type(value).__name__} of {len(value)}"
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 40 else f"{shown[:37]}…"


def _rounded(value):
    return list(map(_rounded, value)) if isinstance(value, list) else round(value, 3)


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
