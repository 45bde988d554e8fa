"""What passes between the grader and a student's process: plain data, and nothing else."""

import base64
import io
import json
import math
import socket
import struct
import time
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from checks import values

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


def saved(array, *, cut=0, more=b""):
    """Return an array as it travels, perhaps with some bytes fewer or more."""
    raw = io.BytesIO()
    np.save(raw, array)
    return base64.b64encode(raw.getvalue()[: len(raw.getvalue()) - cut] + more).decode("ascii")


def same(one, other):
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return (
            type(other) is dict and [*one] == [*other] and all(same(one[k], other[k]) for k in one)
        )
    return type(one) is type(other) and one == other


@given(DATA)
def test_plain_data_come_back_as_they_went(data):
    assert same(data, values.from_plain(json.loads(json.dumps(values.to_plain(data)))))


@pytest.mark.parametrize("dtype", values.DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (4, 5)])
def test_tensors_come_back_to_the_bit(dtype, shape):
    generator = torch.Generator().manual_seed(0)
    tensor = (5 * torch.randn(shape, generator=generator)).to(dtype)
    back = values.from_plain(json.loads(json.dumps(values.to_plain(tensor))))
    assert back.dtype == dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_what_numpy_makes_of_a_number_is_a_number():
    assert values.to_plain(np.float64(2.5)) == 2.5
    assert values.to_plain(np.int64(3)) == 3
    assert torch.equal(
        values.from_plain(values.to_plain(np.arange(3.0))), torch.arange(3.0).double()
    )


class Sly(torch.Tensor):
    pass


class Everything(float):
    def __eq__(self, other):
        return True

    __hash__ = None


class Clipped(NamedTuple):
    clipped: list
    norm: float


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Everything(1.0), 1.0),
        (torch.zeros(2).as_subclass(Sly), torch.zeros(2)),
        (Counter(a=1), {"a": 1}),
        (Clipped([1.0], 2.0), ([1.0], 2.0)),
    ],
    ids=range(4),
)
def test_of_a_subclass_the_plain_value_is_taken(value, plain):
    came = values.from_plain(values.to_plain(value))
    assert type(came) is type(plain)
    assert torch.equal(came, plain) if isinstance(plain, torch.Tensor) else came == plain


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        lambda: None,
        torch.zeros(2, dtype=torch.complex64),
        [1, object()],
        {"key": b"bytes"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused(value):
    with pytest.raises(values.NotDataError):
        values.to_plain(value)


@pytest.mark.parametrize(
    "plain",
    [
        [],
        {},
        {"list": []},
        ["set", 1],
        ["tensor"],
        ["tensor", "AAAA"],
        ["tensor", "not base64!"],
        ["tensor", saved(np.ones(3), cut=8)],
        ["tensor", saved(np.ones(3), more=b"x")],
        ["tensor", saved(np.array([1, "a"], dtype=object))],
        ["tensor", saved(np.ones(2, dtype=np.complex128))],
        ["tensor", saved(np.ones(2, dtype=">f8"))],
        ["tensor", saved(np.ones(2, dtype="f8,i4"))],
        ["tensor", saved(np.ones(1)).replace(saved(np.ones(1))[80:90], "MTAwMDAwMD", 1)],
        ["tensor", base64.b64encode(b"PK\x03\x04").decode()],
        ["dict", ["one"]],
        ["dict", [["list"], 1]],
        ["dict", [["tensor", saved(np.ones(1))], 1]],
        [["list"], 1],
    ],
    ids=lambda plain: str(plain)[:20],
)
def test_forms_that_are_none_of_ours_are_refused(plain):
    with pytest.raises(values.NotDataError):
        values.from_plain(plain)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_json_is_data_or_is_refused(plain):
    try:
        data = values.from_plain(plain)
    except values.NotDataError:
        return
    values.to_plain(data)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_message_that_is_too_long_is_not_waited_for(pair):
    ours, theirs = pair
    theirs.sendall(struct.pack("!Q", 2**40))
    with pytest.raises(values.NotDataError, match="a message of 1048576 MB"):
        values.receive(ours)


def test_a_byte_now_and_then_does_not_win_time(pair):
    ours, theirs = pair
    theirs.sendall(struct.pack("!Q", 1000) + b"x")
    with pytest.raises(TimeoutError):
        values.receive(ours, deadline=time.monotonic() + 0.05)


def test_a_deadline_that_has_passed_is_not_waited_for(pair):
    ours, theirs = pair
    values.send(theirs, "late")
    with pytest.raises(TimeoutError):
        values.receive(ours, deadline=time.monotonic() - 1)


def test_the_other_side_gone_is_an_end(pair):
    ours, theirs = pair
    theirs.close()
    with pytest.raises(EOFError):
        values.receive(ours)


def test_messages_arrive_whole(pair):
    ours, theirs = pair
    for message in ({"do": "run"}, [1, 2, None], "text"):
        values.send(theirs, message)
        assert values.receive(ours, deadline=time.monotonic() + 120) == message
