"""The homework's command line: release it, take hand-ins, grade them, hand back marks and feedback.

Each command works on a course folder (``--course`` or HOMEWORK_COURSE; by default rnnviz-course
beside the repository).
"""

import argparse
import glob
import logging
import os
import re
import signal
import sys
from pathlib import Path

from grader import HOMEWORK, ROOT, course, keys, marks, run, sandbox
from grader.collect import deadlines
from grader.export import write_csv, zip_feedback
from grader.feedback import feedback as write_pages
from grader.files import write, write_table
from grader.lms import Intake
from grader.roster import LIST, Roster
from grader.sandbox import Limits
from grader.source import sources
from grader.table import FAILED, rows_of, table

log = logging.getLogger("homework")
# What nbgrader's own tools, such as the formgrader, read when they are started in the folder.
SETTINGS = f"""import sys
from pathlib import Path

sys.path.insert(0, {str(ROOT)!r})
from grader.formgrader import configure

configure(get_config(), Path(__file__).resolve().parent)  # noqa: F821
"""


def default_course() -> Path:
    """Return the course folder that is meant where none is named."""
    old = HOMEWORK / "course"
    return old if (old / "gradebook.db").exists() else ROOT.parent / "rnnviz-course"


def release(root: Path) -> None:
    """Make the student versions, the gradebook, the secret and everybody's token."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o700)  # the secret and personal data lie in it
    (root / "exchange").mkdir(exist_ok=True)  # nbgrader asks for it
    keys.new_secret(root / "secret")
    texts = sources()
    course.generate(root, texts)
    write(root / "nbgrader_config.py", SETTINGS)
    for name in texts:
        write(HOMEWORK / f"{name}.ipynb", course.released(root, name))
    print(f"released {len(texts)} assignments into {root / 'release'}")
    if not (root / LIST).exists():
        print(
            f"for the tokens, write the class list into {root / LIST} (an id a line, or what "
            "Moodle or Canvas exports), then run this again"
        )
        return
    secret = keys.read_secret(root / "secret")
    people = [one for one in Roster(root).students.values() if not one.standing]
    lines = [(one.id, one.name, one.email, keys.token(secret, one.folder)) for one in people]
    write_table(root / "tokens.csv", [("student", "name", "email", "token"), *lines])
    print(f"tokens of {len(lines)} students are in {root / 'tokens.csv'}: send each their own")


def collect(root: Path, downloads: list[str], assignment: str) -> None:
    """Take downloads of Moodle's or Canvas's (zips, notebooks, grading worksheets)."""
    paths = [path for word in downloads for path in _paths(word)]
    print("\n".join(Intake(root, sources(), assignment).take(paths)))


def _paths(word: str) -> list[Path]:
    """Return the files that are meant: one whose name has spaces, or several, or a pattern."""
    if Path(word).expanduser().is_file():
        return [Path(word).expanduser()]
    parts = re.findall(r"\S.*?\.(?:zip|csv|ipynb)(?=\s|$)", word, flags=re.IGNORECASE)
    found = [one for part in parts for one in glob.glob(os.path.expanduser(part))]
    if not found:
        raise FileNotFoundError(f"expected a download: make collect ZIP=FILE.zip, got {word!r}")
    return sorted(map(Path, found))


def grade(root: Path, jobs: int, **limits) -> None:
    """Grade what is new and print the table."""
    people = Roster(root)  # what is wrong in these tables is said before, not after
    deadlines(root)
    log.info("isolation of the submissions: %s", sandbox.strongest())
    for line in sandbox.warnings(sandbox.strongest()):
        log.warning(line)
    marks.Marks(root).enrol(people.students.values())
    run.grade_all(root, sources(), jobs=jobs, limits=Limits(**limits))
    rows = rows_of(root)
    print(table(rows))
    if failed := sum(row.state == FAILED for row in rows):
        raise RuntimeError(f"{failed} could not be graded, by a fault of the grader: see the notes")


def formgrader(root: Path) -> None:
    """Open nbgrader's formgrader, for the explained parts."""
    marks.Marks(root)
    write(root / "nbgrader_config.py", SETTINGS)
    words = ["jupyter", "lab", "--LabApp.default_url=/formgrader"]
    os.chdir(root)
    words += ["--allow-root"] * (os.geteuid() == 0)
    os.execv(Path(sys.executable).with_name("jupyter"), words)


def export(root: Path) -> None:
    """Write marks.csv and the files that Moodle and Canvas import."""
    print("\n".join(write_csv(root)))


def feedback(root: Path, early: bool) -> None:
    """Write an HTML page for each graded submission, and a zip of them for the LMS."""
    written, waiting = write_pages(root, early=early)
    print(f"{written} pages are in {root / 'feedback'}")
    if waiting:
        print(f"{waiting} are left out: their explanations wait for a person (`make formgrader`)")
    names = zip_feedback(root) or ["nothing yet"]
    print("\n".join(f"for the LMS: {name}" for name in names))


def stop_at_a_signal() -> None:
    """Have SIGTERM end a run as Ctrl-C does, with all that it has started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def main(words: list[str] | None = None) -> int:
    """Run the command line; what goes wrong is one line, not a traceback."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(os.environ.get("HOMEWORK_COURSE") or default_course())
    parser.add_argument("--course", type=Path, default=default, dest="root")
    commands, options = parser.add_subparsers(required=True), {}
    for command in (release, collect, grade, formgrader, export, feedback):
        name, told = command.__name__, command.__doc__.partition("\n")[0]
        options[name] = commands.add_parser(name, help=told).add_argument
        commands.choices[name].set_defaults(command=command)
    options["collect"]("downloads", nargs="+", metavar="ZIP")
    options["collect"]("--assignment", default="", help="where the notebook does not say")
    options["grade"]("--jobs", type=int, default=os.cpu_count())
    for name, most in vars(Limits()).items():
        options["grade"](f"--{name.replace('_', '-')}", type=type(most), default=most)
    options["feedback"]("--early", action="store_true", help="also what waits for a person")
    given = vars(parser.parse_args(words))
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    stop_at_a_signal()
    try:
        given.pop("command")(given.pop("root").resolve(), **given)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"homework: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("homework: stopped; what was done stands, run it again for the rest", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
