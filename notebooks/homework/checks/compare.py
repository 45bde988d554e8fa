"""Comparing what came with what was expected; a line says both, never the answer."""

import math
import numbers

import torch

from checks.calls import CheckFailedError


def require(condition, what, *, expected, came):
    """Fail with one line unless the condition holds."""
    if not condition:
        raise CheckFailedError(f"{what}: expected {expected}, came {came}")


def tensor(what, value, *, shape, dtype=torch.float64):
    """Fail unless the value is a tensor of finite numbers with that shape and dtype."""
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        raise CheckFailedError(f"{what}: expected a tensor, came {_kind(value)}")
    wanted, came = (tuple(shape), _name(dtype)), (tuple(value.shape), _name(value.dtype))
    expected = "a tensor of shape {}, {}".format(*wanted)
    require(came == wanted, what, expected=expected, came="{} {}".format(*came))
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
    most, many = float(apart.max()), expected.numel() > 1
    if most <= rtol * largest + atol:
        return
    # As a share of the largest expected entry, where that is not zero.
    share = 100 * most / largest if largest else 0
    off = f"{share:.0f} %" if share >= 10 else f"{share:.1g} %" if largest else f"{most:.2g}"
    off += " of the largest off" if largest and many else " off"
    where = torch.nonzero(apart == apart.max())[0].tolist()
    off = f"values up to {off} (most at entry {where})" if many else f"a value {off}"
    raise CheckFailedError(f"{what}: expected {by}, came {off}")


def number(what, value, *, low=-math.inf, high=math.inf):
    """Fail unless the value is one finite number from `low` to `high`; return it as a float."""
    if getattr(value, "shape", None) in ((), (1,)):
        value = value.item()  # a tensor or an array of one number
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise CheckFailedError(f"{what}: expected a number, came {_kind(value)}")
    bounds = "" if math.isinf(low) and math.isinf(high) else f" from {low:g} to {high:g}"
    inside = math.isfinite(value) and low <= value <= high
    require(inside, what, expected=f"a finite number{bounds}", came=f"{value:g}")
    return float(value)


def choice(what, value, options):
    """Fail unless the value is one of the options; which of them is right is not said."""
    listed = ", ".join(map(repr, options))
    came = repr(value) if isinstance(value, str | int | float) else _kind(value)
    known = any(type(value) is type(option) and value == option for option in options)
    require(known, what, expected=f"one of {listed}", came=came)
    return value


def passed(label):
    """Say that the checks of a task passed."""
    print(f"{label}: every check here passed")


def accepted(label):
    """Say that a measured answer has the right form, which is all that is checked here."""
    print(f"{label}: form accepted; the values are checked when graded")


def _kind(value):
    if isinstance(value, str):
        return f"the text {value!r}"
    return "nothing (None)" if value is None else f"something of type {type(value).__name__}"


def _name(dtype):
    return str(dtype).removeprefix("torch.")
