"""A course folder for the tests, and grading in it as `make grade` does."""

import csv
import io
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader import course, keys, run, source
from grader.student import USUAL
from submissions import SOURCES, hand_in

QUICK = replace(USUAL, cell_seconds=6.0, total_seconds=40.0, memory_megabytes=512)


def new_course(root: Path, *assignments: str) -> str:
    """Release assignments into a new course folder; return its secret."""
    root.mkdir(exist_ok=True)
    keys.new_secret(root / "secret")
    course.generate(root, {name: SOURCES[name] for name in assignments or SOURCES})
    (root / "submitted").mkdir()
    return keys.read_secret(root / "secret")


def graded(root: Path, *assignments: str, **options) -> dict:
    """Grade a course folder; return the rows of the table by student and assignment."""
    sources = {name: SOURCES[name] for name in assignments or SOURCES}
    rows = run.grade_all(root, sources, **{"limits": QUICK} | options)
    return {(row.student, row.assignment): row for row in rows}


def exported(root: Path) -> list[dict]:
    """Return the lines of a course's marks.csv."""
    text = (root / "marks.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


MINI = '''# A small assignment

```python
import torch

import checks
```

```python token=true
TOKEN = "practice"
```

```python
my = checks.personal(TOKEN)
```

```python solve="9.1" names="double" without="autograd"
def double(x):
    """Return twice the tensor."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```python check="9.1" points=3 tests="double"
x = torch.ones(2).double()
checks.agree("double(x)", checks.call(double, x), x + x, by="x + x")
checks.passed("9.1")
### BEGIN HIDDEN TESTS
x = checks.exam().tensor("9.1", 4)
checks.agree("double", checks.call(double, x), x + x)
### END HIDDEN TESTS
```

```python solve="9.2" names="mine"
# mine = …
### BEGIN SOLUTION
mine = my.integer("9.2", 0, 10**6)
### END SOLUTION
```

```python check="9.2" points=2 tests="mine"
checks.number("mine", mine, low=0)
### BEGIN HIDDEN TESTS
checks.require(mine == my.integer("9.2", 0, 10**6), "mine", expected="yours", came="another")
### END HIDDEN TESTS
```

<!-- #region explain="9.3" points=5 -->
**9.3** Why?

### BEGIN MARK SCHEME
5 points for because.
### END MARK SCHEME

### BEGIN SOLUTION
Because.
### END SOLUTION
<!-- #endregion -->
'''


class Inline(Executor):
    """Grades in this process, one after the other; stops as if interrupted after some."""

    def __init__(self, stop_after=None):
        self.done, self.stop_after = 0, stop_after

    def submit(self, function, job):
        if self.done == self.stop_after:
            raise KeyboardInterrupt
        self.done += 1
        future = Future()
        try:
            future.set_result(function(job))
        except Exception as error:
            future.set_exception(error)
        return future


def mini_course(root: Path, *students: str, **cells: str) -> str:
    """Make a course of the small assignment and hand in the model solution for each student."""
    root.mkdir(exist_ok=True)
    keys.new_secret(root / "secret")
    course.generate(root, {"mini": MINI})
    (root / "submitted").mkdir()
    secret = keys.read_secret(root / "secret")
    for student in students:
        mini_hand_in(root, student, **cells)
    return secret


def mini_notebook(root: Path, student: str, **cells: str) -> NotebookNode:
    """Return a student's notebook of the small assignment; other cells by id (``solve_9_1=…``)."""
    path = root / "release" / "mini" / "mini.ipynb"
    made = nbformat.read(path, as_version=4)
    model = {cell.id: cell.source for cell in source.read(MINI).cells}
    token = keys.token(keys.read_secret(root / "secret"), student)
    given = {key.replace("_", "-"): text for key, text in cells.items()}
    for cell in made.cells:
        if cell.id.startswith(("solve", "explain")):
            cell.source = given.get(cell.id, model[cell.id])
        elif cell.id == "token":
            cell.source = given.get("token", f"TOKEN = {token!r}")
    return made


def mini_hand_in(root: Path, student: str, **cells: str) -> Path:
    """Hand in a student's notebook of the small assignment."""
    return hand_in(
        root, student, "mini", nbformat.writes(mini_notebook(root, student, **cells)).encode()
    )


def mini_graded(root: Path, **options) -> dict:
    """Grade a course of the small assignment; return its rows by student."""
    options = {"limits": QUICK, "executor": Inline()} | options
    rows = run.grade_all(root, {"mini": MINI}, **options)
    return {row.student: row for row in rows}
