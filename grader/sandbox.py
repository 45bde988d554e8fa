"""How the student's processes are shut in.

- ``bubblewrap``: they see the system's programs, Python and `rnnviz` (where it may be used),
  read-only, and nothing else: no home, no course folder, no network, no other process.
- ``limits only``: a process of its own with bounds on time, memory and output, which can start
  nothing, signal to nobody and reach no network, but is the same user: what that user can read, a
  submission can. Python alone keeps it from writing, and out of the course's own folders.

In both the checks and answers stand in another process.
"""

import functools
import importlib.util
import json
import multiprocessing
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from grader import HOMEWORK, ROOT

HOME, SCRATCH = "/homework", "/scratch"
CLOSED, OPEN = "bubblewrap", "limits only"
SCRATCH_BYTES = 64 * 2**20
# What a submission has no business in, beside the course.
PRIVATE = tuple(str(place) for place in (HOMEWORK / "sources", ROOT / "tests", ROOT / ".git"))
FILTER = "from grader import isolation; isolation.drop_capabilities(); isolation.refuse_calls()"
LIMITS_ONLY = """\
WARNING: no bubblewrap here, limits only: a submission can read what you can. Only Python keeps it \
from writing, and out of this course's own folders.
Install it (`apt install bubblewrap`), or grade on a machine that holds nothing else."""
NO_FILTER = "WARNING: no filter of system calls here: a submission can start processes."


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    cell_seconds: float = 20.0
    total_seconds: float = 180.0
    memory_megabytes: int = 1024


USUAL = Limits()


@functools.cache
def strongest() -> str:
    """Return the strongest sandbox that works here, tried by running a Python in it."""
    return CLOSED if _works(CLOSED, *_bubblewrap(bare=True), sys.executable, "-c", "") else OPEN


@functools.cache
def warnings(kind: str) -> list[str]:
    """Return what the sandbox on this machine does not hold, a line each."""
    lines = LIMITS_ONLY.splitlines() if kind == OPEN else []
    return lines + [NO_FILTER] * (not _works(OPEN, sys.executable, "-c", FILTER))


def _works(kind: str, *command: str) -> bool:
    try:
        how = {"env": _environment(kind, SCRATCH), "capture_output": True, "cwd": "/tmp"}
        return subprocess.run(command, timeout=60, check=False, **how).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _environment(kind: str, scratch: str) -> dict[str, str]:
    """Return the environment of the processes inside: nothing of ours that could tell a secret."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "PYTHONPATH": f"{ROOT}:{HOMEWORK}" if kind == OPEN else HOME,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
        "LANG": "C.UTF-8",
    }


def _bubblewrap(*, bare: bool) -> list[str]:
    seen = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives"]
    words = ["bwrap", "--unshare-all", "--new-session", "--proc", "/proc"]
    words += ["--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", SCRATCH]
    if not any(Path(one).is_relative_to("/tmp") for one in (sys.prefix, sys.base_prefix)):
        words += ["--symlink", SCRATCH, "/tmp"]
    for place in (*seen, sys.base_prefix, sys.prefix):
        words += ["--ro-bind-try", place, place]
    for place in (*[package()] * (not bare), HOMEWORK / "checks", ROOT / "grader"):
        words += ["--ro-bind", str(place), f"{HOME}/{place.name}"]
    return [*words, "--remount-ro", "/", "--remount-ro", "/dev", "--chdir", SCRATCH]


def package() -> Path:
    """Return the folder of `rnnviz`."""
    return Path(importlib.util.find_spec("rnnviz").submodule_search_locations[0])


class Zygote:
    """The process that student's processes are forked from.

    In a `bare` one `rnnviz` is not loaded, and in bubblewrap not there: functions are built there.
    """

    def __init__(self, kind: str, bare: bool = False):
        self.kind, self.bare = kind, bare
        self._process, self._lock = None, threading.RLock()

    def ready(self) -> None:
        """Start it, unless it runs.

        Raises
        ------
        RuntimeError
            If it does not start.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = tempfile.TemporaryDirectory(prefix="homework-", ignore_cleanup_errors=True)
        number, opened = theirs.fileno(), self.kind == OPEN
        self._process = subprocess.Popen(
            [
                *(() if opened else _bubblewrap(bare=self.bare)),
                *(sys.executable, "-m", "grader.zygote", str(number), *["bare"] * self.bare),
            ],
            env=_environment(self.kind, self._folder.name if opened else SCRATCH),
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
            raise RuntimeError(f"the {self.kind} process did not start: {said[-500:]}")

    def fork(self, limits: Limits, hide: tuple[str, ...] = ()):
        """Start a student's process: the `Connection` to it, and what ends it, as `Process` wants.

        Where every file is in sight, Python in there is refused those of the folders in `hide`.
        """
        bounds = (limits.memory_megabytes, int(limits.total_seconds) + 1)
        request = (bounds, [*hide, *PRIVATE] if self.kind == OPEN else [])
        ours, theirs = multiprocessing.Pipe()
        with self._lock, theirs:
            self.ready()
            socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
            control, pid, said = self._control, self._control.recv(16), []

        def end() -> str:
            with self._lock:
                if not said:
                    said.append(self._end(control, pid))
                return said[0]

        return ours, end

    def _end(self, control: socket.socket, pid: bytes) -> str:
        try:
            control.send(pid)
            code, used = map(int, control.recv(32).split())
        except (OSError, ValueError):  # it went with its zygote
            return "the process ended"
        if used and control is self._control:
            self.close()
        if code < 0:
            return f"the process was killed ({signal.Signals(-code).name})"
        return f"the process ended by itself (exit {code})"

    def close(self) -> None:
        """End the zygote and with it everything that it forked."""
        if self._process is None:
            return
        self._control.close()  # which it ends by, and with it what it forked
        self._process.wait()
        self._process.stderr.close()
        self._process = None
        self._folder.cleanup()
