"""Made-up tasks that need memory, as the literature on training recurrent networks uses them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnviz._checks import check_count

SYMBOLS = 6  # A and B, which matter, and four that distract
SHORTEST = 10  # below it the window of a tenth of the sequence holds no whole position


def temporal_order(
    batch: int, length: int, *, generator: torch.Generator
) -> tuple[Float[Tensor, "length batch 6"], Int[Tensor, " batch"]]:
    """Draw sequences in which the order of two symbols decides the class.

    Two symbols, each A or B, stand somewhere in [0.1 L, 0.2 L) and in [0.5 L, 0.6 L); all others
    are distractors. The class says which came first and which second: first + 2 · second, with A
    for 0 and B for 1. A guess is right once in four (Hochreiter & Schmidhuber 1997, task 6a;
    Pascanu, Mikolov & Bengio 2013, section 4.1, whose code draws the positions so).

    Parameters
    ----------
    batch : int
        Number of sequences.
    length : int
        L, the number of steps, at least 10.
    generator : torch.Generator
        The only source of chance.

    Returns
    -------
    inputs : Tensor, shape (length, batch, 6)
        One-hot symbols, float64: A, B and four distractors.
    targets : Tensor of int, shape (batch,)
        The class, 0 to 3.

    Raises
    ------
    ValueError
        If `batch` is not a whole number of at least 0, or `length` not one of at least 10.
    """
    check_count("batch", batch)
    check_count("length", length)
    if length < SHORTEST:
        raise ValueError(f"length must be at least {SHORTEST}, got {length}")

    def draw(low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, shape, generator=generator)

    symbols = draw(2, SYMBOLS, length, batch)
    which = draw(0, 2, 2, batch)
    places = [draw(length * start // 10, length * (start + 1) // 10, batch) for start in (1, 5)]
    for symbol, place in zip(which, places, strict=True):
        symbols[place, torch.arange(batch)] = symbol
    inputs = torch.nn.functional.one_hot(symbols, SYMBOLS).double()
    return inputs, which[0] + 2 * which[1]
