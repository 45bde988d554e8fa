"""The examination: takes the place of nbgrader's `Execute` and runs a submission in two processes.

Given cells run in both, cells of the student's only in the student's, checks only here. A check
that passes has no output of an error, from which nbgrader gives the points as it always does.
"""

import contextlib
import io
import os
import traceback
from dataclasses import dataclass, field

import torch
from nbformat import NotebookNode
from nbformat.v4 import new_output

from grader import code
from grader.student import EndedError, Limits, Student, StudentError, Zygote
from tokens import PRACTICE


@dataclass
class Examination:
    """Runs one submission; a preprocessor for nbgrader's `Autograde`.

    Parameters
    ----------
    zygote : Zygote
        Where the student's process is forked from.
    limits : Limits
        What it may use.
    token : str
        The token that this student was given.
    exam_key : str
        What the numbers of the hidden checks follow from.
    hide : tuple of str
        Folders that it should find empty, where the sandbox can do that.

    Attributes
    ----------
    events : list of (str, str)
        What a person should know: a state and one line each.
    """

    zygote: Zygote
    limits: Limits
    token: str
    exam_key: str
    hide: tuple[str, ...] = ()
    events: list = field(default_factory=list)

    def __call__(self, notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Run every cell and write its outputs into the notebook."""
        torch.set_num_threads(1)
        student = Student(self.zygote, self.limits, self.hide)
        self._findings = code.findings(notebook)
        self.events += [("suspicious", one.line) for one in self._findings.noted]
        self._clean = {"__name__": "__main__", "TOKEN": self.token}
        try:
            with _exam_key(self.exam_key):
                for number, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code":
                        cell.execution_count = number + 1
                        cell.outputs = self._outputs(cell, student)
        finally:
            student.close()
        self.events += student.events
        return notebook, resources

    def _outputs(self, cell: NotebookNode, student: Student) -> list[NotebookNode]:
        role = cell.metadata.get("homework", {}).get("role")
        if role == "show":
            return []
        if role == "check":
            return self._check(cell, student)
        outputs = self._students(cell, student)
        if role == "given":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, cell.id, "exec"), self._clean)
        if role == "token":
            self._compare_token(student)
        return outputs

    def _students(self, cell: NotebookNode, student: Student) -> list[NotebookNode]:
        try:
            return _stream(student.run(cell.id, cell.source))
        except StudentError as error:
            return [_error(error.name, str(error), error.frames)]
        except EndedError as error:
            return [_error(error.state, str(error))]

    def _check(self, cell: NotebookNode, student: Student) -> list[NotebookNode]:
        names = cell.metadata.homework.get("tests", [])
        if refused := [one.line for name in names for one in self._findings.withheld.get(name, [])]:
            self.events += [("suspicious", line) for line in refused]
            return [_error("Withheld", line) for line in refused[:1]]
        printed = io.StringIO()
        try:
            proxies = {name: student.fetch(name) for name in names}
            for name in self._findings.unbound.intersection(names):
                self.events.append(("suspicious", f"{name} is there, and no cell defines it"))
                return [_error("Withheld", self.events[-1][1])]
            with contextlib.redirect_stdout(printed):
                exec(compile(cell.source, cell.id, "exec"), self._clean | proxies)
        except EndedError as error:
            return [_error(error.state, str(error))]
        except StudentError as error:
            return [_error(error.name, str(error), error.frames)]
        except Exception as error:
            # Whatever a check makes of what came from the student, the points are not earned.
            return [_error(type(error).__name__, "".join(traceback.format_exception_only(error)))]
        return _stream(printed.getvalue())

    def _compare_token(self, student: Student) -> None:
        try:
            came = student.fetch("TOKEN")
        except (StudentError, EndedError):
            came = None
        if came == PRACTICE:
            self.events.append(("note", "TOKEN is still 'practice': measured parts are not right"))
        elif came != self.token:
            self.events.append(("suspicious", "TOKEN is not the one of this student"))


@contextlib.contextmanager
def _exam_key(key: str):
    """Let `checks.exam` see the key while the checks run; no other process is started then."""
    os.environ["HOMEWORK_EXAM"] = key
    try:
        yield
    finally:
        del os.environ["HOMEWORK_EXAM"]


def _stream(text: str) -> list[NotebookNode]:
    return [new_output("stream", name="stdout", text=text)] if text else []


def _error(name: str, message: str, frames: str = "") -> NotebookNode:
    return new_output("error", ename=name, evalue=message.strip(), traceback=[frames or message])
