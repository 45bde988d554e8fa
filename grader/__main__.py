"""The homework's command line: release it, grade it, hand back marks and feedback.

Each command works on a course folder (``--course`` or HOMEWORK_COURSE; by default ``course`` in
the folder of the homework, which git does not see).
"""

import argparse
import csv
import io
import logging
import os
import sys
from pathlib import Path

from grader import HOMEWORK, course, keys, marks, run, sandbox
from grader.source import sources
from grader.student import Limits

log = logging.getLogger("homework")
# What nbgrader's own tools, such as the formgrader, read when they are started in the folder.
SETTINGS = """from pathlib import Path

c = get_config()  # noqa
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.Exchange.root = str(Path(__file__).resolve().parent / "exchange")
"""


def texts() -> dict[str, str]:
    """Return the instructor sources by assignment."""
    found = sources(HOMEWORK / "sources")
    return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


def release(arguments: argparse.Namespace) -> None:
    """Make the student versions, the gradebook, the secret and everybody's token."""
    root = arguments.course
    root.mkdir(parents=True, exist_ok=True)
    keys.new_secret(root / "secret")
    course.generate(root, texts())
    marks.write(root / "nbgrader_config.py", SETTINGS)
    for name in texts():
        marks.write(HOMEWORK / f"{name}.ipynb", course.released(root, name))
    print(f"released {len(texts())} assignments into {root / 'release'}")
    students = root / "students.csv"
    if not students.exists():
        print(f"for the tokens, write one student id a line into {students}, then run this again")
        return
    ids = read_students(students)
    secret = keys.read_secret(root / "secret")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([("student", "token"), *((one, keys.token(secret, one)) for one in ids)])
    marks.write(root / "tokens.csv", table.getvalue())
    print(f"tokens of {len(ids)} students are in {root / 'tokens.csv'}: send each their own")


def read_students(path: Path) -> list[str]:
    """Return the ids of a file, one a line (of a CSV file, its first column)."""
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    ids = [row[0].strip() for row in rows if row and row[0].strip()]
    ids = [one for one in ids if one.lower() not in ("id", "student", "student_id")]
    for one in ids:
        if not keys.STUDENT.fullmatch(one):
            raise ValueError(f"{path}: expected letters, digits and . _ @ -, got {one!r}")
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ValueError(f"{path}: expected each student once, got {twice[0]} more often")
    return ids


def grade(arguments: argparse.Namespace) -> None:
    """Grade what is new and print the table."""
    limits = Limits(
        cell_seconds=arguments.cell_seconds,
        total_seconds=arguments.total_seconds,
        memory_megabytes=arguments.memory,
    )
    log.info("isolation of the submissions: %s", sandbox.strongest().name)
    rows = run.grade_all(arguments.course, texts(), jobs=arguments.jobs, limits=limits)
    print(marks.table(rows))


def export(arguments: argparse.Namespace) -> None:
    """Write marks.csv through nbgrader's export."""
    from grader.export import write_csv

    rows = write_csv(arguments.course)
    print(f"{rows} marks are in {arguments.course / 'marks.csv'}")


def feedback(arguments: argparse.Namespace) -> None:
    """Write an HTML page for each graded submission, through nbgrader's feedback."""
    written, waiting = course.feedback(arguments.course, list(texts()), early=arguments.early)
    print(f"{written} pages are in {arguments.course / 'feedback'}")
    if waiting:
        print(f"{waiting} are left out: their explanations wait for a person (`make formgrader`)")


def main(words: list[str] | None = None) -> int:
    """Run the command line; what goes wrong is one line, not a traceback."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(os.environ.get("HOMEWORK_COURSE") or HOMEWORK / "course")
    parser.add_argument("--course", type=Path, default=default)
    commands = parser.add_subparsers(required=True)
    for command in (release, grade, export, feedback):
        added = commands.add_parser(command.__name__, help=command.__doc__.partition("\n")[0])
        added.set_defaults(command=command)
        if command is grade:
            added.add_argument("--jobs", type=int, default=os.cpu_count())
            added.add_argument("--cell-seconds", type=float, default=Limits.cell_seconds)
            added.add_argument("--total-seconds", type=float, default=Limits.total_seconds)
            added.add_argument("--memory", type=int, default=Limits.memory_megabytes, help="MB")
        if command is feedback:
            added.add_argument("--early", action="store_true", help="also what waits for a person")
    arguments = parser.parse_args(words)
    arguments.course = arguments.course.resolve()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    try:
        arguments.command(arguments)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"homework: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "homework: stopped; what was graded stands, run it again for the rest", file=sys.stderr
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
