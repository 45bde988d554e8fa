"""The tasks: every sequence follows the rules of the paper."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.tasks import temporal_order


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(st.integers(0, 40), st.integers(10, 120), st.integers(0, 5))
def test_the_class_says_which_symbol_came_first_and_which_second(batch, length, seed):
    inputs, targets = temporal_order(batch, length, generator=generator(seed))
    assert inputs.shape == (length, batch, 6)
    assert inputs.dtype == torch.float64
    assert torch.equal(inputs.sum(-1), torch.ones(length, batch).double())
    for n in range(batch):
        symbols = inputs[:, n].argmax(-1)
        first, second = (symbols < 2).nonzero()[:, 0].tolist()
        assert length / 10 - 1 < first < length / 5
        assert length / 2 - 1 < second < 0.6 * length
        assert targets[n] == symbols[first] + 2 * symbols[second]


def test_all_classes_symbols_and_places_occur():
    inputs, targets = temporal_order(2000, 20, generator=generator())
    symbols = inputs.argmax(-1)
    shares = torch.bincount(targets, minlength=4) / 2000
    assert shares.min() > 0.2
    where = (symbols < 2).double().mean(1).nonzero()[:, 0].tolist()
    assert where == [2, 3, 10, 11]
    distractors = torch.bincount(symbols[symbols > 1], minlength=6)[2:]
    assert distractors.min() / distractors.max() > 0.9


def test_only_the_generator_decides():
    torch.manual_seed(0)
    first = temporal_order(5, 30, generator=generator(1))
    torch.manual_seed(1)
    again = temporal_order(5, 30, generator=generator(1))
    assert all(map(torch.equal, first, again))
    other = temporal_order(5, 30, generator=generator(2))
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(
    ("batch", "length", "message"),
    [
        (-1, 20, "batch must be an integer of at least 0, got -1"),
        (2.0, 20, "batch must be an integer of at least 0, got 2.0"),
        (2, 9, "length must be at least 10, got 9"),
        (2, "20", "length must be an integer of at least 0, got '20'"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_input_is_named(batch, length, message):
    with pytest.raises(ValueError, match=message):
        temporal_order(batch, length, generator=generator())
