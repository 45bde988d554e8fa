"""A process with torch loaded that forks the processes of submissions: loading takes seconds.

It never runs a line of a submission and holds nothing worth reading. It tells where a submission
has left a file in the scratch folder: the next one gets a fresh zygote and folder.
"""

import contextlib
import importlib
import json
import os
import shutil
import signal
import socket
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import matplotlib
import torch

from checks import worker
from grader import isolation

# Loaded once for all submissions; where functions are built `rnnviz` is not.
PRELOADED = ("matplotlib.pyplot", "rnnviz.flow", "rnnviz.plots", "rnnviz.surface")


def main() -> None:
    """Fork a child for every socket that comes over that of the argument's number, or end one."""
    control, alive = socket.socket(fileno=int(sys.argv[1])), set()
    scratch = Path(os.environ["HOME"])
    matplotlib.use("Agg")
    for name in () if "bare" in sys.argv[2:] else PRELOADED:
        importlib.import_module(name)
    torch.set_num_threads(1)
    for cache in scratch.iterdir():  # matplotlib's and fontconfig's
        shutil.rmtree(cache)
    isolation.forbid_inspection()
    control.send(b"ready")
    while True:
        request, files, *_ = socket.recv_fds(control, 65536, 1)
        if not request:
            break  # the grader is gone, and with this process goes what it forked
        if files:
            if (pid := os.fork()) == 0:
                control.close()
                _become(Connection(files[0]), scratch, *json.loads(request))
                os._exit(0)
            os.close(files[0])
            alive.add(pid)
            control.send(b"%d" % pid)
        else:
            pid = int(request)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            # Of a signal the negative number. Only then: until it is gone it may leave a file.
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            alive.discard(pid)
            control.send(b"%d %d" % (code, not alive and any(scratch.iterdir())))


def _become(link: Connection, scratch: Path, limits: list, hide: list) -> None:
    isolation.die_with_parent()
    os.setsid()  # a signal to its own group reaches nobody else
    isolation.limit(*limits)
    os.chdir(scratch)
    isolation.drop_capabilities()
    with contextlib.suppress(OSError):  # `sandbox.warnings` has told that it does not hold here
        isolation.refuse_calls()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    if hide:
        isolation.keep_in(str(scratch), hide)
    worker.serve(link)


if __name__ == "__main__":
    main()
