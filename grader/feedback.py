"""Pages of feedback, by nbgrader: tasks by their numbers, and no hidden test."""

import contextlib
import re
import shutil
from pathlib import Path

from grader.course import directory, gradebook, telling
from grader.files import write
from grader.formgrader import Formulas

HEADINGS = [
    (r'(<a href="#(?:check|explain)-(\d+)-(\d+)">)(?:Test cell|Written response)', r"\1Task \2.\3"),
    (r"Grade cell: <code>check-(\d+)-(\d+)</code>", r"Task \1.\2, run"),
    (r"(<a name=\"explain-(\d+)-(\d+)\"></a>.{,200}?)Student's answer", r"\1Task \2.\3, answered"),
    (r"(<a name=\"comment-solve-(\d+)-(\d+)\"></a>.{,200}?)Student's answer", r"\1Task \2.\3"),
]


def feedback(root: Path, assignments: list[str], *, early: bool = False) -> tuple[int, int]:
    """Have nbgrader write a page of feedback for each graded submission.

    Parameters
    ----------
    root : Path
        The course folder.
    assignments : list of str
        Of these.
    early : bool
        Also where explanations wait for a person. On the page these stand as 0 points, as if
        somebody had given them.

    Returns
    -------
    written, waiting : int
        How many pages there are, and how many were left out.

    Raises
    ------
    RuntimeError
        At the end, if nbgrader failed for some of them.
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.preprocessors import ClearHiddenTests

    failed = []
    for assignment in assignments:
        if any((root / "autograded").glob(f"*/{assignment}/{assignment}.ipynb")):
            converter = GenerateFeedback(coursedir=directory(root, assignment=assignment))
            converter.force = True
            converter.preprocessors = [*converter.preprocessors, ClearHiddenTests, Formulas]
            try:
                with telling(converter):
                    converter.start()
            except RuntimeError as error:
                failed.append(f"{assignment}: {error}")
    pages, waiting = list((root / "feedback").glob("*/*/*.html")), 0
    with gradebook(root) if pages else contextlib.nullcontext() as book:
        for page in pages:
            _, student, assignment, _ = page.relative_to(root).parts
            if book.find_submission(assignment, student).needs_manual_grade and not early:
                shutil.rmtree(page.parent)
                waiting += 1
                continue
            text = page.read_text(encoding="utf-8")
            for heading, instead in HEADINGS:
                text = re.sub(heading, instead, text, flags=re.DOTALL)
            write(page, text)
    if failed:  # nbgrader has gone on with the other students; so did we with other assignments
        raise RuntimeError("; ".join(failed))
    return len(pages) - waiting, waiting
