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
from grader.source import read
from grader.submission import is_answered, rebuild

read_once = functools.lru_cache(maxsize=32)(read)


@dataclass(frozen=True)
class Job:
    """One submission to grade, with all that this needs."""

    student: str
    assignment: str
    source: str  # the text of the instructor source
    content: bytes  # the notebook as it was handed in
    token: str
    exam_key: str
    limits: Limits = USUAL
    sandbox: str = ""  # which of `grader.sandbox`; by default the strongest that works
    hide: tuple[str, ...] = ()  # folders of the course, which submissions have no business in


@dataclass(frozen=True)
class Result:
    """What became of a job; of one that is unreadable the events alone."""

    student: str
    assignment: str
    scores: dict = field(default_factory=dict)  # by grade id; None where a person gives them
    events: list = field(default_factory=list)  # a state, ``odd`` or ``note``, and one line
    graded: str = ""  # the notebook with its outputs


def grade(job: Job) -> Result:
    """Grade one submission.

    Raises
    ------
    RuntimeError
        If the fault is the grader's: the sandbox does not start, or a given cell fails.
    """
    source = read_once(job.source)
    try:
        notebook, events = rebuild(source, parse(job.content))
    except UnreadableError as error:
        return Result(job.student, job.assignment, events=[("unreadable", str(error))])
    isolation.forbid_inspection()
    zygotes = {bare: _zygote(job.sandbox, bare) for bare in (False, True)}
    for zygote in zygotes.values():
        zygote.ready()  # before its time begins
    until = time.monotonic() + job.limits.total_seconds

    def start(rules: tuple[str, ...] | None) -> Process:
        fork = functools.partial(zygotes[rules is not None].fork, job.limits, job.hide)
        return Process(fork, rules, cell_seconds=job.limits.cell_seconds, until=until)

    examination = Examination(start, job.token, job.exam_key)
    examination.run(notebook)
    given, scores = {cell.id: cell for cell in source.cells}, {}
    for cell in notebook.cells:
        if (points := cell.metadata.get("nbgrader", {}).get("points")) is not None:
            if cell.cell_type == "code":
                failed = any(output.output_type == "error" for output in cell.outputs)
                scores[cell.id] = 0.0 if failed else float(points)
            else:
                scores[cell.id] = None if is_answered(cell.source, given[cell.id]) else 0.0
    graded = nbformat.writes(notebook) + "\n"
    return Result(job.student, job.assignment, scores, events + examination.events, graded)


@functools.cache
def _zygote(kind: str, bare: bool) -> Zygote:
    zygote = Zygote(kind or sandbox.strongest(), bare)
    atexit.register(zygote.close)
    return zygote
