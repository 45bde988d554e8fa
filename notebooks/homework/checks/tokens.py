"""Numbers that follow from a token, so that everybody measures something else."""

import hashlib
import os
import re

import torch

PRACTICE = "practice"


class Personal:
    """Numbers that follow from a key, so that everybody measures something else."""

    def __init__(self, key):
        self._key = key

    def seed(self, name):
        """Return a whole number in [0, 2⁶³) that follows from the key and the name."""
        digest = hashlib.sha256(f"{self._key}|{name}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1

    def generator(self, name):
        """Return a `torch.Generator` seeded for the name."""
        return torch.Generator().manual_seed(self.seed(name))

    def integer(self, name, low, high):
        """Return a whole number from `low` to `high`, both included."""
        return low + self.seed(name) % (high - low + 1)

    def uniform(self, name, low, high, *, digits=3):
        """Return a number between `low` and `high`, rounded to that many decimals."""
        return round(low + (high - low) * (self.seed(name) / 2**63), digits)

    def tensor(self, name, *shape):
        """Return a float64 tensor of standard normal numbers."""
        return torch.randn(shape, generator=self.generator(name), dtype=torch.float64)


def check_digits(start):
    """Return the last two characters of a token: they tell one that was mistyped."""
    return hashlib.sha256(f"token|{start}".encode()).hexdigest()[:2]


def personal(token):
    """Return the `Personal` numbers of a token; ``"practice"`` serves to try things out."""
    text = str(token).strip().lower()
    if text == PRACTICE:
        print("practice numbers: put in the token that you were given before you measure")
    elif not re.fullmatch("[0-9a-f]{12}", text) or check_digits(text[:10]) != text[10:]:
        raise ValueError(f"TOKEN must be the 12 characters that you were given, got {token!r}")
    return Personal(text)


def exam():
    """Return the `Personal` numbers of the checks that run only when a submission is graded."""
    return Personal(os.environ.get("HOMEWORK_EXAM", PRACTICE))
