"""Where the homework is graded, and where it is not."""

import sys

import pytest

# A submission is graded in processes that only Linux can shut in. On other systems these files are
# skipped unread, since their very imports ask for it; the others hold there too.
GRADING = {
    "test_attacks.py",
    "test_bank.py",
    "test_cluster.py",
    "test_isolation.py",
    "test_marks.py",
    "test_ways.py",
}


class NotHere(pytest.Module):
    def collect(self):
        reason = f"{self.path.name}: grading needs Linux, this is {sys.platform}"
        pytest.skip(reason, allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    if module_path.name in GRADING and sys.platform != "linux":
        return NotHere.from_parent(parent, path=module_path)
