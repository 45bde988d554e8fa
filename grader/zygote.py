"""A process with torch loaded that forks one child a submission: loading it anew takes seconds.

The zygote itself never runs a line of a submission and holds nothing worth reading. For each
request it forks a keeper, which gives its own child namespaces, limits and no privileges, waits
for it, and kills whatever is left of it.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys

import matplotlib
import torch

from grader import isolation, values, worker

# Loaded here, once for all submissions.
PRELOADED = ("checks", "matplotlib.pyplot", "rnnviz.flow", "rnnviz.plots", "rnnviz.surface")
BARE = ("checks", "grader.removed")


def main() -> None:
    """Fork a child for every request that comes over the socket whose number is the argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    matplotlib.use("Agg")
    bare = "bare" in sys.argv[2:]
    for name in BARE if bare else PRELOADED:
        importlib.import_module(name)
    if bare:
        sys.modules["rnnviz"] = None  # to import it is an error
    torch.set_num_threads(1)
    isolation.forbid_inspection()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"ready")
    while True:
        request, files, *_ = socket.recv_fds(control, 4096, 2)
        if not request:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(*map(_socket, files), json.loads(request))
            os._exit(0)
        for file in files:
            os.close(file)


def _socket(number: int) -> socket.socket:
    return socket.socket(fileno=number)


def _keep(life: socket.socket, talk: socket.socket, limits: dict) -> None:
    """Fork the student's process, wait until it ends or is no longer wanted, say how it ended."""
    isolation.adopt_orphans()
    separate = isolation.own_namespaces()
    if limits["hide"] is not None:
        isolation.cover(limits["hide"])
    child = os.fork()
    if child == 0:
        life.close()
        _student(talk, limits, separate)
        os._exit(0)
    talk.close()
    ended = os.pidfd_open(child)
    select.select([life, ended], [], [])
    try:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    except ChildProcessError:
        status = 0
    isolation.kill_children()
    with contextlib.suppress(OSError):
        values.send(life, {"exit": os.waitstatus_to_exitcode(status), "separate": separate})


def _student(talk: socket.socket, limits: dict, separate: bool) -> None:
    isolation.die_with_parent()
    os.setsid()  # a signal to its own group reaches nobody else
    isolation.limit(memory_megabytes=limits["memory_megabytes"], cpu_seconds=limits["cpu_seconds"])
    if separate:
        isolation.own_mounts()
        isolation.own_scratch(limits["scratch"], limits["scratch_megabytes"])
    if limits["hide"] is not None:
        isolation.own_processes()
    os.chdir(limits["scratch"])
    isolation.drop_capabilities()
    isolation.forbid_processes()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    worker.serve(talk)


if __name__ == "__main__":
    main()
