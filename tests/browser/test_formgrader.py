"""The formgrader in a real browser: what it shows an assistant, and that it runs nothing."""

import sys

import pytest

pytest.importorskip("nbgrader")
if sys.platform != "linux":
    pytest.skip("grading needs Linux", allow_module_level=True)

from grader import course, feedback
from grader.__main__ import SETTINGS
from grader.formgrader import REFUSED
from grading import mini_course, mini_graded

ANSWER = "Because $\\frac{a}{b} < 1$, `$x$` and \\$5. <b>So.</b>"


def bytes_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def root(tmp_path):
    """Make a course with one hand-in that waits for a person."""
    mini_course(tmp_path, "ann", explain_9_3=f"**9.3** Why?\n\n{ANSWER}")
    (tmp_path / "nbgrader_config.py").write_text(SETTINGS, encoding="utf-8")
    mini_graded(tmp_path)
    return tmp_path


def test_an_assistant_grades_by_hand_and_runs_nothing(root, lab):
    page, address = lab
    page.route("**/*", lambda r: r.continue_() if address in r.request.url else r.abort())
    before = bytes_of(root / "autograded") | bytes_of(root / "submitted")
    page.goto(f"{address}/formgrader/manage_submissions/mini")
    page.locator("td.autograde a").click()
    page.locator(".modal-body", has_text=REFUSED).wait_for()
    assert bytes_of(root / "autograded") | bytes_of(root / "submitted") == before

    page.goto(f"{address}/formgrader/gradebook/mini/mini")
    page.locator("td a", has_text="Submission").click()
    answer = page.locator(".nbgrader_cell", has_text="Why?")
    answer.locator("math mfrac").wait_for()
    assert "$x$ and $5. < b>So.< /b>" in answer.inner_text()
    rubric = page.locator(".text_cell_render", has_text="5 points for because.")
    assert rubric.bounding_box()["y"] > answer.bounding_box()["y"]
    answer.locator("input.score").fill("4")
    with page.expect_response(lambda r: "/api/grade/" in r.url and r.request.method == "PUT"):
        answer.locator("input.score").press("Tab")
    with course.gradebook(root) as book:
        assert book.find_grade("explain-9-3", "mini", "mini", "ann").manual_score == 4


def test_feedback_names_tasks_and_shows_formulas_but_no_rubric_and_no_hidden_test(root, lab):
    page, _ = lab
    feedback.feedback(root, early=True)
    path = root / "feedback" / "ann" / "mini" / "mini.html"
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri())
    assert page.locator("#toc li a").all_inner_texts() == ["Task 9.1", "Task 9.2", "Task 9.3"]
    assert page.locator(".nbgrader-label", has_text="Task 9.3, answered").count() == 1
    assert page.locator("math mfrac").count() == 1
    text = page.inner_text("body")
    assert "9.1: every check here passed" in text
    assert "checks.exam" not in text
    assert "5 points for because" not in text
