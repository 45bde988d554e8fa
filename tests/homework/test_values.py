"""What passes between the grader and a student's process: plain data, and nothing else."""

import functools
import json
import math
import multiprocessing
import os
import struct
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from checks import values
from checks.process import EndedError, Process

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def same(one, other):
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, list | tuple):
        return type(other) is list and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return (
            type(other) is dict and [*one] == [*other] and all(same(one[k], other[k]) for k in one)
        )
    return type(one) is type(other) and one == other


@given(DATA)
def test_plain_data_come_back_as_they_went_and_a_tuple_as_a_list(data):
    assert same(data, values.loads(values.dumps(data)))


@pytest.mark.parametrize("dtype", values.KINDS, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (4, 5)])
def test_tensors_come_back_to_the_bit(dtype, shape):
    generator = torch.Generator().manual_seed(0)
    tensor = (5 * torch.randn(shape, generator=generator)).to(dtype)
    back = values.loads(values.dumps(tensor))
    assert back.dtype == dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_what_numpy_makes_of_a_number_is_a_number():
    assert values.dumps([np.float64(2.5), np.int64(3), np.bool_(True)]) == b"[2.5, 3, true]"
    assert torch.equal(values.loads(values.dumps(np.arange(3.0))), torch.arange(3.0).double())


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
        (Clipped([1.0], 2.0), [[1.0], 2.0]),
    ],
    ids=range(4),
)
def test_of_a_subclass_the_plain_value_is_taken(value, plain):
    came = values.loads(values.dumps(value))
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
        {(1, 2): 3},
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused(value):
    with pytest.raises(values.NotDataError):
        values.dumps(value)


@pytest.mark.parametrize(
    "form",
    [
        3,
        [],
        ["torch.float64", [2], [1.0]],
        ["torch.float64", [10**12], [1.0]],
        ["torch.float64", [1], ["one"]],
        ["torch.float64", [1], [None]],
        ["torch.int32", [1], [2**40]],
        ["torch.complex64", [1], [1.0]],
        [["torch.float64"], [1], [1.0]],
    ],
    ids=str,
)
def test_a_tensor_that_is_none_is_refused(form):
    for sent in ({values.TENSOR: form}, [{"x": {values.TENSOR: form}}]):
        with pytest.raises(values.NotDataError):
            values.loads(json.dumps(sent).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just(values.TENSOR), inner),
)


@given(JSON.map(json.dumps).map(str.encode) | st.binary())
def test_any_bytes_are_data_or_are_refused(raw):
    try:
        data = values.loads(raw)
    except values.NotDataError:
        return
    values.dumps(data)


def test_what_is_nested_too_deep_or_too_long_is_refused():
    with pytest.raises(values.NotDataError):
        values.loads(b"[" * 10**5 + b"]" * 10**5)
    itself = []
    itself.append(itself)
    with pytest.raises(values.NotDataError, match="Circular"):
        values.dumps(itself)
    with pytest.raises(values.NotDataError, match="MB, more than"):
        values.dumps("x" * (values.LARGEST + 1))


@pytest.fixture
def answered():
    """Return what becomes of a question that these bytes answer, whatever wrote them."""

    def ask(raw, *, ends=False):
        ours, theirs = multiprocessing.Pipe()

        @functools.cache
        def end():
            theirs.close()
            return "it was ended"

        os.write(theirs.fileno(), raw)
        if ends:
            end()
        process = Process(lambda: (ours, end), cell_seconds=0.5)
        process._link, process._end = ours, end
        try:
            return process.fetch("x")
        finally:
            process.close()

    return ask


def message(raw):
    return struct.pack("!i", len(raw)) + raw


def test_an_answer_is_data(answered):
    reply = {"printed": "", "value": [1, torch.ones(2)]}
    one, ones = answered(message(values.dumps(reply)))
    assert one == 1
    assert torch.equal(ones, torch.ones(2))


@pytest.mark.parametrize(
    ("raw", "how"),
    [
        (message(b'{"value": true}'), "crashed"),  # printed nothing, not even ""
        (message(b"{}"), "crashed"),
        (message(b"true"), "crashed"),
        (struct.pack("!i", -1) + struct.pack("!Q", 2**40), "crashed"),  # too long to wait for
        (struct.pack("!i", 1000) + b"a byte now and then", "timed out"),
        (b"", "timed out"),
    ],
    ids=range(6),
)
def test_an_answer_that_is_none_is_the_end_of_its_process(answered, raw, how):
    with pytest.raises(EndedError) as told:
        answered(raw)
    assert told.value.name == how


def test_the_other_side_gone_is_an_end(answered):
    with pytest.raises(EndedError, match="x: it was ended"):
        answered(b"", ends=True)
