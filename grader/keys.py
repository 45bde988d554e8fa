"""Keys that follow from the course's secret: a token for each student, and one for the exam."""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from checks.tokens import check_digits

STUDENT = re.compile(r"(?!\.)[\w.@-]{1,64}", flags=re.ASCII)


def new_secret(path: Path) -> None:
    """Write a new secret, readable by its owner only; one that exists is kept."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")


def read_secret(path: Path) -> str:
    """Return the course's secret; say so if there is none, or none that is long enough."""
    if not path.exists():
        raise FileNotFoundError(f"no course secret at {path}: run `make homework` first")
    secret = path.read_text(encoding="utf-8").strip()
    if len(secret) < 16:
        raise ValueError(f"{path}: expected at least 16 characters, got {len(secret)}")
    return secret


def token(secret: str, student: str) -> str:
    """Return the text that a student is given, from which the personal numbers follow."""
    start = _keyed(secret, f"token|{student}")[:10]
    return start + check_digits(start)


def exam_key(secret: str, student: str, assignment: str) -> str:
    """Return what the numbers of the hidden checks follow from."""
    return _keyed(secret, f"exam|{student}|{assignment}")


def _keyed(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
