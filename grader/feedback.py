"""Pages of feedback, by nbgrader: tasks by their numbers, and no hidden test."""

import re
import shutil
from pathlib import Path

from grader.course import convert, gradebook
from grader.files import write
from grader.marks import Marks

HEADINGS = [
    (r'(<a href="#(?:check|explain)-(\d+)-(\d+)">)(?:Test cell|Written response)', r"\1Task \2.\3"),
    (r"Grade cell: <code>check-(\d+)-(\d+)</code>", r"Task \1.\2, run"),
    (r"(<a name=\"explain-(\d+)-(\d+)\"></a>.{,200}?)Student's answer", r"\1Task \2.\3, answered"),
    (r"(<a name=\"comment-solve-(\d+)-(\d+)\"></a>.{,200}?)Student's answer", r"\1Task \2.\3"),
]


def feedback(root: Path, *, early: bool = False) -> tuple[int, int]:
    """Have nbgrader write a page for each graded submission; return how many, and how many wait.

    `early` writes those too where explanations wait for a person. On the page these stand as 0
    points, as if somebody had given them.

    Raises
    ------
    RuntimeError
        At the end, if nbgrader failed for some of them.
    """
    from nbgrader.converters import GenerateFeedback
    from nbgrader.preprocessors import ClearHiddenTests

    Marks(root)  # says so if nothing was released
    failed, waiting, pages = [], 0, []
    for assignment in sorted({path.parent.name for path in (root / "autograded").glob("*/*/*")}):
        try:
            convert(GenerateFeedback, root, assignment, preprocessors=[ClearHiddenTests])
        except RuntimeError as error:  # it has gone on with the other students
            failed.append(f"{assignment}: {error}")
        pages += (root / "feedback").glob(f"*/{assignment}/*.html")
    with gradebook(root) as book:
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
    if failed:
        raise RuntimeError("; ".join(failed))
    return len(pages) - waiting, waiting
