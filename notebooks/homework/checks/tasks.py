"""The check of a task, and the processes that its functions are called in.

A function is built anew from the cells that were run, in a process without `rnnviz` and without
what its task is to be written without. So a check says of it what will be said when it is graded.
"""

import atexit
import contextlib
import sys
import threading

from checks.calls import CheckFailedError
from checks.process import Process, StudentError
from checks.worker import start_beside


class Fence:
    """The processes behind the fence, one for each set of rules, in which the same cells are run.

    `make` returns the `Process` of a tuple of rules.
    """

    def __init__(self, make):
        self._make, self._cells, self._processes = make, [], {}

    def add(self, name: str, source: str) -> None:
        """Have a cell run in every process, without waiting for it."""
        self._cells.append((name, source))
        for process in self._processes.values():
            process.run(name, source)

    def process(self, rules: tuple[str, ...]) -> Process:
        """Return the process of some rules, in which all cells are run."""
        if rules not in self._processes:
            self._processes[rules] = self._make(rules)
            for cell in self._cells:
                self._processes[rules].run(*cell)
        return self._processes[rules]

    def close(self) -> list[tuple[str, str]]:
        """End the processes; return how some of them had ended before, a state and a line each."""
        for process in self._processes.values():
            process.close()
        return [event for process in self._processes.values() for event in process.events]


class NotebookFence(Fence):
    """The fence of a notebook in which somebody works: it sees every cell that is run there."""

    def __init__(self, shell):
        super().__init__(lambda rules: Process(self._start, rules))
        self._spare, self._lock = None, threading.Lock()
        self._cells += [("cell", one) for one in shell.history_manager.input_hist_raw[1:-1]]
        shell.events.register("post_run_cell", self._ran)
        atexit.register(self.close)

    def _ran(self, result) -> None:
        source, stopped = result.info.raw_cell, isinstance(result.error_in_exec, KeyboardInterrupt)
        if not stopped and "checks.task(" not in source:
            self.add(f"cell {result.execution_count}", source)

    def _start(self):
        # Loading PyTorch takes a second or two: the next process finds it loaded.
        with self._lock:
            ready, self._spare = self._spare or start_beside(), start_beside()
        return ready


_fence = None


def use(fence: Fence | None) -> None:
    """Have the checks of this process find functions behind a fence."""
    global _fence
    _fence = fence


@contextlib.contextmanager
def task(label, *names, without=""):
    """Run the check of a task: what it names is gone afterwards, what it named anew is back.

    Inside, each name of a function that it asked for is the one behind the fence of these rules.
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
        name = error.name if isinstance(error, NameError) else error.missing
        why = (process and process.refused) or ["no cell defines it"]
        came = f"expected {name}, came none: {why[-1]}"
        raise CheckFailedError(
            f"{label}: {came if name else f'expected an answer, came none: {error}'}"
        ) from None
    except CheckFailedError as error:
        # A cell above that could not be run behind the fence may be why a name is missing.
        if "NameError" in str(error) and process and process.refused:
            raise CheckFailedError(f"{error} ({process.refused[-1]})", error.frames) from None
        raise
    except KeyboardInterrupt:
        if process is not None:
            process.stop()
        raise
    finally:
        for name in scope.keys() - before.keys():
            del scope[name]
        scope.update({name: was for name, was in before.items() if scope.get(name) is not was})


if (_shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()) is not None:
    use(NotebookFence(_shell))
