"""A process of `checks.worker` on the student's own machine, on any system."""

import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

from checks import values


def start_beside():
    """Start a process on this machine, without waiting for it; return a function that connects.

    It returns the socket and what ends the process, as `Process` wants them.
    """
    listener, key = socket.create_server(("127.0.0.1", 0)), secrets.token_hex(16)
    here = str(Path(__file__).resolve().parents[1])
    started = subprocess.Popen(
        [sys.executable, "-m", "checks.worker", str(listener.getsockname()[1])],
        env=os.environ | {"PYTHONPATH": here, "HOMEWORK_KEY": key, "MPLBACKEND": "agg"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of the notebook is for the notebook
    )

    def end() -> str:
        listener.close()
        started.kill()
        return f"the process ended (exit {started.wait()})"

    def connect():
        listener.settimeout(120)
        try:
            talk, _ = listener.accept()
            if values.receive(talk, deadline=time.monotonic() + 60) != key:
                raise OSError("somebody else answered")
        except OSError as error:
            raise RuntimeError(f"the process of the check did not start: {error}") from None
        return talk, end

    return connect, end
