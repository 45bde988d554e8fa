"""The marks as CSV, through nbgrader's export, with their states; blank where none is earned."""

import csv
import io
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins.export import ExportPlugin

from grader.collect import collect
from grader.course import gradebook
from grader.marks import Marks, printable, write

HEAD = ("student", "assignment", "points", "maximum", "state", "notes")


class MarksExport(ExportPlugin):
    """An exporter for ``nbgrader export --exporter=grader.export.MarksExport``.

    nbgrader's own writes a 0 for what was never graded; this one leaves the points blank.
    """

    root: Path = Path()

    def export(self, book: Gradebook) -> None:
        """Write one line for each hand-in and record, those that could not be read too."""
        marks = Marks(self.root)
        rows = {}
        if (self.root / "submitted").is_dir():
            for one in collect(self.root / "submitted", [each.name for each in book.assignments]):
                state = "unreadable" if one.problem else ""
                notes = one.problem or "not graded yet: run `make grade`"
                rows[one.student, one.assignment] = ("", "", state, notes)
        for student, assignment in marks.recorded():
            if rows.get((student, assignment), ("",) * 4)[2] != "unreadable":
                row = marks.row_of_record(student, assignment)
                points = "" if row.points is None else f"{row.points:g}"
                maximum = "" if row.maximum is None else f"{row.maximum:g}"
                rows[student, assignment] = (points, maximum, row.state, row.notes)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(map(printable, (*key, *row)) for key, row in sorted(rows.items()))
        write(Path(self.to), text.getvalue())
        self.written = len(rows)


def write_csv(root: Path) -> int:
    """Write ``marks.csv`` into the course folder; return the number of marks."""
    marks = Marks(root)
    plugin = MarksExport()
    plugin.root, plugin.to = root, str(root / "marks.csv")
    with gradebook(marks.url) as book:
        plugin.export(book)
    return plugin.written
