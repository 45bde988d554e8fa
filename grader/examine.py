"""The examination: runs a submission in the student's processes, and its checks here.

Cells run in one process as in the student's notebook; there measured values are fetched. The same
cells run behind the fence, in a process for each set of rules that a function is written by; there
functions are called. A check passes if it ends in no error.
"""

import contextlib
import io
import os
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from nbformat import NotebookNode
from nbformat.v4 import new_output

from checks.calls import CheckFailedError
from checks.process import EndedError, Process, StudentError
from checks.tasks import Fence, use
from checks.tokens import PRACTICE
from checks.worker import PRINTED
from grader.source import tasks, told

# Worth a look of a person: ways to reach around a fence that leaves them open, since whoever knows
# them gains no more than by pasting a solution.
ODD = re.compile(
    r"(?<!\w)(_C|_VF|_decomp|_functorch|__(?:subclasses|globals|builtins|closure|file)__|ctypes|gc"
    r"|getsource|_getframe|currentframe|sys\.modules|CompilationUnit|pkgutil|pydoc|reload"
    r"|inference_mode\(False\)|torch\.(?:ops|jit|fx|ao))(?!\w)"
)


@dataclass
class Examination:
    """Runs one submission.

    Parameters
    ----------
    start : callable
        Returns a new `Process`: of the student's own cells for None, behind the fence for rules.
    token : str
        The token that this student was given.
    exam_key : str
        What the numbers of the hidden checks follow from.

    Attributes
    ----------
    events : list of (str, str)
        What a person should know: a kind and one line each.
    """

    start: Callable[[tuple[str, ...] | None], Process]
    token: str
    exam_key: str
    events: list = field(default_factory=list)

    def run(self, notebook: NotebookNode) -> None:
        """Run every cell and write its outputs into the notebook."""
        torch.set_num_threads(1)
        self._student, self._fence = self.start(None), Fence(self.start)
        self._clean = {"__name__": "__main__", "TOKEN": self.token}
        self._functions = {name for task in tasks(notebook) for name in task.functions}
        # What stands below the last function that is checked is not run behind the fence.
        checked = [self._functions.intersection(told(cell, "tests")) for cell in notebook.cells]
        last = max((number for number, names in enumerate(checked) if names), default=-1)
        try:
            with _exam_key(self.exam_key), use(self._fence):
                for number, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code":
                        cell.execution_count = number + 1
                        cell.outputs = self._outputs(cell, fenced=number < last)
        finally:
            self._student.close()
            self.events += [*self._student.events, *self._fence.close()]
        self.events = list(dict.fromkeys(self.events))

    def _outputs(self, cell: NotebookNode, *, fenced: bool) -> list[NotebookNode]:
        role = told(cell, "role")
        if role == "show":  # a drawing for the student
            return []
        if role == "check":
            return self._judge(cell)
        if role == "token" and not cell.source.strip():
            cell.source = f"TOKEN = {self.token!r}"
        if role == "given":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, cell.id, "exec"), self._clean)
        else:
            found = dict.fromkeys(ODD.findall(cell.source))
            self.events += [("odd", f"uses {name} ({cell.id})") for name in found]
        if fenced:
            own = f"TOKEN = {self.token!r}" if role == "token" else cell.source
            self._fence.add(cell.id, own)
        try:
            printed = self._student.run(cell.id, cell.source)
        except EndedError as error:
            return [_error(error.state, str(error))]
        except StudentError as error:
            return [_error(error.name, str(error), error.frames)]
        finally:
            if role == "token":
                self._compare_token()
        return _stream(printed)

    def _judge(self, cell: NotebookNode) -> list[NotebookNode]:
        """Run a check here; functions it finds behind the fence, what was measured is brought."""
        printed = io.StringIO()
        try:
            measured = [n for n in told(cell, "tests") if n not in self._functions]
            names = self._clean | {name: self._student.fetch(name) for name in measured}
            with contextlib.redirect_stdout(printed):
                exec(compile(cell.source, cell.id, "exec"), names)
        except EndedError as error:
            return [_error(error.state, str(error))]
        except StudentError as error:
            return [_error(error.name, str(error), error.frames)]
        except CheckFailedError as error:
            return [_error("CheckFailedError", str(error), error.frames)]
        except Exception as error:
            # Whatever a check makes of what came from the student, the points are not earned.
            return [_error(type(error).__name__, "".join(traceback.format_exception_only(error)))]
        return _stream(printed.getvalue())

    def _compare_token(self) -> None:
        try:
            came = self._student.fetch("TOKEN")
        except (StudentError, EndedError):
            came = None
        came = came.strip().lower() if isinstance(came, str) else came
        if came == PRACTICE:
            self.events.append(("note", "TOKEN is still 'practice': measured parts are not right"))
        elif came != self.token:
            self.events.append(("odd", "TOKEN is not the one of this student"))


@contextlib.contextmanager
def _exam_key(key: str):
    """Let `checks.exam` see the key while the checks run; no other process is given it."""
    os.environ["HOMEWORK_EXAM"] = key
    try:
        yield
    finally:
        del os.environ["HOMEWORK_EXAM"]


def _stream(text: str) -> list[NotebookNode]:
    return [new_output("stream", name="stdout", text=text[:PRINTED])] if text else []


def _error(name: str, message: str, frames: str = "") -> NotebookNode:
    return new_output("error", ename=name, evalue=message.strip(), traceback=[frames or message])
