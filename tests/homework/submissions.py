"""Submissions made by us, to try the grader on: the bank of right and wrong solutions.

``bank/ASSIGNMENT/2_1.py`` holds replacements for the cell ``solve-2-1``, each under a line
``# %% right: how`` or ``# %% wrong: the mistake``. All other cells hold the model solution.

``python tests/homework/submissions.py COURSE`` writes the whole bank and all attacks into the
submission folder of a course.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
BANK = HERE / "bank"
sys.path.insert(0, str(HERE.parents[1]))

from grader import HOMEWORK, keys, source  # noqa: E402

SOURCES = source.sources()

# An instructor source as small as one can be, for tests of what is done with it.
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

```python check="9.1" points=3
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

```python check="9.2" points=2
checks.number("mine", mine, low=0)
### BEGIN HIDDEN TESTS
checks.require(mine == my.integer("9.2", 0, 10**6), "mine", expected="yours", came="another")
### END HIDDEN TESTS
```

<!-- #region explain="9.3" points=5 -->
**9.3** Why?

### BEGIN SOLUTION
*Rubric.* 5 points for because.

*Model answer.* Because.
### END SOLUTION
<!-- #endregion -->
'''


@dataclass(frozen=True)
class Case:
    """One submission of the bank: who hands it in, what, and which checks it must lose."""

    student: str
    assignment: str
    cells: dict
    lost: frozenset

    def content(self, secret: str) -> bytes:
        """Return the notebook as it is handed in."""
        made = solved(self.assignment, keys.token(secret, self.student), self.cells)
        return nbformat.writes(made).encode()


def snippets(path: Path) -> list[tuple[str, str, str]]:
    """Return kind, label and code of each snippet of a file."""
    parts = re.split(r"^# %% (right|wrong): (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
    return [
        (kind, label.strip(), code.strip() + "\n")
        for kind, label, code in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    ]


def released(assignment: str) -> NotebookNode:
    """Return the student version of an assignment."""
    return nbformat.read(HOMEWORK / f"{assignment}.ipynb", as_version=4)


def solved(assignment: str, token: str, cells: dict) -> NotebookNode:
    """Return a student version with the model solution, but for the cells given by id."""
    model = {cell.id: cell.source for cell in source.read(SOURCES[assignment]).cells}
    return filled(assignment, token, model | cells)


def filled(assignment: str, token: str, cells: dict) -> NotebookNode:
    """Return a student version with some cells filled in, all others still to be written."""
    made = released(assignment)
    for cell in made.cells:
        if cell.id == "token":
            cell.source = f'TOKEN = "{token}"'
        elif cell.id.startswith(("solve", "explain")) and cell.id in cells:
            cell.source = cells[cell.id]
    return made


def cases(assignment: str) -> list[Case]:
    """Return the bank of an assignment."""
    made = []
    for path in sorted((BANK / assignment).glob("*.py")):
        number = path.stem.replace("_", "-")
        for kind, label, code in snippets(path):
            slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40]
            lost = {f"check-{number}"} if kind == "wrong" else set()
            cells = {f"solve-{number}": code}
            made.append(Case(f"{number}-{kind}-{slug}", assignment, cells, frozenset(lost)))
    return made


def hand_in(root: Path, student: str, assignment: str, content: bytes, name: str = "") -> Path:
    """Write a hand-in into a course's submission folder and return its path."""
    path = root / "submitted" / student / assignment / (name or f"{assignment}.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def main() -> None:
    """Write the whole bank and all attacks into the course folder named on the command line."""
    import attacks

    root = Path(sys.argv[1])
    secret = keys.read_secret(root / "secret")
    bank = [case for assignment in SOURCES for case in cases(assignment)]
    for case in bank:
        hand_in(root, case.student, case.assignment, case.content(secret))
    for attack in attacks.ATTACKS:
        attack.hand_in(root, secret)
    print(f"{len(bank)} submissions and {len(attacks.ATTACKS)} attacks are in {root / 'submitted'}")


if __name__ == "__main__":
    main()
