"""Grading what lies in the submission folder, on as many processes as asked or on any executor."""

import datetime
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ProcessPoolExecutor, wait
from pathlib import Path

from grader import isolation, keys
from grader.collect import Found, collect
from grader.marks import Marks, digest
from grader.sandbox import USUAL, Limits
from grader.shard import Job, Result, grade

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
    """Grade every submission that is new or has changed, and enter the results.

    Parameters
    ----------
    root : Path
        The course folder, with ``submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.
    sources : dict
        Texts of the instructor sources by assignment.
    jobs : int
        How many processes grade side by side.
    executor : concurrent.futures.Executor, optional
        Where to grade instead: Dask's ``client.get_executor()``, ipyparallel's, any other. The
        module `grader` must be importable there.
    limits : Limits
        What one submission may use.
    sandbox : str
        Which of `grader.sandbox` to use; by default the strongest that works.

    Raises
    ------
    FileNotFoundError
        If there is no folder of submissions, gradebook or secret.
    OSError
        If the marks cannot be written; those entered before stand.
    """
    if sys.platform != "linux":
        raise OSError(f"grading needs Linux (on Windows, WSL), this is {sys.platform}")
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    marks, secret = Marks(root), keys.read_secret(root / "secret")
    waiting, marked = [], {}
    for one in collect(root / "submitted", list(sources)):
        if not one.problem:
            try:
                marked[one] = digest(one.path.read_bytes(), sources[one.assignment])
            except OSError as error:
                why = f"could not be read: {error.strerror}"
                marks.fail(one.student, one.assignment, "unreadable", why)
                continue
            if marks.record(one.student, one.assignment).get("digest") != marked[one]:
                waiting.append(one)

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
    for number, (one, result) in enumerate(_results(waiting, job, jobs, executor), start=1):
        left = (time.monotonic() - begun) / number * (len(waiting) - number)
        about = f", about {datetime.timedelta(seconds=round(left))} left" if left >= 1 else ""
        log.info("%d of %d: %s %s%s", number, len(waiting), one.student, one.assignment, about)
        if isinstance(result, BaseException):
            why = f"the grader failed: {' '.join(str(result).split())[-200:]}"
            marks.fail(one.student, one.assignment, "not graded", why)
        else:
            marks.enter(result, mark=marked[one])


def _results(waiting, job, jobs, executor) -> Iterator[tuple[Found, Result | BaseException]]:
    """Yield each result as it comes; what was at work when a process died is tried again alone."""
    todo = list(waiting)
    while todo:
        flying, pool = {}, executor or _pool(jobs)
        try:
            while todo or flying:
                # Only what is being graded is in memory, whatever the size of the class.
                while todo and len(flying) < 2 * jobs:
                    flying[pool.submit(grade, job(todo[0]))] = todo[0]
                    todo.pop(0)  # a pool that broke meanwhile has not taken it
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    if isinstance(error := future.exception(), BrokenExecutor):
                        raise error
                    yield flying.pop(future), error or future.result()
        except BrokenExecutor:
            if executor:
                raise
            for one in flying.values():
                yield one, _alone(job(one))
        finally:
            if not executor:
                _end(pool)


def _alone(job: Job) -> Result | BaseException:
    pool = _pool(1)
    try:
        return pool.submit(grade, job).result()
    except Exception as error:
        return error
    finally:
        _end(pool)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Fresh processes, not forks: each grades with a torch of its own.
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin, initargs=(os.getpid(),))


def _begin(parent: int) -> None:
    """Go with the process that asked, however it ends; an interrupt is for that one alone."""
    isolation.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.getppid() != parent:
        os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool at once: of what they were at, nothing was entered."""
    # Their public name, `kill_workers`, is of Python 3.14.
    processes = [*(getattr(pool, "_processes", None) or {}).values()]
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
        process.join()
