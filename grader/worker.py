"""The student's side: runs cells and calls functions on request, and trusts nobody with nothing.

This runs in the isolated process. It knows neither tests nor answers nor the course's secret; what
it sends back is judged elsewhere, so nothing that a submission does to it can earn a point.
"""

import __future__

import ast
import contextlib
import io
import socket
import sys
import traceback
import types

import checks
from checks.reading import plain_python
from grader import removed, values

PRINTED = 20_000
FLAGS = [0]
SHOWN = 2_000


class Capped(io.TextIOBase):
    """Keeps the beginning of what is printed and counts the rest."""

    def __init__(self):
        self.kept, self.dropped = [], 0
        self.room = PRINTED

    def write(self, text):
        """Keep what there is room for."""
        kept = text[: self.room]
        self.kept.append(kept)
        self.room -= len(kept)
        self.dropped += len(text) - len(kept)
        return len(text)

    def text(self):
        """Return what was kept, and how much was not."""
        more = f"\n… {self.dropped} characters more" if self.dropped else ""
        return "".join(self.kept) + more


def serve(talk: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    module = types.ModuleType("__main__")
    module.display = print  # as in a notebook
    sys.modules["__main__"] = module
    handlers = {"run": _run, "fetch": _fetch, "call": _call, "remove": _remove}
    while True:
        try:
            request = values.receive(talk)
        except EOFError:
            return
        printed = Capped()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            reply = handlers[request["do"]](module.__dict__, request)
        values.send(talk, reply | {"printed": printed.text()})


def _run(namespace, request):
    """Run a cell, or those of its statements that are to be kept, each whatever the others do."""
    failed = None
    try:
        body = ast.parse(plain_python(request["source"])).body
        parts = [body] if request["keep"] is None else [[body[n]] for n in request["keep"]]
        for part in parts:
            try:
                code = compile(ast.Module(part, []), request["name"], "exec", FLAGS[0], True)
                exec(code, namespace)
            except BaseException as error:
                failed = failed or error
            if any(map(_is_future, part)):
                FLAGS[0] |= __future__.annotations.compiler_flag
    except BaseException as error:
        failed = error
    return {"ok": True} if failed is None else _failure(failed)


def _remove(namespace, request):
    removed.take_away(request["categories"])
    return {"ok": True}


def _is_future(node):
    """Return whether it is ``from __future__ import annotations``, which later cells keep."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _fetch(namespace, request):
    name = request["name"]
    if name not in namespace:
        return {"ok": False, "error": "NameError", "message": f"{name} is not defined"}
    if callable(namespace[name]):
        return {"ok": True, "callable": True}
    return _answer(namespace[name], name)


def _call(namespace, request):
    name = request["name"]
    try:
        data = values.from_plain(request["data"])
        value = checks.HARNESSES[request["harness"]](namespace[name], *data)
    except BaseException as error:
        return _failure(error)
    return _answer(value, f"what came from {name}")


def _answer(value, what):
    try:
        return {"ok": True, "value": values.to_plain(value)}
    except values.NotDataError as error:
        message = f"{what}: expected numbers, texts, tensors, or lists of them, came {error}"
        return {"ok": False, "error": "CheckFailedError", "message": message}
    except RecursionError:
        return {"ok": False, "error": "CheckFailedError", "message": f"{what}: contains itself"}


def _failure(error):
    frames = "".join(traceback.format_exception(error, limit=-3))
    try:
        message = str(error)
    except Exception:
        message = ""
    return {
        "ok": False,
        "error": type(error).__name__,
        "message": message[:SHOWN],
        "traceback": frames[-SHOWN:],
    }
