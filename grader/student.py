"""The grader's handle on a student's process: run a cell, fetch a name, call a function.

Every answer is decoded as plain data and every wait has a deadline. When the process hangs or ends
it is replaced by a fresh one that has run the same cells, without the one that did it, so that one
bad cell does not cost the rest.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

import checks
from grader import values
from grader.sandbox import Sandbox, environment, package, scratch


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    cell_seconds: float = 20.0
    total_seconds: float = 180.0
    memory_megabytes: int = 1024
    scratch_megabytes: int = 64


USUAL = Limits()


class EndedError(Exception):
    """The student's process is gone: `state` says how (``timed out`` or ``crashed``)."""

    def __init__(self, state: str, message: str):
        super().__init__(message)
        self.state = state


class StudentError(Exception):
    """The student's code raised an error; `name` is the error's class."""

    def __init__(self, name: str, message: str, frames: str = ""):
        super().__init__(f"{name}: {message}" if message else name)
        self.name, self.frames = name, frames


class Zygote:
    """The process that student's processes are forked from; started when it is first needed.

    A `bare` one has no `rnnviz`: graded functions are built there.
    """

    def __init__(self, sandbox: Sandbox, *, bare: bool = False):
        self.sandbox, self.bare = sandbox, bare
        self._process = None

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        self._process = subprocess.Popen(
            [
                *(self.sandbox.bare if self.bare else self.sandbox.command),
                *(sys.executable, "-m", "grader.zygote", str(number), *["bare"] * self.bare),
            ],
            env=environment(self.sandbox),
            pass_fds=[number],
            cwd="/tmp",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self._control.settimeout(120)
        if self._control.recv(16) != b"ready":
            said = self._process.communicate()[1].decode(errors="replace")
            self._process = None
            raise RuntimeError(f"the {self.sandbox.name} process did not start: {said[-500:]}")

    def fork(
        self, limits: Limits, hide: tuple[str, ...] = ()
    ) -> tuple[socket.socket, socket.socket]:
        """Return two sockets of a new student's process: of its keeper, and of itself."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._start()
        life, their_life = socket.socketpair()
        talk, their_talk = socket.socketpair()
        request = {
            "memory_megabytes": limits.memory_megabytes,
            "scratch": scratch(),
            "scratch_megabytes": limits.scratch_megabytes,
            "cpu_seconds": int(limits.total_seconds) + 1,
            "hide": [*hide, *[package()] * self.bare] if self.sandbox.covers else None,
        }
        theirs = [their_life.fileno(), their_talk.fileno()]
        socket.send_fds(self._control, [json.dumps(request).encode()], theirs)
        their_life.close()
        their_talk.close()
        return life, talk

    def close(self) -> None:
        """End the zygote and with it everything that it forked."""
        if self._process is None:
            return
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()
        self._process = None


@dataclass
class Student:
    """One submission's process, replaced when it hangs or ends.

    Attributes
    ----------
    until : float
        The `time.monotonic` by which it has used up its time; by default counted from its start.
    events : list of (str, str)
        State and one line for each time that it hung or ended.
    """

    zygote: Zygote
    limits: Limits
    hide: tuple[str, ...] = ()
    until: float = 0.0
    events: list = field(default_factory=list)

    def __post_init__(self):
        self._ran, self._removed = [], ()
        self.until = self.until or time.monotonic() + self.limits.total_seconds
        self._life, self._talk = self.zygote.fork(self.limits, self.hide)

    def run(self, name: str, source: str, keep: list[int] | None = None) -> str:
        """Run a cell, or the statements of it that are to be kept; return what it printed.

        Raises `StudentError` or `EndedError`.
        """
        request = {"do": "run", "name": name, "source": source, "keep": keep}
        try:
            printed = self._ask(request, name)["printed"]
        except StudentError:
            self._ran.append((name, source, keep))  # what it did before it failed stays done
            raise
        self._ran.append((name, source, keep))
        return printed

    def remove(self, categories: tuple[str, ...]) -> None:
        """Take away what functions are to be written without; nothing may have been run before."""
        self._removed = categories
        self._ask({"do": "remove", "categories": list(categories)}, "the beginning")

    def fetch(self, name: str):
        """Return the data, or the function as a `Remote`, that stand under a name."""
        reply = self._ask({"do": "fetch", "name": name}, name)
        return Remote(self, name) if reply.get("callable") else self._decoded(reply, name)

    def call(self, name: str, harness: str, data: tuple):
        """Return ``harness(function, *data)`` as the student's process works it out."""
        request = {"do": "call", "name": name, "harness": harness, "data": values.to_plain(data)}
        return self._decoded(self._ask(request, name), name)

    def close(self) -> None:
        """End the process and all that it started."""
        self._talk.close()
        self._life.close()

    def _decoded(self, reply: dict, name: str):
        try:
            return values.from_plain(reply.get("value"))
        except (values.NotDataError, RecursionError) as error:
            raise StudentError("CheckFailedError", f"{name}: expected data, came {error}") from None

    def _ask(self, request: dict, name: str) -> dict:
        if time.monotonic() >= self.until:
            raise EndedError("timed out", self._too_long(name))
        allowed = min(time.monotonic() + self.limits.cell_seconds, self.until)
        try:
            values.send(self._talk, request)
            reply = values.receive(self._talk, deadline=allowed)
        except TimeoutError:
            raise self._ended("timed out", self._too_long(name)) from None
        except (EOFError, OSError, values.NotDataError):
            raise self._ended("crashed", f"{name}: {self._last_words()}") from None
        if type(reply) is not dict or type(reply.get("printed")) is not str:
            raise self._ended("crashed", f"{name}: the process sent something that is no answer")
        if reply.get("ok") is not True:
            words = (reply.get("error"), reply.get("message"), reply.get("traceback", ""))
            raise StudentError(*(word if type(word) is str else "" for word in words))
        return reply

    def _too_long(self, name: str) -> str:
        if time.monotonic() >= self.until:
            return f"{name}: the submission used up its {self.limits.total_seconds:g} s"
        return f"{name}: no answer within {self.limits.cell_seconds:g} s"

    def _last_words(self) -> str:
        """Say how the process ended, as its keeper tells it."""
        self._talk.close()
        try:
            self._life.shutdown(socket.SHUT_WR)
            code = values.receive(self._life, deadline=time.monotonic() + 5)["exit"]
        except (OSError, EOFError, values.NotDataError, TypeError, KeyError):
            return "the process ended"
        if code < 0:
            return f"the process was killed ({signal.Signals(-code).name})"
        return f"the process ended by itself (exit {code})"

    def _ended(self, state: str, message: str) -> EndedError:
        self.events.append((state, message))
        self.close()
        if time.monotonic() < self.until:
            self._life, self._talk = self.zygote.fork(self.limits, self.hide)
            again, self._ran = self._ran, []
            with contextlib.suppress(StudentError, EndedError):
                self.remove(self._removed)
            for cell in again:
                with contextlib.suppress(StudentError, EndedError):
                    self.run(*cell)
        return EndedError(state, message)


class Remote:
    """A function of the student's, called in the student's process."""

    def __init__(self, student: Student, name: str):
        self._student, self.__name__ = student, name

    def run_on_site(self, harness: str, data: tuple):
        """Run a harness of `checks` on the function, where it lives."""
        return self._student.call(self.__name__, harness, data)

    def __call__(self, *arguments, **keywords):
        """Call the function as `checks.call` does."""
        return checks.call(self, *arguments, **keywords)
