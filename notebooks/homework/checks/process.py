"""A handle on the process that a student's code runs in: run a cell, fetch a name, call a function.

Every answer is decoded as plain data and every wait has a deadline. When the process hangs or ends
it is replaced by a fresh one that has run the same cells, without the one that did it, so that one
bad cell does not cost the rest.
"""

import contextlib
import math
import time

from checks import calls, values

AHEAD = 50_000  # characters of cells that are handed over while another cell runs


class EndedError(Exception):
    """The process is gone: `state` says how (``timed out`` or ``crashed``)."""

    def __init__(self, state: str, message: str):
        super().__init__(message)
        self.state = state


class StudentError(Exception):
    """The student's code raised an error; `name` is the error's class."""

    def __init__(self, name: str, message: str, frames: str = "", missing: str = ""):
        super().__init__(f"{name}: {message}" if message else name)
        self.name, self.message, self.frames, self.missing = name, message, frames, missing


class Process:
    """A student's process, replaced when it hangs or ends.

    Parameters
    ----------
    start : callable
        Starts a process of `checks.worker`; returns a socket to it, and a function that ends it
        and says how it ended.
    rules : tuple of str, optional
        Behind the fence: what the functions in it are written without. There each statement is
        run, whatever became of those before. Without it, cells are run as in a notebook.
    cell_seconds : float
        How long one answer may take.
    until : float
        The `time.monotonic` by which the submission has used up its time.

    Attributes
    ----------
    events : list of (str, str)
        State and one line for each time that it hung or ended.
    refused : list of str
        What could not be run behind the fence, a line each.
    label : str
        The task at work.
    """

    def __init__(self, start, rules=None, *, cell_seconds=20.0, until=math.inf):
        self.events, self.refused, self.label = [], [], ""
        self._start, self._rules = start, rules
        self._cell_seconds, self._until = cell_seconds, until
        self._cells = []
        self._begin()

    def feed(self, name: str, source: str) -> None:
        """Hand a cell over, without waiting for it."""
        self._cells.append((name, source))
        if self._talk is not None:
            self._hand_over()

    def run(self, name: str, source: str) -> str:
        """Run a cell; return what it printed.

        Raises
        ------
        StudentError
            If it ended in an error; what it did before stays done.
        EndedError
            If the process hung or ended.
        """
        self._settle()
        self._cells.append((name, source))
        return self._next()["printed"]

    def fetch(self, name: str):
        """Return the data, or the function as a `Remote`, that stand under a name."""
        self._settle()
        reply = self._ask({"do": "fetch", "name": name}, name)
        return Remote(self, name) if reply.get("callable") else _decoded(reply, name)

    def call(self, name: str, harness: str, data: tuple):
        """Return ``harness(function, *data)`` as the process works it out."""
        self._settle()
        request = {"do": "call", "name": name, "harness": harness, "task": self.label}
        try:
            reply = self._ask(request | {"data": values.to_plain(data)}, name)
        except StudentError as error:
            own = error.name == "CheckFailedError"
            line = error.message if own else f"{name}: expected a value, came {error}"
            raise calls.CheckFailedError(line, error.frames) from None
        print(reply["printed"], end="")
        return _decoded(reply, name)

    def close(self) -> None:
        """End the process; if it is asked once more, a fresh one runs the same cells."""
        if self._talk is not None:
            self._talk, talk = None, self._talk
            talk.close()
            self._end()

    def _begin(self) -> None:
        if time.monotonic() >= self._until:
            raise EndedError("timed out", self._too_long("the rest"))
        self._sent = self._done = 0
        self.refused = []
        self._talk, self._end = self._start()
        if self._rules is not None:
            self._ask({"do": "fence", "rules": list(self._rules)}, "the beginning")

    def _hand_over(self) -> None:
        """Send what the process can take up at once, so that it goes on while nobody waits."""
        while self._sent < len(self._cells):
            waiting = self._cells[self._done : self._sent + 1]
            if len(waiting) > 1 and sum(len(source) for _, source in waiting) > AHEAD:
                return
            name, source = self._cells[self._sent]
            self._send({"do": "run", "name": name, "source": source})
            self._sent += 1

    def _settle(self) -> None:
        """Wait for the cells that were handed over; what happens to them is told elsewhere."""
        while self._talk is None or self._done < len(self._cells):
            if self._talk is None:
                self._begin()
            else:
                with contextlib.suppress(StudentError, EndedError):
                    self._next()

    def _next(self) -> dict:
        """Return the answer to the first cell that has none yet."""
        name, _ = self._cells[self._done]
        self._hand_over()
        try:
            reply = self._receive(name)
        except EndedError:
            del self._cells[self._done]
            raise
        except StudentError:
            self._done += 1
            raise
        self._done += 1
        refused = reply.get("refused")
        self.refused += [f"{name}: {one}" for one in refused] if type(refused) is list else []
        return reply

    def _ask(self, request: dict, name: str) -> dict:
        self._send(request)
        return self._receive(name)

    def _send(self, request: dict) -> None:
        # Where the process is gone the answer tells it.
        with contextlib.suppress(OSError):
            values.send(self._talk, request, deadline=self._deadline())

    def _receive(self, name: str) -> dict:
        try:
            reply = values.receive(self._talk, deadline=self._deadline())
        except TimeoutError:
            raise self._ended("timed out", self._too_long(name)) from None
        except (EOFError, OSError, values.NotDataError):
            raise self._ended("crashed", f"{name}: ") from None
        if type(reply) is not dict or type(reply.get("printed")) is not str:
            raise self._ended("crashed", f"{name}: an answer that is none; ")
        if reply.get("ok") is not True:
            words = (reply.get(key, "") for key in ("error", "message", "traceback", "missing"))
            raise StudentError(*(word if type(word) is str else "" for word in words))
        return reply

    def _deadline(self) -> float:
        return min(time.monotonic() + self._cell_seconds, self._until)

    def _too_long(self, name: str) -> str:
        if time.monotonic() >= self._until:
            return f"{name}: the submission used up its time"
        return f"{name}: no answer within {self._cell_seconds:g} s"

    def _ended(self, state: str, message: str) -> EndedError:
        self._talk.close()
        self._talk, how = None, self._end()
        self.events.append((state, message + how if state == "crashed" else message))
        return EndedError(*self.events[-1])


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


def _decoded(reply: dict, name: str):
    try:
        return values.from_plain(reply.get("value"))
    except (values.NotDataError, RecursionError) as error:
        raise calls.CheckFailedError(f"{name}: expected data, came {error}") from None
