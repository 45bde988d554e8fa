"""What the check cells of the homework are written with.

A check says in one line what was expected and what came, never the answer. It calls a function of
the student's in a process of its own, without what its task is to be written without: the same
when the homework is done as when it is graded.
"""

from checks.calls import CheckFailedError, call, on_site, refuses
from checks.compare import accepted, agree, choice, number, passed, require, tensor
from checks.tasks import task
from checks.tokens import Personal, exam, personal

__all__ = ["CheckFailedError", "Personal", "accepted", "agree", "call", "choice", "exam", "number"]
__all__ += ["on_site", "passed", "personal", "refuses", "require", "task", "tensor"]
