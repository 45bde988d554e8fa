"""Checks of what comes in: each error names what was expected and what came."""

import math
from numbers import Real

import torch
from torch import Tensor


def shape_of(tensor: Tensor) -> str:
    """Return the shape as it is printed in an error: ``(3, 4)``."""
    return str(tuple(tensor.shape))


def check_real(**tensors: Tensor) -> None:
    """Raise ValueError unless every argument is a finite tensor of floating-point numbers."""
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
        if not tensor.is_floating_point():
            raise ValueError(f"{name} must hold floating-point numbers, got {tensor.dtype}")
        # The extremes carry any NaN or inf, and are found faster than by isfinite.
        if tensor.numel() and not torch.stack(tensor.detach().aminmax()).isfinite().all():
            bad = int((~torch.isfinite(tensor)).sum())
            raise ValueError(f"{name} must be finite, got {bad} NaN or inf of {tensor.numel()}")


def check_same_dtype(**tensors: Tensor) -> None:
    """Raise ValueError unless all arguments have one dtype: mixing would round silently."""
    if len({tensor.dtype for tensor in tensors.values()}) > 1:
        came = ", ".join(f"{name} {tensor.dtype}" for name, tensor in tensors.items())
        raise ValueError(f"all tensors must have one dtype, got {came}")


def check_square(name: str, matrix: Tensor) -> int:
    """Return the size of a square matrix, or raise ValueError."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.numel() == 0:
        raise ValueError(f"{name} must be square and not empty, got {shape_of(matrix)}")
    return matrix.shape[0]


def check_count(name: str, count: int) -> None:
    """Raise ValueError unless `count` is a whole number that is not negative."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValueError(f"{name} must be an integer of at least 0, got {count!r}")


def check_choice(name: str, choice: object, choices: tuple) -> None:
    """Raise ValueError unless `choice` is one of `choices`."""
    if choice not in choices:
        offered = ", ".join(repr(c) for c in choices)
        raise ValueError(f"{name} must be one of {offered}, got {choice!r}")


def check_number(name: str, number: float, *, above: float = -math.inf) -> None:
    """Raise ValueError unless `number` is one finite real number greater than `above`."""
    if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {number!r}")
    if number <= above:
        raise ValueError(f"{name} must be greater than {above}, got {number!r}")
