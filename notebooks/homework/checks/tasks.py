"""The check of a task, and the processes that its functions are called in.

A function is built anew from the cells that were run, in a process without `rnnviz` and without
what its task is to be written without. So a check says of it what will be said when it is graded.
"""

import atexit
import contextlib
import sys

from checks.beside import start_beside
from checks.calls import CheckFailedError
from checks.process import EndedError, Process, StudentError


class Fence:
    """The processes behind the fence, one for each set of rules, in which the same cells are run.

    Parameters
    ----------
    make : callable
        Returns the `Process` of a tuple of rules.
    """

    def __init__(self, make):
        self._make, self._cells, self._processes = make, [], {}

    def add(self, name: str, source: str) -> None:
        """Have a cell run in every process, without waiting for it."""
        self._cells.append((name, source))
        for process in self._processes.values():
            process.feed(name, source)

    def process(self, rules: tuple[str, ...]) -> Process:
        """Return the process of some rules, in which all cells were run."""
        if rules not in self._processes:
            self._processes[rules] = self._make(rules)
            for cell in self._cells:
                self._processes[rules].feed(*cell)
        return self._processes[rules]

    def close(self) -> list[tuple[str, str]]:
        """End the processes; return how some of them had ended before, a state and a line each."""
        processes, self._processes = self._processes.values(), {}
        for process in processes:
            process.close()
        return [event for process in processes for event in process.events]


class NotebookFence(Fence):
    """The fence of a notebook in which somebody works: it sees every cell that is run there."""

    def __init__(self, shell):
        self._spare = None
        super().__init__(self._start)
        self._cells += [("cell", one) for one in shell.history_manager.input_hist_raw[1:-1]]
        shell.events.register("post_run_cell", self._ran)
        atexit.register(self.close)

    def _ran(self, result) -> None:
        source, stopped = result.info.raw_cell, isinstance(result.error_in_exec, KeyboardInterrupt)
        if not stopped and "checks.task(" not in source:
            self.add(f"cell {result.execution_count}", source)

    def _start(self, rules) -> Process:
        # Loading PyTorch takes a second or two: the next set of rules finds it loaded.
        ready, self._spare = [self._spare or start_beside()], start_beside()
        return Process(lambda: (ready.pop() if ready else start_beside())[0](), rules)

    def close(self) -> list[tuple[str, str]]:
        """End the processes, and the one that waits to be used."""
        if self._spare:
            self._spare[1]()
        return super().close()


_fence = None


@contextlib.contextmanager
def use(fence: Fence):
    """Have the checks of this process find functions behind a fence."""
    global _fence
    _fence, before = fence, _fence
    try:
        yield
    finally:
        _fence = before


@contextlib.contextmanager
def task(label, *names, without=""):
    """Run the check of a task: what it names is gone afterwards, what it named anew is back.

    Parameters
    ----------
    label : str
        Which task.
    *names : str
        The functions that it asked for; inside, each is the one behind the fence.
    without : str
        Rules of `fence` by which they are written.
    """
    scope = sys._getframe(2).f_globals  # of the cell: frames 0 and 1 are ours and contextlib's
    before, process = dict(scope), None
    try:
        if names and _fence is not None:
            process = _fence.process(tuple(without.split()))
            process.label = label
            scope.update({name: process.fetch(name) for name in names})
        yield
    except (NameError, StudentError) as error:
        what = (
            error.name if isinstance(error, NameError) else error.missing
        ) or "all names defined"
        why = _left_out(process) or "no cell defines it"
        raise CheckFailedError(f"{label}: expected {what}, came none: {why}") from None
    except CheckFailedError as error:
        if "NameError" in str(error) and (why := _left_out(process)):
            raise CheckFailedError(f"{error} ({why})", error.frames) from None
        raise
    except EndedError as error:
        raise CheckFailedError(f"{label}: expected an answer, came none: {error}") from None
    except KeyboardInterrupt:
        if process is not None:
            process.close()
        raise
    finally:
        for name in scope.keys() - before.keys():
            del scope[name]
        scope.update({name: was for name, was in before.items() if scope.get(name) is not was})


def _left_out(process: Process | None) -> str:
    """Return why a cell above could not be run behind the fence."""
    return process.refused[-1] if process is not None and process.refused else ""


if (_shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()) is not None:
    _fence = NotebookFence(_shell)
