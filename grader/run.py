"""Grading what lies in the submission folder, on as many processes as asked or on any executor."""

import contextlib
import datetime
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from pathlib import Path

from pebble import ProcessPool

from grader import isolation, keys
from grader.collect import Found, collect
from grader.marks import Marks, digest
from grader.sandbox import USUAL, Limits
from grader.shard import Job, grade

log = logging.getLogger("homework")


def grade_all(
    root: Path,
    sources: dict[str, str],
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    limits: Limits = USUAL,
    sandbox: str = "",
) -> None:
    """Grade every submission of a course folder that is new or has changed; enter the results.

    It is done by so many processes, or where an executor puts it: Dask's
    ``client.get_executor()``, ipyparallel's, any other that can import `grader`. `sources` are the
    texts by assignment; the sandbox is by default the strongest that works.

    Raises
    ------
    OSError
        If something is missing, or the marks cannot be written; those entered before stand.
    """
    if sys.platform != "linux":
        raise OSError(f"grading needs Linux (on Windows, WSL), this is {sys.platform}")
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    marks, secret = Marks(root), keys.read_secret(root / "secret")
    waiting = {}
    for one in collect(root / "submitted", list(sources)):
        try:
            mark = one.problem or digest(one.path.read_bytes(), sources[one.assignment])
        except OSError as error:
            why = f"could not be read: {error.strerror}"
            marks.fail(one.student, one.assignment, "unreadable", why)
            continue
        if not one.problem and marks.record(one.student, one.assignment).get("digest") != mark:
            waiting[one] = mark

    def job(one: Found) -> Job:
        return Job(
            student=one.student,
            assignment=one.assignment,
            source=sources[one.assignment],
            content=one.path.read_bytes(),
            token=keys.token(secret, one.student),
            exam_key=keys.exam_key(secret, one.student, one.assignment),
            limits=limits,
            sandbox=sandbox,
            hide=(str(root.resolve()),),
        )

    begun = time.monotonic()
    with contextlib.nullcontext(executor.submit) if executor else _processes(jobs) as submit:
        for number, (one, made) in enumerate(_graded(waiting, job, submit, 2 * jobs), start=1):
            left = (time.monotonic() - begun) / number * (len(waiting) - number)
            about = f", about {datetime.timedelta(seconds=round(left))} left" if left >= 1 else ""
            log.info("%d of %d: %s %s%s", number, len(waiting), one.student, one.assignment, about)
            if error := made.exception():
                why = f"the grader failed: {' '.join(str(error).split())[-200:]}"
                marks.fail(one.student, one.assignment, "not graded", why)
            else:
                marks.enter(made.result(), mark=waiting[one])


def _graded(waiting, job, submit, most: int) -> Iterator[tuple[Found, Future]]:
    """Yield each submission as it is done; only `most` are in memory, whatever the class."""
    todo, flying = list(waiting), {}
    while todo or flying:
        while todo and len(flying) < most:
            one = todo.pop(0)
            flying[submit(grade, job(one))] = one
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            yield flying.pop(future), future


@contextlib.contextmanager
def _processes(jobs: int):
    """Yield how to submit to processes of our own, which end with this, whatever they are at."""
    # Fresh processes, not forks: each grades with a torch of its own. One that dies costs what it
    # was at, and is replaced.
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPool(jobs, initializer=_begin, initargs=[os.getpid()], context=spawn)
    try:
        yield lambda function, job: pool.schedule(function, [job])
    finally:
        pool.stop()
        pool.join()


def _begin(parent: int) -> None:
    """Go with the process that asked, however it ends; an interrupt is for that one alone."""
    isolation.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getppid() != parent:
        os._exit(1)
