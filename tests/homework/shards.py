"""What a process of a pool runs in place of grading; it loads nothing that grading does not."""

import os
from dataclasses import replace


def as_before(result, job):
    """Return what another student's submission was graded to, as this one's."""
    return replace(result, student=job.student)


def dying_at(student, result, job):
    """End the process for one student's submission."""
    return os._exit(1) if job.student == student else as_before(result, job)
