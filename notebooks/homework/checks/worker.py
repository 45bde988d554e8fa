"""The student's side: runs cells and calls functions on request, and trusts nobody with nothing.

It knows neither tests nor answers nor the course's secret; what it sends back is judged elsewhere,
so nothing that is done to it can earn a point.
"""

import ast
import codeop
import contextlib
import io
import linecache
import multiprocessing
import os
import signal
import sys
import threading
import traceback
import types
from pathlib import Path

import torch

from checks import calls, fence, values
from checks.cells import plain_python, statements

PRINTED = 20_000
SHOWN = 2_000


def start_beside():
    """Start a process on the student's own machine, on any system, without waiting for it.

    Return a `Connection` to it, and what ends it, as `Process` wants.
    """
    here, context = str(Path(__file__).parents[1]), multiprocessing.get_context("spawn")
    if here not in sys.path:  # by which it finds this package
        sys.path.append(here)
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_beside, args=(theirs,), daemon=True)
    # Where there is a main file, as in a notebook that is run as a script, it would be run anew.
    main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = main
    theirs.close()

    def end() -> str:
        process.kill()
        process.join()
        return f"the process ended (exit {process.exitcode})"

    return ours, end


def _serve_beside(link) -> None:
    os.environ["MPLBACKEND"] = "agg"

    def end_with_parent():
        multiprocessing.parent_process().join()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    serve(link)


def serve(link) -> None:
    """Answer requests over a `multiprocessing.connection.Connection` until nobody is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the notebook
    torch.set_num_threads(1)
    # One thread: the grader's filter lets no second one start, and PyTorch ends the process then.
    torch.set_num_threads = torch.set_num_interop_threads = lambda number: None
    threading.Thread.start = _no_thread
    sys.addaudithook(_refuse)
    side = Side()
    while True:
        try:
            request = values.loads(link.recv_bytes())
        except EOFError:
            return
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                reply = getattr(side, request.pop("do"))(**request)
            except BaseException as error:
                reply = _failure(error)
        printed = {"printed": _beginning(printed.getvalue())}
        try:
            raw = values.dumps(reply | printed)
        except BaseException as error:
            line = f"{request['name']}: expected numbers, texts, tensors, or lists of them, came "
            failed = {"error": "CheckFailedError", "message": line + _text(error)}
            raw = values.dumps(failed | printed)
        link.send_bytes(raw)


class Side:
    """What can be asked for, and the names that the student's cells have defined."""

    def __init__(self):
        module = types.ModuleType("__main__")
        module.display = print  # as in a notebook
        sys.modules["__main__"] = module
        self._names, self._fenced = module.__dict__, False
        self._compile = codeop.Compile()  # a ``from __future__ import`` holds for later cells

    def begin(self, rules):
        """Take away what the rules name; None for no fence."""
        self._fenced = rules is not None
        if self._fenced:
            fence.take_away(rules)
        return {}

    def run(self, name, source):
        """Run a cell; behind the fence each of its statements, whatever the others do."""
        refused = []
        fence.name_task("a function that is graded")
        source = plain_python(source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        fenced = self._fenced
        for part in [[one] for one in statements(source)] if fenced else [ast.parse(source).body]:
            try:
                exec(self._compile(ast.Module(part, []), name, "exec"), self._names)
            except BaseException as error:
                if not fenced:
                    raise
                refused += [_text(error)] if isinstance(error, ImportError) else []
        return {"refused": refused}

    def fetch(self, name):
        """Return the data under a name, or that it is a function."""
        if name not in self._names:
            return {"error": "NameError", "message": f"{name} is not defined", "missing": name}
        if callable(self._names[name]):
            return {"callable": True}
        return {"value": self._names[name]}

    def call(self, name, harness, task, data):
        """Return what a harness of `calls` makes of a function."""
        fence.name_task(task)
        return {"value": calls.HARNESSES[harness](self._names[name], *data)}


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


def _failure(error):
    frames = getattr(error, "frames", None)
    if not isinstance(frames, str):
        frames = "".join(traceback.format_exception(error, limit=-3))
    name = type(error).__name__
    return {"error": name, "message": _text(error), "traceback": frames[-SHOWN:]}


def _text(error):
    try:
        return str(error)[:SHOWN]
    except BaseException:
        return ""
