"""The marks: entering results, in nbgrader's gradebook and in a record of our own.

One process writes. A result goes into the gradebook in one transaction, then the graded notebook
and last the record that says it is done, each file written beside its place and moved there: a run
that is cut off anywhere leaves what was there before, and does that submission again.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from grader.course import gradebook
from grader.files import write


def digest(content: bytes, source: str) -> str:
    """Return what tells whether a submission, or what it is graded by, has changed."""
    return hashlib.sha256(source.encode() + b"\0" + content).hexdigest()


class Marks:
    """The marks of a course folder, in which something was released."""

    def __init__(self, root: Path):
        if not (root / "gradebook.db").exists():
            raise FileNotFoundError(f"no gradebook in {root}: run `make homework` first")
        self.root = root

    def record(self, student: str, assignment: str) -> dict:
        """Return what is known of a submission that was graded, else an empty dict."""
        try:
            return json.loads(self._path(student, assignment).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def recorded(self) -> list[tuple[str, str]]:
        """Return student and assignment of each submission that there is a record of."""
        paths = sorted((self.root / "records").glob("*/*.json"))
        return [(path.parent.name, path.stem) for path in paths]

    def enrol(self, people: Iterable) -> None:
        """Tell the gradebook the names of students, which the formgrader shows."""
        with gradebook(self.root) as book:
            for one in people:
                first, _, last = one.name.rpartition(" ")
                names = {"first_name": first, "last_name": last, "email": one.email}
                book.update_or_create_student(one.folder, **names)

    def fail(self, student: str, assignment: str, state: str, why: str) -> None:
        """Record that a submission could not be graded, so that it is tried again."""
        self._keep(student, assignment, {"digest": "", "events": [(state, why)], "scores": {}})

    def enter(self, result, *, mark: str) -> None:
        """Enter the `Result` of a submission; `mark` is its `digest`.

        Raises
        ------
        OSError
            If the disk is full or may not be written; the marks are then as they were.
        """
        student, assignment = result.student, result.assignment
        record = {"digest": mark, "events": result.events, "scores": result.scores}
        if result.graded:
            path = self.root / "autograded" / student / assignment / f"{assignment}.ipynb"
            before = self.record(student, assignment).get("answers")
            if before is None and path.exists():  # a record from before there were answers in it
                before = _answers(path.read_text(encoding="utf-8"), result.scores)
            record["answers"] = _answers(result.graded, result.scores)
            self._enter_scores(result, record["answers"], before or {})
            write(path, result.graded)
        self._keep(student, assignment, record)

    def _enter_scores(self, result, now: dict, before: dict) -> None:
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import SQLAlchemyError

        with gradebook(self.root) as book:
            try:
                book.update_or_create_student(result.student)
                found = book.update_or_create_submission(result.assignment, result.student)
                for grade in (one for part in found.notebooks for one in part.grades):
                    points, name = result.scores[grade.name], grade.name
                    text, most = now[name] = [now[name][0], grade.cell.max_score]
                    old = before.get(name, ["", None])
                    same = old[0] == text and old[1] in (None, most)
                    if grade.manual_score is None:
                        grade.needs_manual_grade = points is None
                    # What a person gave stands; what it was given for may be another now.
                    elif not same or points != grade.auto_score:
                        grade.needs_manual_grade = True
                    grade.auto_score = points
                book.db.commit()
            except (InvalidEntry, SQLAlchemyError) as error:
                book.db.rollback()
                said = str(error).partition("\n")[0]
                raise OSError(f"the gradebook could not be written: {said}") from error

    def _keep(self, student: str, assignment: str, record: dict) -> None:
        write(self._path(student, assignment), json.dumps(record, indent=1) + "\n")

    def _path(self, student: str, assignment: str) -> Path:
        return self.root / "records" / student / f"{assignment}.json"


def _answers(notebook: str, names: Iterable[str]) -> dict[str, list]:
    """Return a hash of what the student wrote for each graded cell: for a check, what it checks."""
    texts = {one.get("id"): "".join(one["source"]) for one in json.loads(notebook)["cells"]}
    mine = {name: texts.get(name.replace("check-", "solve-"), "") for name in names}
    return {name: [hashlib.sha256(one.encode()).hexdigest(), None] for name, one in mine.items()}
