"""A handle on the process that a student's code runs in: run a cell, fetch a name, call a function.

Every answer is decoded as plain data and every wait has a deadline. When the process hangs or ends
it is replaced by a fresh one that has run the same cells, without the one that did it, so that one
bad cell does not cost the rest.
"""

import math
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from checks import calls, values

STARTING = 120.0  # seconds; PyTorch takes one or two to load, on a busy machine many


class StartError(RuntimeError):
    """No process could be started, which is nobody's fault who wrote in a notebook."""


class StudentError(Exception):
    """The student's code raised an error; `name` is the error's class."""

    def __init__(self, name: str, message: str, frames: str = "", missing: str = ""):
        super().__init__(f"{name}: {message}" if message else name)
        self.name, self.message, self.frames, self.missing = name, message, frames, missing


class EndedError(StudentError):
    """The process is gone; `name` says how (``timed out`` or ``crashed``)."""

    def __str__(self):
        return self.message


class Process:
    """A student's process, started when it is first needed.

    Parameters
    ----------
    start : callable
        Starts a process of `checks.worker`; returns a `multiprocessing.connection.Connection` to
        it, and a function that ends it and says how it ended, however often it is called.
    rules : tuple of str, optional
        Behind the fence: what the functions in it are written without. There each statement is
        run, whatever became of those before. Without it, cells are run as in a notebook.
    cell_seconds : float
        How long one answer may take.
    until : float
        The `time.monotonic` by which the submission has used up its time.
    """

    def __init__(self, start, rules=None, *, cell_seconds=20.0, until=math.inf):
        self.events = []  # how it hung or ended, a state and one line each time
        self.refused = []  # what could not be run behind the fence, a line each
        self.label = ""  # the task at work
        self._start, self._rules = start, rules
        self._cell_seconds, self._until = cell_seconds, until
        self._cells, self._link = [], None
        self._lane = ThreadPoolExecutor(1)  # in which it is asked, one thing after the other

    def run(self, name: str, source: str) -> Future:
        """Have a cell run, without waiting for it.

        The future holds what it printed; a `StudentError` if it ended in one, after which what it
        did before stays done; an `EndedError` if the process hung or ended.
        """
        return self._lane.submit(self._run_next, name, source)

    def fetch(self, name: str):
        """Return the data, or the function as a `Remote`, that stand under a name."""
        reply = self._lane.submit(self._ask, name, do="fetch", name=name).result()
        return Remote(self, name) if reply.get("callable") else reply.get("value")

    def call(self, name: str, harness: str, data: tuple):
        """Return ``harness(function, *data)`` as the process works it out."""
        asked = {"name": name, "harness": harness, "task": self.label, "data": data}
        reply = self._lane.submit(self._ask, name, do="call", **asked).result()
        print(reply["printed"], end="")
        return reply.get("value")

    def stop(self) -> str:
        """End the process and say how; what it is asked next, a fresh one answers."""
        link, self._link = self._link, None
        if link is None:
            return ""
        how = self._end()
        link.close()
        return how

    def close(self) -> None:
        """End the process for good."""
        self._until = -math.inf
        self._lane.shutdown(wait=False, cancel_futures=True)
        self.stop()
        self._lane.shutdown()
        self.stop()  # if it was just starting

    def _begin(self, about: str) -> None:
        while self._link is None:
            if time.monotonic() >= self._until:
                raise EndedError("timed out", "the rest: the submission used up its time")
            self.refused = []
            try:
                self._link, self._end = self._start()
            except Exception as error:
                raise StartError(f"no process for {about}: {error}") from error
            self._answer("the beginning", STARTING, do="begin", rules=self._rules)
            for cell in [*self._cells]:
                try:
                    self._run(*cell)
                except EndedError:  # once more, without that cell
                    break
                except StudentError:
                    continue

    def _run_next(self, name: str, source: str) -> str:
        self._begin(name)
        self._cells.append((name, source))
        return self._run(name, source)

    def _run(self, name: str, source: str) -> str:
        reply = self._answer(name, self._cell_seconds, do="run", name=name, source=source)
        refused = reply.get("refused")
        self.refused += [f"{name}: {one}" for one in refused] if type(refused) is list else []
        return reply["printed"]

    def _ask(self, about: str, /, **request) -> dict:
        self._begin(about)
        return self._answer(about, self._cell_seconds, **request)

    def _answer(self, about: str, seconds: float, /, **request) -> dict:
        link, until = self._link, min(time.monotonic() + seconds, self._until)
        # The process has one deadline for the whole answer: a byte now and then wins no time.
        deadline = threading.Timer(max(until - time.monotonic(), 0), self._end)
        deadline.start()
        try:
            link.send_bytes(values.dumps(request))
            there = link.poll(max(until - time.monotonic(), 0))  # a fork of it may keep it open
            reply = values.loads(link.recv_bytes(values.LARGEST)) if there else None
        except (EOFError, OSError, values.NotDataError):
            reply = None
        finally:
            deadline.cancel()
            deadline.join()
        answered = type(reply) is dict and type(reply.get("printed")) is str
        if not answered or time.monotonic() >= until:
            raise self._ended(about, link, until)
        if "error" in reply:
            words = (reply.get(key, "") for key in ("error", "message", "traceback", "missing"))
            name, *words = (word if type(word) is str else "" for word in words)
            if name == "CheckFailedError":
                raise calls.CheckFailedError(*words[:2])
            raise StudentError(name, *words)
        return reply

    def _ended(self, about: str, link, until: float) -> EndedError:
        stopped, how = self._link is not link, self.stop()
        if time.monotonic() < until:
            event = ("crashed", f"{about}: {how}")
        elif until == self._until:
            event = ("timed out", f"{about}: the submission used up its time")
        else:
            event = ("timed out", f"{about}: no answer within {self._cell_seconds:g} s")
        if not stopped:  # by `stop` meanwhile
            self.events.append(event)
            self._cells = [cell for cell in self._cells if cell[0] != about]
        return EndedError(*event)


class Remote:
    """A function of the student's, called in the process that it lives in."""

    def __init__(self, process: Process, name: str):
        self._process, self.__name__ = process, name

    def run_on_site(self, harness: str, data: tuple):
        """Run a harness of `calls` on the function, where it lives."""
        return self._process.call(self.__name__, harness, data)

    def __call__(self, *arguments, **keywords):
        """Call the function as `calls.call` does."""
        return calls.call(self, *arguments, **keywords)
