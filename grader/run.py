"""Grading what lies in the submission folder, on as many processes as asked or on any executor."""

import logging
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ProcessPoolExecutor, wait
from pathlib import Path

from grader import keys
from grader.collect import Found, collect
from grader.marks import Marks, Row, digest
from grader.sandbox import KINDS, hidden
from grader.shard import Job, Result, grade
from grader.student import USUAL, Limits

log = logging.getLogger("homework")


def grade_all(
    root: Path,
    sources: dict[str, str],
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    limits: Limits = USUAL,
    sandbox: tuple[str, ...] = KINDS,
) -> list[Row]:
    """Grade every submission that is new or has changed; return the table of all.

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
    sandbox : tuple of str
        The sandboxes that may be used; without them `limits only`.

    Returns
    -------
    list of Row
        Sorted by student and assignment, one for each hand-in.

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
    found = collect(root / "submitted", list(sources))
    waiting, rows, marked = [], {}, {}
    hide = hidden(root)
    for one in found:
        if one.problem:
            rows[one] = _refused(one, one.problem)
            continue
        try:
            content = one.path.read_bytes()
        except OSError as error:
            rows[one] = _refused(one, f"could not be read: {error.strerror}")
            continue
        marked[one] = digest(content, sources[one.assignment])
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
            hide=hide,
        )

    for number, (one, result) in enumerate(_results(waiting, job, jobs, executor), start=1):
        log.info("%d of %d: %s %s", number, len(waiting), one.student, one.assignment)
        if isinstance(result, BaseException):
            rows[one] = _refused(one, f"the grader failed, run it again: {result}", "crashed")
        else:
            marks.enter(result, mark=marked[one])
    for one in found:
        if one not in rows:
            rows[one] = marks.row_of_record(one.student, one.assignment, one.note)
    return [rows[one] for one in found]


def _refused(one: Found, why: str, state: str = "unreadable") -> Row:
    return Row(one.student, one.assignment, None, None, state, why)


def _results(waiting, job, jobs, executor) -> Iterator[tuple[Found, Result | BaseException]]:
    """Yield each result as it comes. A process that dies takes down only what killed it alone."""
    own = executor is None
    todo, suspects, alone = list(waiting), [], False
    while todo or suspects:
        pool = _pool(jobs) if own else executor
        flying = {}
        try:
            while todo or suspects or flying:
                # Only what is being graded is in memory, whatever the size of the class; and what
                # was being graded when a process died is tried again, each alone.
                while len(flying) < 2 * jobs and (suspects or todo):
                    if flying and (suspects or alone):
                        break
                    alone = bool(suspects)
                    queue = suspects or todo
                    flying[pool.submit(grade, job(queue[0]))] = queue[0]
                    queue.pop(0)  # a pool that broke meanwhile has not taken it
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    if isinstance(error, BrokenExecutor):
                        raise error
                    one = flying.pop(future)
                    yield one, (error or future.result())
        except BrokenExecutor as error:
            if not own:
                raise
            if not alone:
                suspects += flying.values()
            for one in flying.values() if alone else ():
                yield one, error
        finally:
            if own:
                pool.shutdown(cancel_futures=True)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Fresh processes, not forks: each grades with a torch and a gradebook of its own.
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
