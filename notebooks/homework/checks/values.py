"""Plain data between two processes, as JSON: nothing in it can run.

What comes from a student's process is bytes that anybody may have written. They are read as
numbers, texts, tensors, and lists or dicts of them (a tuple arrives as a list), or refused.
"""

import json

import torch

LARGEST = 32 * 2**20
TENSOR = "torch.Tensor"
KINDS = (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.bool)
DTYPES = {str(dtype): dtype for dtype in KINDS}


class NotDataError(ValueError):
    """Something that is not plain data."""


def dumps(value) -> bytes:
    """Return the JSON of plain data; of a subclass that of the plain value."""
    try:
        raw = json.dumps(value, default=_form).encode()
    except NotDataError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise NotDataError(f"something else: {error}") from error
    if len(raw) > LARGEST:
        raise NotDataError(f"{len(raw) >> 20} MB, more than {LARGEST >> 20}")
    return raw


def _form(value):
    if isinstance(value, torch.Tensor) and value.dtype in KINDS:
        value = value.detach().as_subclass(torch.Tensor)
        return {TENSOR: [str(value.dtype), [*value.shape], value.flatten().tolist()]}
    if type(value).__module__ == "numpy":
        return value.item() if value.ndim == 0 else torch.as_tensor(value.copy())
    dtype = getattr(value, "dtype", None)
    raise NotDataError(f"a tensor of {dtype}" if dtype else f"a {type(value).__name__}")


def loads(raw: bytes):
    """Return the data of their JSON; a `NotDataError` says that it is not what `dumps` makes."""
    try:
        return json.loads(raw, object_hook=_from_form)
    except Exception as error:
        raise NotDataError("a message of a form that is not known") from error


def _from_form(form: dict):
    if form.keys() != {TENSOR}:
        return form
    dtype, shape, numbers = form[TENSOR]
    return torch.tensor(numbers, dtype=DTYPES[dtype]).reshape(shape)
