"""What a student's process can see and do, in each sandbox that this machine offers."""

import functools
import math
import platform
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from checks.process import EndedError, Process, StudentError
from grader import sandbox
from grader.sandbox import OPEN
from grading import AMPLE
from submissions import HOMEWORK

PROBE = """
def attempt(action):
    try:
        return str(action())
    except BaseException as error:
        return type(error).__name__
"""
REFUSED = ("PermissionError", "FileNotFoundError", "OSError")


@pytest.fixture(scope="module", params=sorted({sandbox.strongest(), OPEN}))
def zygote(request):
    made = sandbox.Zygote(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bare(zygote):
    made = sandbox.Zygote(zygote.kind, bare=True)
    yield made
    made.close()


@pytest.fixture
def outside():
    """Make a course folder where a submission's own scratch does not cover it anyway."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        (Path(folder) / "secret").write_text("s")
        yield Path(folder)


@pytest.fixture
def begin(zygote, outside):
    """Start processes of a submission, and end them."""
    begun = []

    def start(rules=None, of=None, *, limits=AMPLE, until=math.inf):
        fork = functools.partial((of or zygote).fork, limits, (str(outside),))
        made = Process(fork, rules, cell_seconds=limits.cell_seconds, until=until)
        begun.append(made)
        made.run("probe", PROBE)
        return made

    yield start
    for made in begun:
        made.close()


@pytest.fixture
def student(begin):
    return begin()


def tried(student, code):
    student.run("try", f"outcome = attempt(lambda: {code})").result()
    return student.fetch("outcome")


def sealed(zygote):
    """Skip what is not promised without a sandbox."""
    if zygote.kind == OPEN:
        pytest.skip("not promised by limits alone")


def test_neither_the_course_nor_the_sources_can_be_read(student, outside):
    for place in (HOMEWORK / "sources" / "02_bptt.md", outside / "secret"):
        assert tried(student, f"open({str(place)!r}).read()") in REFUSED
        assert tried(student, f"__import__('os').listdir({str(place.parent)!r})") in REFUSED
        assert tried(student, f"__import__('os').remove({str(place)!r})") in REFUSED
    assert (outside / "secret").read_text() == "s"


def test_the_home_cannot_be_read(zygote, student):
    sealed(zygote)
    with tempfile.NamedTemporaryFile(dir=Path.home(), prefix="homework-test-") as private:
        assert tried(student, f"open({private.name!r}).read()") == "FileNotFoundError"


@pytest.mark.parametrize("place", ["/etc", "/usr", "/", ".", "/dev/shm", "/tmp/.."])
def test_nothing_can_be_written_outside_scratch(student, place):
    path = Path(__file__).parent / place / f"homework-was-here-{secrets.token_hex(8)}"
    assert tried(student, f"open({str(path)!r}, 'w').write('x')") in REFUSED
    assert tried(student, f"__import__('os').mkdir({str(path)!r})") in REFUSED
    assert tried(student, f"__import__('numpy').save({str(path)!r}, 1)") in REFUSED
    assert not path.exists()


def test_scratch_is_empty_and_small_and_what_was_left_there_is_seen_by_nobody(zygote, begin):
    made = begin()
    assert tried(made, "__import__('os').listdir('.')") == "[]"
    assert tried(made, "open('mine', 'w').write('x')") == "1"
    if zygote.kind != OPEN:
        made.run("fill", "files = [open(f'big{n}', 'wb') for n in range(20)]")
        code = "[f.write(bytes(15 * 2**20)) or f.flush() for f in files]"
        assert tried(made, code) == "OSError"
    made.close()
    assert tried(begin(), "__import__('os').listdir('.')") == "[]"


def test_scratch_holds_nothing_that_python_is_made_of(monkeypatch):
    """Where the clone lies in /tmp, that is no scratch."""
    for prefix, linked in (("/tmp/clone/.venv", False), ("/home/ann/.venv", True)):
        monkeypatch.setattr("sys.prefix", prefix)
        words = sandbox._bubblewrap(bare=True)
        assert words[words.index("--tmpfs") + 1] == sandbox.SCRATCH
        assert ("--symlink" in words) is linked


def test_no_other_process_is_seen(zygote, student):
    sealed(zygote)
    student.run("pids", "import os\npids = [p for p in os.listdir('/proc') if p.isdigit()]")
    for pid in student.fetch("pids"):
        assert "pytest" not in tried(student, f"open('/proc/{pid}/cmdline').read()")


def test_no_privileges_and_nothing_told_by_the_environment(student, monkeypatch):
    monkeypatch.setenv("HOMEWORK_EXAM", "hidden")
    status = tried(student, "[l for l in open('/proc/self/status') if l.startswith('CapEff')]")
    assert "0000000000000000" in status
    assert "HOMEWORK" not in tried(student, "dict(__import__('os').environ)")


CALLS = [
    "__import__('os').fork()",
    "__import__('subprocess').run(['true'])",
    "__import__('os').execv('/bin/true', ['true'])",
    "__import__('os').kill(1, 0)",
    "__import__('socket').create_connection(('127.0.0.1', 9), timeout=1)",
    "__import__('threading').Thread(target=print).start()",
    "open('/proc/self/mem', 'rb')",
]
NUMBERS = [(57,), (0x40000000 + 57,), (435, 0, 0), (272, 0x10000000), (425, 1, 0), (101, 16, 1)]


@pytest.mark.parametrize("code", CALLS)
def test_no_process_no_thread_no_signal_no_network(student, code):
    assert tried(student, code) == "PermissionError"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are another machine's")
@pytest.mark.parametrize("numbers", NUMBERS)
def test_nor_by_the_number_of_the_call(student, numbers):
    assert tried(student, f"__import__('ctypes').CDLL(None).syscall{numbers}") == "-1"


def test_rnnviz_the_drawing_and_many_threads_asked_for_are_no_harm(student):
    code = "import torch\nimport matplotlib.pyplot as plt\nfrom rnnviz import flow, plots\n"
    code += "plt.plot([1])\nplt.savefig('here.png')\ntorch.set_num_threads(4)\n"
    student.run("draw", code + "(torch.ones(600, 600) @ torch.ones(600, 600)).sum()").result()


def test_where_functions_are_built_there_is_no_rnnviz(bare, begin):
    made = begin((), bare)
    for name in ("rnnviz", "rnnviz.bptt"):
        assert tried(made, f"__import__({name!r})") == "NotThereError"
        assert tried(made, f"__import__('importlib').import_module({name!r})") == "NotThereError"
    if bare.kind != OPEN:
        path = sandbox.package() / "growth.py"
        assert tried(made, f"open({str(path)!r}).read()") == "FileNotFoundError"


def test_endless_loop_is_ended_and_the_rest_goes_on(begin):
    made = begin(limits=replace(AMPLE, cell_seconds=2.0))
    made.run("one", "kept = 1").result()
    with pytest.raises(EndedError, match="two: no answer within 2 s"):
        made.run("two", "while True: pass").result()
    assert made.fetch("kept") == 1
    assert [state for state, _ in made.events] == ["timed out"]


def test_total_time_is_bounded(begin):
    made = begin(limits=replace(AMPLE, cell_seconds=0.4), until=time.monotonic() + 0.9)
    for number in range(4):
        with pytest.raises(EndedError):
            made.run(f"{number}", "while True: pass").result()
    with pytest.raises(EndedError, match="used up its"):
        made.fetch("x")


def test_memory_is_bounded(begin):
    made = begin(limits=replace(AMPLE, memory_megabytes=200))
    with pytest.raises((StudentError, EndedError)):
        made.run("eat", "kept = [bytearray(2**20) for _ in range(1000)]").result()


@pytest.mark.parametrize("code", ["import os\nos._exit(3)", "import os\nos.abort()"])
def test_a_process_that_ends_is_said_and_replaced(student, code):
    student.run("before", "kept = 1").result()
    with pytest.raises(EndedError) as told:
        student.run("end", code).result()
    assert told.value.name == "crashed"
    assert "exit 3" in str(told.value) or "killed (SIG" in str(told.value)
    assert student.fetch("kept") == 1


def test_an_error_in_a_cell_is_told_and_what_it_did_stays(student):
    with pytest.raises(StudentError, match="ZeroDivisionError: division by zero"):
        student.run("bad", "kept = 2\n1 / 0").result()
    assert student.fetch("kept") == 2


def test_cells_that_are_handed_over_run_in_order_however_many_and_long(begin, bare):
    made = begin((), bare)
    made.run("start", "total = 0")
    for number in range(30):
        made.run(f"{number}", f"total += {number}  # {'x' * 9000}\nprint('y' * 15_000)")
    assert made.fetch("total") == sum(range(30))


def test_printing_is_bounded(student):
    printed = student.run("print", "for _ in range(100): print('x' * 10_000)").result()
    assert len(printed) < 21_000
    assert printed.endswith("characters more")


def test_what_limits_alone_do_not_hold_is_said_loudly():
    (line, _) = sandbox.warnings(OPEN)[:2]
    assert line.startswith("WARNING: no bubblewrap here, limits only: a submission can read what")
    assert sandbox.warnings("bubblewrap") == []
