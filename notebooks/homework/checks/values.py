"""Plain data between the grader and the student's process, as JSON: nothing in it can run.

What comes back from a student's process is bytes that anybody may have written. They are decoded
into numbers, texts, tensors and lists, tuples or dicts of them, of exactly those types, or refused.
"""

import base64
import io
import json
import socket
import struct
import time

import numpy
import torch

LARGEST = 16 * 2**20
DTYPES = (torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.bool)


class NotDataError(ValueError):
    """Something that is not plain data, or a message that is none of ours."""


def to_plain(value):
    """Return the JSON form of plain data.

    Raises
    ------
    NotDataError
        For anything else; of a subclass the plain value is taken (of a named tuple, a tuple).
    """
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    for kind in (list, tuple):
        if isinstance(value, kind):
            return [kind.__name__, *map(to_plain, value)]
    if isinstance(value, dict):
        return ["dict", *([to_plain(key), to_plain(item)] for key, item in value.items())]
    if isinstance(value, torch.Tensor) and value.dtype in DTYPES:
        raw, value = io.BytesIO(), value.detach().as_subclass(torch.Tensor).resolve_conj()
        numpy.save(raw, value.numpy(), allow_pickle=False)
        return ["tensor", base64.b64encode(raw.getvalue()).decode("ascii")]
    if type(value).__module__ == "numpy":
        return to_plain(value.item() if value.ndim == 0 else torch.as_tensor(value.copy()))
    dtype = getattr(value, "dtype", None)
    raise NotDataError(f"a tensor of {dtype}" if dtype else f"a {type(value).__name__}")


def from_plain(plain):
    """Return the data of their JSON form.

    Raises
    ------
    NotDataError
        If it is not a form that `to_plain` makes.
    """
    if plain is None or type(plain) in (bool, int, float, str):
        return plain
    match plain:
        case ["list", *items]:
            return [from_plain(item) for item in items]
        case ["tuple", *items]:
            return tuple(from_plain(item) for item in items)
        case ["dict", *pairs]:
            return _dict_from_plain(pairs)
        case ["tensor", str(text)]:
            return _tensor_from_plain(text)
    raise NotDataError("a message of a form that is not known")


def _dict_from_plain(pairs):
    made = {}
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2:
            raise NotDataError("a dict that is not one")
        key = from_plain(pair[0])
        if type(key) not in (str, int, float, bool, type(None)):
            raise NotDataError("a dict with keys other than texts and numbers")
        made[key] = from_plain(pair[1])
    return made


def _tensor_from_plain(text):
    try:
        raw = io.BytesIO(base64.b64decode(text, validate=True))
        made = torch.from_numpy(numpy.lib.format.read_array(raw, allow_pickle=False))
    except Exception as error:
        raise NotDataError("a tensor that is not one") from error
    if made.dtype not in DTYPES or raw.read(1):
        raise NotDataError("a tensor that is not one")
    return made != 0 if made.dtype is torch.bool else made


def send(to: socket.socket, message, *, deadline: float | None = None) -> None:
    """Send one message, a JSON value, by a deadline as in `receive`."""
    to.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
    raw = json.dumps(message).encode()
    if len(raw) > LARGEST:
        raise NotDataError(f"{len(raw) / 2**20:.0f} MB, more than {LARGEST / 2**20:.0f}")
    to.sendall(struct.pack("!Q", len(raw)) + raw)


def receive(source: socket.socket, *, deadline: float | None = None):
    """Return the next message.

    Parameters
    ----------
    source : socket
        Where it comes from.
    deadline : float, optional
        The `time.monotonic` by which the whole message must be there.

    Raises
    ------
    EOFError
        If the other side is gone.
    NotDataError
        If it is too long or no JSON.
    TimeoutError
        If the deadline passes.
    """
    (length,) = struct.unpack("!Q", _exactly(source, 8, deadline))
    if length > LARGEST:
        raise NotDataError(f"a message of {length / 2**20:.0f} MB")
    try:
        return json.loads(_exactly(source, length, deadline))
    except (ValueError, RecursionError) as error:
        raise NotDataError("a message that is not JSON") from error


def _exactly(source: socket.socket, count: int, deadline: float | None) -> bytes:
    got = bytearray()
    while len(got) < count:
        if deadline is not None:
            # The whole message has one deadline: a byte now and then does not win time.
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            source.settimeout(left)
        piece = source.recv(min(count - len(got), 2**20))
        if not piece:
            raise EOFError("the other side is gone")
        got += piece
    return bytes(got)
