"""The examination: takes the place of nbgrader's `Execute` and runs a submission in two processes.

Given cells run in both, cells of the student's only in the student's, checks only here. What is
measured is fetched from there; a function is built anew for each check, in a process of its own,
from just the statements that make it (`grader.code`). A check that passes has no output of an
error, from which nbgrader gives the points as it always does.
"""

import contextlib
import io
import os
import traceback
from dataclasses import dataclass, field

import torch
from nbformat import NotebookNode
from nbformat.v4 import new_output

from checks.calls import CheckFailedError
from checks.tokens import PRACTICE
from grader.code import Code, Made
from grader.source import tasks
from grader.student import EndedError, Limits, Student, StudentError, Zygote


@dataclass
class Examination:
    """Runs one submission; a preprocessor for nbgrader's `Autograde`.

    Parameters
    ----------
    zygote, bare : Zygote
        Where the student's process is forked from, and those that functions are built in.
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
    bare: Zygote
    limits: Limits
    token: str
    exam_key: str
    hide: tuple[str, ...] = ()
    events: list = field(default_factory=list)

    def __call__(self, notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Run every cell and write its outputs into the notebook."""
        torch.set_num_threads(1)
        student = Student(self.zygote, self.limits, self.hide)
        self._cells, self._code = notebook.cells, Code(notebook)
        self._tasks = {name: task for task in tasks(notebook) for name in task.functions}
        self.events += [("suspicious", line) for line in self._code.noted]
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
        if not self._tasks.keys() >= set(names):
            return self._judge(cell, names, student)
        made = self._code.made(names, cell.id)
        if made.refused:
            self.events += [("suspicious", line) for line in made.refused]
            return [_error("Withheld", made.refused[0])]
        asked = [self._tasks[name] for name in names]
        rnnviz = all("rnnviz" in task.allow for task in asked)
        zygote = self.zygote if rnnviz else self.bare
        alone = Student(zygote, self.limits, self.hide, until=student.until)
        try:
            alone.remove(tuple({one for task in asked for one in task.without}))
            self._build(alone, made, cell)
            outputs = self._judge(cell, names, alone)
            if any(output.output_type == "error" for output in outputs):
                self.events += [("note", line) for line in made.left_out]
            return outputs
        except EndedError as error:
            return [_error(error.state, str(error))]
        finally:
            alone.close()
            self.events += alone.events

    def _build(self, alone: Student, made: Made, check: NotebookNode) -> None:
        """Run the given cells above a check, and the statements that functions are made of."""
        for cell in self._cells[: self._cells.index(check)]:
            role = cell.metadata.get("homework", {}).get("role")
            with contextlib.suppress(StudentError):  # seen below the cell, from the first run
                if role == "token":
                    alone.run(cell.id, f"TOKEN = {self.token!r}")
                if cell.id in made.places:
                    alone.run(cell.id, cell.source, keep=made.places[cell.id])
                elif role == "given":
                    alone.run(cell.id, cell.source)

    def _judge(self, cell: NotebookNode, names: list, student: Student) -> list[NotebookNode]:
        """Run a check here, on what the names stand for there."""
        printed = io.StringIO()
        try:
            proxies = {name: student.fetch(name) for name in names}
            with contextlib.redirect_stdout(printed):
                exec(compile(cell.source, cell.id, "exec"), self._clean | proxies)
        except EndedError as error:
            return [_error(error.state, str(error))]
        except StudentError as error:
            return [_error(error.name, str(error), error.frames)]
        except CheckFailedError as error:
            return [_error("CheckFailedError", str(error))]
        except Exception as error:
            # Whatever a check makes of what came from the student, the points are not earned.
            return [_error(type(error).__name__, "".join(traceback.format_exception_only(error)))]
        return _stream(printed.getvalue())

    def _compare_token(self, student: Student) -> None:
        try:
            came = student.fetch("TOKEN")
        except (StudentError, EndedError):
            came = None
        came = came.strip().lower() if isinstance(came, str) else came
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
