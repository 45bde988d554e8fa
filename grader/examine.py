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
from checks.process import Process, StartError, StudentError
from checks.tasks import Fence, use
from checks.tokens import PRACTICE
from checks.worker import PRINTED
from grader.source import told

# Worth a look of a person: ways to reach around a fence that leaves them open, since whoever knows
# them gains no more than by pasting a solution.
ODD = re.compile(
    r"(?<!\w)(_C|_VF|_decomp|_functorch|__(?:subclasses|globals|builtins|closure|file)__"
    r"|ctypes|gc\.get_\w+|getsource|_getframe|currentframe|(?<!in )sys\.modules|CompilationUnit"
    r"|pkgutil|pydoc|reload|(?<=\.)(?<!self\.)grad_fn(?=\()|inference_mode\((?:mode\s*=\s*)?False\)"
    r"|torch\.(?:ops|fx|ao|jit\.(?!script|trace|ignore|export|unused)\w+))(?!\w)"
)


@dataclass
class Examination:
    """Runs one submission."""

    # Returns a new process: of the student's own cells for None, behind the fence for rules.
    start: Callable[[tuple[str, ...] | None], Process]
    token: str  # that this student was given
    exam_key: str  # what the numbers of the hidden checks follow from
    events: list = field(default_factory=list)  # what a person should know: a kind, one line

    def run(self, notebook: NotebookNode) -> None:
        """Run every cell and write its outputs into the notebook."""
        torch.set_num_threads(1)
        self._student, self._fence = self.start(None), Fence(self.start)
        self._clean = {"__name__": "__main__", "TOKEN": self.token}
        # What stands below the last function that is checked is not run behind the fence.
        functions = [number for number, c in enumerate(notebook.cells) if told(c, "functions")]
        last = max(functions, default=-1)
        # Only `checks.exam` in this process is told the key, and only while the checks run.
        os.environ["HOMEWORK_EXAM"] = self.exam_key
        use(self._fence)
        try:
            for number, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    cell.execution_count = number + 1
                    cell.outputs = self._outputs(cell, fenced=number < last)
        finally:
            del os.environ["HOMEWORK_EXAM"]
            use(None)
            self._student.close()
            self.events += [*self._student.events, *self._fence.close()]
        self.events = list(dict.fromkeys(self.events))

    def _outputs(self, cell: NotebookNode, *, fenced: bool) -> list[NotebookNode]:
        role = told(cell, "role")
        if role == "show":  # a drawing for the student
            return []
        if role == "token" and not cell.source.strip():
            cell.source = f"TOKEN = {self.token!r}"
        if role == "given":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, cell.id, "exec"), self._clean)
        elif role != "check":
            found = dict.fromkeys(ODD.findall(cell.source))
            self.events += [("odd", f"uses {name} ({cell.id})") for name in found]
        try:
            if role == "check":
                printed = self._judge(cell)
            else:
                if fenced:
                    own = f"TOKEN = {self.token!r}" if role == "token" else cell.source
                    self._fence.add(cell.id, own)
                printed = self._student.run(cell.id, cell.source).result()
        except (StudentError, CheckFailedError) as error:
            return [_error(getattr(error, "name", "CheckFailedError"), str(error), error.frames)]
        except StartError:
            raise
        except Exception as error:
            # Whatever a check makes of what came from the student, the points are not earned.
            return [_error(type(error).__name__, "".join(traceback.format_exception_only(error)))]
        finally:
            if role == "token":
                self._compare_token()
        return [new_output("stream", name="stdout", text=printed[:PRINTED])] if printed else []

    def _judge(self, cell: NotebookNode) -> str:
        """Run a check here; functions it finds behind the fence, what was measured is brought."""
        measured = () if told(cell, "functions") else told(cell, "names")
        names = self._clean | {name: self._student.fetch(name) for name in measured}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(cell.source, cell.id, "exec"), names)
        return printed.getvalue()

    def _compare_token(self) -> None:
        came = None
        with contextlib.suppress(StudentError):
            came = self._student.fetch("TOKEN")
        came = came.strip().lower() if isinstance(came, str) else came
        if came == PRACTICE:
            self.events.append(("note", "TOKEN is still 'practice': measured parts are not right"))
        elif came != self.token:
            self.events.append(("odd", "TOKEN is not the one of this student"))


def _error(name: str, message: str, frames: str = "") -> NotebookNode:
    return new_output("error", ename=name, evalue=message.strip(), traceback=[frames or message])
