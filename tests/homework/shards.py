"""What a process of a pool runs in place of grading; it loads nothing that grading does not."""

import os
from dataclasses import replace


def as_before(result, job):
    """Return what another student's submission was graded to, as this one's."""
    return replace(result, student=job.student)


def dying(job):
    """End the process."""
    os._exit(1)
