"""Grading one submission, anywhere: a function of a picklable job that returns a picklable result.

A process that grades is a shard. It has a course folder and a gradebook of its own, so that
nothing is shared while nbgrader works; one process then enters the results in the marks.
"""

import atexit
import functools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grader import isolation, sandbox, submission
from grader.examine import Examination
from grader.sandbox import KINDS
from grader.source import read
from grader.student import USUAL, Limits, Zygote

STATES = ("unreadable", "crashed", "timed out", "metadata removed", "suspicious")


@dataclass(frozen=True)
class Job:
    """One submission to grade, with all that this needs.

    Attributes
    ----------
    source : str
        The text of the instructor source.
    content : bytes
        The notebook as it was handed in.
    sandbox : tuple of str
        The sandboxes that may be used; without them `limits only`.
    hide : tuple of str
        Folders that it should find empty, where the sandbox can do that.
    """

    student: str
    assignment: str
    source: str
    content: bytes
    token: str
    exam_key: str
    limits: Limits = USUAL
    sandbox: tuple[str, ...] = KINDS
    hide: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of a job.

    Attributes
    ----------
    scores : dict
        Points by grade id; None where a person has to give them. Empty if it is unreadable.
    events : list of (str, str)
        A state, or ``note``, and one line.
    graded : str
        The graded notebook with its outputs; empty if it is unreadable.
    """

    student: str
    assignment: str
    scores: dict = field(default_factory=dict)
    events: list = field(default_factory=list)
    graded: str = ""

    @property
    def state(self) -> str:
        """The gravest of the events, else whether a person has to look."""
        return state_of(self.events, waiting=None in self.scores.values())


def state_of(events: list, *, waiting: bool) -> str:
    """Return the gravest of the events, else whether a person has to look."""
    told = {event for event, _ in events}
    usual = "needs manual" if waiting else "graded"
    return next((state for state in STATES if state in told), usual)


def grade(job: Job) -> Result:
    """Grade one submission with nbgrader, in this process's own course folder.

    Raises
    ------
    RuntimeError
        If the fault is the grader's: the sandbox does not start, or a given cell fails.
    """
    try:
        handed_in = submission.parse(job.content)
    except submission.UnreadableError as error:
        return Result(job.student, job.assignment, events=[("unreadable", str(error))])
    rebuilt = submission.rebuild(_source(job.source), handed_in)
    isolation.forbid_inspection()
    course = _course()
    hide = (*job.hide, str(course.root))
    zygotes = (_zygote(job.sandbox, bare=False), _zygote(job.sandbox, bare=True))
    examination = Examination(*zygotes, job.limits, job.token, job.exam_key, hide)
    course.release(job.assignment, job.source)
    scores, graded = course.autograde(job.student, job.assignment, rebuilt.notebook, examination)
    return Result(job.student, job.assignment, scores, rebuilt.events + examination.events, graded)


@functools.lru_cache(maxsize=32)
def _source(text: str) -> nbformat.NotebookNode:
    return read(text)


@functools.cache
def _zygote(allowed: tuple[str, ...], *, bare: bool) -> Zygote:
    zygote = Zygote(sandbox.strongest(allowed=allowed), bare=bare)
    atexit.register(zygote.close)
    return zygote


@functools.cache
def _course() -> "ShardCourse":
    return ShardCourse()


class ShardCourse:
    """A throw-away course of nbgrader, of this process alone."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="homework-shard-")
        self.root = Path(self._folder.name)
        self._released = {}

    def release(self, assignment: str, source: str) -> None:
        """Make an assignment known to nbgrader, once."""
        from grader.course import generate

        if self._released.get(assignment) != source:
            generate(self.root, {assignment: source})
            self._released[assignment] = source

    def autograde(
        self,
        student: str,
        assignment: str,
        notebook: nbformat.NotebookNode,
        examination: Examination,
    ) -> tuple[dict, str]:
        """Run nbgrader's `Autograde` with the examination in place of its `Execute`."""
        from nbgrader.converters import Autograde
        from nbgrader.preprocessors import CheckCellMetadata, LimitOutput, SaveAutoGrades

        from grader.course import directory, gradebook, telling

        where = directory(self.root, assignment=assignment, student=student)
        handed_in = self.root / "submitted" / student / assignment
        graded = self.root / "autograded" / student / assignment
        name = f"{assignment}.ipynb"
        handed_in.mkdir(parents=True)
        try:
            (handed_in / name).write_text(nbformat.writes(notebook), encoding="utf-8")
            converter = Autograde(coursedir=where)
            converter.autograde_preprocessors = [
                examination,
                LimitOutput,
                SaveAutoGrades,
                CheckCellMetadata,
            ]
            with telling(converter):
                converter.start()
            with gradebook(where.db_url) as book:
                found = book.find_submission(assignment, student)
                scores = {
                    grade.name: None if grade.needs_manual_grade else grade.auto_score
                    for part in found.notebooks
                    for grade in part.grades
                }
            return scores, (graded / name).read_text(encoding="utf-8")
        finally:
            shutil.rmtree(handed_in, ignore_errors=True)
            shutil.rmtree(graded, ignore_errors=True)
