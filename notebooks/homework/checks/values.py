"""Plain data between two processes, as JSON: nothing in it can run.

What comes from a student's process is bytes that anybody may have written. They are read as
numbers, texts, tensors and lists, tuples or dicts of them, of exactly those types, or refused.
"""

import json

import torch

LARGEST = 32 * 2**20
KINDS = (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.bool)
DTYPES = {str(dtype): dtype for dtype in KINDS}


class NotDataError(ValueError):
    """Something that is not plain data."""


def dumps(value) -> bytes:
    """Return the JSON of plain data; of a subclass that of the plain value.

    Raises
    ------
    NotDataError
        For anything else.
    """
    raw = json.dumps(_plain(value)).encode()
    if len(raw) > LARGEST:
        raise NotDataError(f"{len(raw) >> 20} MB, more than {LARGEST >> 20}")
    return raw


def _plain(value):
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, list):
        return [*map(_plain, value)]
    if isinstance(value, tuple):
        return {"tuple": [*map(_plain, value)]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, torch.Tensor) and value.dtype in KINDS:
        value = value.detach().as_subclass(torch.Tensor)
        return {"tensor": [str(value.dtype), [*value.shape], value.flatten().tolist()]}
    if type(value).__module__ == "numpy":
        return _plain(value.item() if value.ndim == 0 else torch.as_tensor(value.copy()))
    dtype = getattr(value, "dtype", None)
    raise NotDataError(f"a tensor of {dtype}" if dtype else f"a {type(value).__name__}")


def loads(raw: bytes):
    """Return the data of their JSON.

    Raises
    ------
    NotDataError
        If it is not a form that `dumps` makes.
    """
    try:
        return json.loads(raw, object_hook=_from_form)
    except Exception as error:
        raise NotDataError("a message of a form that is not known") from error


def _from_form(form: dict):
    match [*form.items()]:
        case [("tuple", list(items))]:
            return tuple(items)
        case [("dict", list(pairs))]:
            return dict(pairs)
        case [("tensor", [str(dtype), list(shape), list(numbers)])]:
            return torch.tensor(numbers, dtype=DTYPES[dtype]).reshape(shape)
    raise NotDataError("a form that is not known")
