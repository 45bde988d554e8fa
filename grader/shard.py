"""Grading one submission, anywhere: a function of a picklable job, with a picklable result."""

import atexit
import functools
import time
from dataclasses import dataclass, field

import nbformat

from checks.process import Process
from grader import isolation, sandbox
from grader.examine import Examination
from grader.parse import UnreadableError, parse
from grader.sandbox import USUAL, Limits, Zygote
from grader.source import read, unanswered
from grader.submission import rebuild


@dataclass(frozen=True)
class Job:
    """One submission to grade, with all that this needs.

    Attributes
    ----------
    source : str
        The text of the instructor source.
    content : bytes
        The notebook as it was handed in.
    sandbox : str
        Which of `grader.sandbox` to use; by default the strongest that works.
    hide : tuple of str
        Folders of the course, which submissions have no business in.
    """

    student: str
    assignment: str
    source: str
    content: bytes
    token: str
    exam_key: str
    limits: Limits = USUAL
    sandbox: str = ""
    hide: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of a job.

    Attributes
    ----------
    scores : dict
        Points by grade id; None where a person has to give them. Empty if it is unreadable.
    events : list of (str, str)
        A state, ``odd`` or ``note``, and one line.
    graded : str
        The graded notebook with its outputs; empty if it is unreadable.
    """

    student: str
    assignment: str
    scores: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    graded: str = ""


def grade(job: Job) -> Result:
    """Grade one submission.

    Raises
    ------
    RuntimeError
        If the fault is the grader's: the sandbox does not start, or a given cell fails.
    """
    try:
        rebuilt = rebuild(_source(job.source), parse(job.content))
    except UnreadableError as error:
        return Result(job.student, job.assignment, events=[("unreadable", str(error))])
    isolation.forbid_inspection()
    zygotes = {bare: _zygote(job.sandbox, bare=bare) for bare in (False, True)}
    for zygote in zygotes.values():
        zygote.ready()  # before its time begins

    until = time.monotonic() + job.limits.total_seconds

    def start(rules: tuple[str, ...] | None) -> Process:
        fork = functools.partial(zygotes[rules is not None].fork, job.limits, job.hide)
        return Process(fork, rules, cell_seconds=job.limits.cell_seconds, until=until)

    examination = Examination(start, job.token, job.exam_key)
    examination.run(rebuilt.notebook)
    scores = _scores(rebuilt.notebook, _source(job.source))
    graded = nbformat.writes(rebuilt.notebook) + "\n"
    return Result(job.student, job.assignment, scores, rebuilt.events + examination.events, graded)


def _scores(graded: nbformat.NotebookNode, source: nbformat.NotebookNode) -> dict:
    """Return the points of each cell; of an answer that is as it was handed out, none."""
    stubs, scores = {cell.id: unanswered(cell) for cell in source.cells}, {}
    for cell in graded.cells:
        if (points := cell.metadata.get("nbgrader", {}).get("points")) is None:
            continue
        if cell.cell_type == "code":
            failed = any(output.output_type == "error" for output in cell.outputs)
            scores[cell.id] = 0.0 if failed else float(points)
        else:
            answered = cell.source.strip() not in ("", stubs.get(cell.id))
            scores[cell.id] = None if answered else 0.0
    return scores


@functools.lru_cache(maxsize=32)
def _source(text: str) -> nbformat.NotebookNode:
    return read(text)


@functools.cache
def _zygote(kind: str, *, bare: bool) -> Zygote:
    zygote = Zygote(kind or sandbox.strongest(), bare)
    atexit.register(zygote.close)
    return zygote
