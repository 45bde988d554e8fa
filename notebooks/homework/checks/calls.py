"""Calling a function of the student's, and watching what it leaves changed.

Through `call` and an `on_site` harness it runs where it lives: in a process of its own.
"""

import copy
import functools
import random
import traceback
from pathlib import Path

import torch

from checks.fence import NotThereError
from checks.values import dumps

HERE = str(Path(__file__).parent)
HARNESSES = {}


def _random_numbers() -> bytes:
    return torch.get_rng_state().numpy().tobytes()


def _set_random_numbers(state: bytes) -> None:
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


# What a function may not leave changed: what it is, how to read it, how to set it.
SETTINGS = (
    ("the default dtype", torch.get_default_dtype, torch.set_default_dtype),
    ("whether gradients are recorded", torch.is_grad_enabled, torch.set_grad_enabled),
    ("torch's global random numbers", _random_numbers, _set_random_numbers),
    ("Python's global random numbers", random.getstate, random.setstate),
    ("the number of threads", torch.get_num_threads, torch.set_num_threads),
)


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
        if hasattr(function, "run_on_site"):
            return function.run_on_site(harness.__name__, data)
        return here(function, *data)

    HARNESSES[harness.__name__] = here
    return run


def _watched(function):
    """Return the function, made to fail if it leaves torch's global state changed."""

    @functools.wraps(function)
    def watched(*arguments, **keywords):
        before = [read() for _, read, _ in SETTINGS]
        try:
            return function(*arguments, **keywords)
        finally:
            left = []
            for (what, read, restore), was in zip(SETTINGS, before, strict=True):
                if was != read():
                    restore(was)
                    left.append(what)
            if left:
                expected = f"{name_of(function)}: expected torch's settings unchanged"
                raise CheckFailedError(f"{expected}, it changed {', '.join(left)}")

    return watched


def call(function, *arguments, changes=(), **keywords):
    """Return the function's value; fail if it changed its arguments or torch's global state.

    `changes` are the positions of the arguments that it is asked to change in place.
    """
    shown = shown_call(function, arguments, keywords)
    value, after = _observe(function, *copy.deepcopy([[*arguments], keywords]), shown)
    for position, (before, now) in enumerate(zip(arguments, after, strict=True)):
        if position not in changes and dumps(before) != dumps(now):
            expected = f"{name_of(function)}: expected its arguments unchanged"
            raise CheckFailedError(f"{expected}, it changed number {position + 1} of them")
    return value


@on_site
def _observe(function, arguments, keywords, shown):
    try:
        return function(*arguments, **keywords), arguments
    except CheckFailedError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        if not isinstance(error, NotThereError):
            said = f"expected a value, came {type(error).__name__}{said and ': '}{said}"
        raise CheckFailedError(f"{shown}: {said}", _frames_of(error)) from error


def refuses(function, *arguments, error="ValueError"):
    """Fail unless the function raises that error for these arguments."""
    came = _attempt(function, copy.deepcopy([*arguments]))
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
    if isinstance(value, torch.Tensor) and value.ndim < 2 and value.numel() <= 4:
        numbers = [round(number, 3) for number in value.flatten().tolist()]
        return str(numbers if value.ndim else numbers[0])
    if isinstance(value, torch.Tensor):
        return f"a tensor {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(brief, value))
        shown = f"[{inside}]" if isinstance(value, list) else f"({inside})"
        return shown if len(shown) <= 40 else f"a {type(value).__name__} of {len(value)}"
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 40 else f"{shown[:37]}…"
