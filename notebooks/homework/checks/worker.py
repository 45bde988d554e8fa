"""The student's side: runs cells and calls functions on request, and trusts nobody with nothing.

It knows neither tests nor answers nor the course's secret; what it sends back is judged elsewhere,
so nothing that is done to it can earn a point.
"""

import __future__

import ast
import contextlib
import io
import linecache
import os
import socket
import sys
import threading
import time
import traceback
import types

import torch

from checks import calls, fence, values
from checks.cells import plain_python

PRINTED = 20_000
SHOWN = 2_000
FLAGS = [0]
FENCED = []


def serve(talk: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    module = types.ModuleType("__main__")
    module.display = print  # as in a notebook
    sys.modules["__main__"] = module
    torch.set_num_threads(1)
    # One thread: the grader's filter lets no second one start, and PyTorch ends the process then.
    torch.set_num_threads = torch.set_num_interop_threads = lambda number: None
    threading.Thread.start = _no_thread
    sys.addaudithook(_refuse)
    handlers = {"run": _run, "fetch": _fetch, "call": _call, "fence": _take_away}
    while True:
        try:
            request = values.receive(talk)
        except EOFError:
            return
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            reply = handlers[request["do"]](module.__dict__, request)
        values.send(talk, reply | {"printed": _beginning(printed.getvalue())})


def _beginning(text):
    more = len(text) - PRINTED
    return text if more <= 0 else f"{text[:PRINTED]}\n… {more} characters more"


def _no_thread(*_):
    raise PermissionError("no thread can be started here: call the function itself")


def _refuse(event, arguments):
    """Refuse threads, which would outlast a call, and memory by way of a file."""
    if event in ("_thread.start_new_thread", "_thread.start_joinable_thread"):
        _no_thread()
    if event == "open" and str(arguments[0]).startswith("/proc/") and "mem" in str(arguments[0]):
        raise PermissionError(f"{arguments[0]} cannot be opened here")


def _take_away(namespace, request):
    fence.take_away(tuple(request["rules"]))
    FENCED.append(True)
    return {"ok": True}


def _run(namespace, request):
    """Run a cell; behind the fence each of its statements, whatever the others do."""
    name, refused, failed = request["name"], [], None
    fence.name_task("a function that is graded")
    try:
        source = plain_python(request["source"])
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        body = ast.parse(source).body
        for part in [[one] for one in body] if FENCED else [body]:
            try:
                code = compile(ast.Module(part, []), name, "exec", FLAGS[0], True)
                exec(code, namespace)
            except BaseException as error:
                failed = failed or error
                refused += [_text(error)] if isinstance(error, fence.NotThereError) else []
            if any(map(_is_future, part)):
                FLAGS[0] |= __future__.annotations.compiler_flag
    except BaseException as error:
        failed = error
    return {"ok": True, "refused": refused} if FENCED or failed is None else _failure(failed)


def _is_future(node):
    """Return whether it is ``from __future__ import annotations``, which later cells keep."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _fetch(namespace, request):
    name = request["name"]
    if name not in namespace:
        missing = {"error": "NameError", "message": f"{name} is not defined", "missing": name}
        return {"ok": False} | missing
    if callable(namespace[name]):
        return {"ok": True, "callable": True}
    return _answer(namespace[name], name)


def _call(namespace, request):
    name = request["name"]
    fence.name_task(request["task"])
    try:
        data = values.from_plain(request["data"])
        value = calls.HARNESSES[request["harness"]](namespace[name], *data)
    except BaseException as error:
        return _failure(error)
    return _answer(value, f"what came from {name}")


def _answer(value, what):
    try:
        return {"ok": True, "value": values.to_plain(value)}
    except RecursionError:
        message = f"{what}: contains itself"
    except BaseException as error:
        message = f"{what}: expected numbers, texts, tensors, or lists of them, came {_text(error)}"
    return {"ok": False, "error": "CheckFailedError", "message": message}


def _failure(error):
    frames = getattr(error, "frames", None)
    if not isinstance(frames, str):
        frames = "".join(traceback.format_exception(error, limit=-3))
    name = type(error).__name__
    return {"ok": False, "error": name, "message": _text(error), "traceback": frames[-SHOWN:]}


def _text(error):
    try:
        return str(error)[:SHOWN]
    except BaseException:
        return ""


def main() -> None:
    """Serve the notebook that waits at the port of this machine that the argument names."""
    talk = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    values.send(talk, os.environ.pop("HOMEWORK_KEY"))
    threading.Thread(target=_end_with, args=(talk,), daemon=True).start()
    serve(talk)


def _end_with(talk):
    """End this process when the notebook is gone, whatever it is doing."""
    while True:
        with contextlib.suppress(BlockingIOError, TimeoutError):
            if not talk.recv(1, socket.MSG_PEEK):
                os._exit(0)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
