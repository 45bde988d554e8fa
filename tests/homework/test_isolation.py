"""What a student's process can see and do, in each sandbox that this machine offers."""

import platform
import secrets
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from grader import sandbox
from grader.student import EndedError, Student, StudentError, Zygote
from grading import AMPLE
from submissions import HOMEWORK

KINDS = [kind for kind in sandbox.KINDS if sandbox.strongest(allowed=(kind,)).name == kind]
PROBE = """
def attempt(action):
    try:
        return str(action())
    except BaseException as error:
        return type(error).__name__
"""


@pytest.fixture(scope="module", params=[*KINDS, "limits only"])
def zygote(request):
    made = Zygote(sandbox.strongest(allowed=(request.param,)))
    assert made.sandbox.name == request.param
    yield made
    made.close()


@pytest.fixture(scope="module")
def bare(zygote):
    made = Zygote(zygote.sandbox, bare=True)
    yield made
    made.close()


@pytest.fixture
def outside():
    """Make a folder that the submission's own scratch does not cover anyway."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def student(zygote, outside, monkeypatch):
    home = outside / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "key").write_text("k")
    (home / ".netrc").write_text("n")
    monkeypatch.setenv("HOME", str(home))
    course = outside / "course"
    course.mkdir()
    (course / "secret").write_text("s")
    made = Student(zygote, AMPLE, sandbox.hidden(course))
    made.run("probe", PROBE)
    yield made
    made.close()


def tried(student, code):
    student.run("try", f"outcome = attempt(lambda: {code})")
    return student.fetch("outcome")


def sealed(student):
    """Skip what is not promised without a sandbox."""
    if student.zygote.sandbox.name == "limits only":
        pytest.skip("not promised by limits alone")


def test_the_instructors_source_cannot_be_read(student):
    sealed(student)
    path = str(HOMEWORK / "sources" / "02_bptt.md")
    assert tried(student, f"open({path!r}).read()") == "FileNotFoundError"


@pytest.mark.parametrize("place", ["course/secret", "home/.ssh/key", "home/.netrc"])
def test_course_folder_and_home_cannot_be_read(student, outside, place):
    sealed(student)
    came = tried(student, f"open({str(outside / place)!r}).read()")
    assert came in ("FileNotFoundError", "")


def test_of_the_home_only_what_leads_to_python_is_left(tmp_path, monkeypatch):
    for name in ("private", "tools/venv", "file"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "tools" / "venv"))
    hidden = sandbox.hidden(tmp_path / "course")
    assert str(tmp_path / "private") in hidden
    assert str(tmp_path / "tools") not in hidden
    assert str(tmp_path / "course") in hidden


@pytest.mark.parametrize("place", ["/etc", "/usr", "/", "."])
def test_nothing_can_be_written_outside_scratch(student, place):
    sealed(student)
    path = Path(__file__).parent / place / f"homework-was-here-{secrets.token_hex(8)}"
    came = tried(student, f"open({str(path)!r}, 'w').write('x')")
    assert came in ("OSError", "PermissionError", "FileNotFoundError")
    assert not path.exists()


def test_scratch_is_empty_writable_and_its_own(zygote):
    if zygote.sandbox.name == "limits only":
        pytest.skip("not promised by limits alone")
    for _ in range(2):
        made = Student(zygote, AMPLE)
        made.run("probe", PROBE)
        assert tried(made, "__import__('os').listdir('.')") == "[]"
        assert tried(made, "open('mine', 'w').write('x')") == "1"
        made.close()


def test_scratch_is_small(student):
    sealed(student)
    student.run("fill", "f = open('big', 'wb')")
    assert tried(student, "[f.write(bytes(2**20)) for _ in range(100)] and f.flush()") == "OSError"


def test_no_other_process_is_seen(student):
    sealed(student)
    student.run("pids", "import os\npids = [p for p in os.listdir('/proc') if p.isdigit()]")
    command = b"pytest"
    for pid in student.fetch("pids"):
        assert command.decode() not in tried(student, f"open('/proc/{pid}/cmdline').read()")


def test_no_network(student):
    sealed(student)
    code = "__import__('socket').create_connection(('127.0.0.1', 9), timeout=1)"
    assert tried(student, code) == "OSError"


def test_no_privileges(student):
    effective = tried(student, "[l for l in open('/proc/self/status') if l.startswith('CapEff')]")
    assert "0000000000000000" in effective


def test_the_environment_tells_nothing(student, monkeypatch):
    monkeypatch.setenv("HOMEWORK_EXAM", "hidden")
    seen = tried(student, "dict(__import__('os').environ)")
    assert "hidden" not in seen
    assert "HOMEWORK" not in seen


def test_rnnviz_and_the_drawing_are_there(student):
    student.run(
        "draw", "import matplotlib.pyplot as plt\nfrom rnnviz import flow, plots\nplt.plot([1])"
    )


def test_where_functions_are_built_there_is_no_rnnviz(bare, outside):
    made = Student(bare, AMPLE, sandbox.hidden(outside))
    made.run("probe", PROBE)
    for name in ("rnnviz", "rnnviz.bptt"):
        assert tried(made, f"__import__({name!r})") in ("ImportError", "ModuleNotFoundError")
    if bare.sandbox.name != "limits only":
        path = Path(sandbox.package()) / "growth.py"
        assert tried(made, f"open({str(path)!r}).read()") == "FileNotFoundError"
    made.close()


GONE = {
    "autograd": [
        "torch.autograd.grad(x.sum(), x)",
        "x.sum().backward()",
        "torch.autograd.functional.jacobian(torch.tanh, x)",
        "torch.func.jacrev(torch.tanh)(x)",
        "torch.func.jvp(torch.tanh, (x,), (x,))",
        "torch.vmap(torch.tanh)(x)",
        "torch.jit.CompilationUnit('def f(x):\\n    return x')",
        "torch._C.CompilationUnit()",
        "torch.jit.script(torch.nn.Linear(1, 1))",
        "torch._C._ImperativeEngine()",
        "torch.tanh(x).grad_fn(x)",
        "torch.autograd.Variable._execution_engine.run_backward((x.sum(),), (), False, False, ())",
    ],
    "clip": ["torch.nn.utils.clip_grad_norm_([x], 1)", "torch.nn.utils.get_total_norm([x])"],
    "lstm": [
        "torch.nn.LSTM(1, 1)",
        "torch.nn.LSTMCell(1, 1)",
        "torch.lstm_cell(1, 2)",
        "torch.nn.GRU(1, 1)",
    ],
}


@pytest.mark.parametrize("category", GONE)
def test_what_functions_are_written_without_is_gone_there(bare, category):
    made = Student(bare, AMPLE)
    made.remove((category,))
    made.run("probe", PROBE + "\nimport torch\nx = torch.ones(2, requires_grad=True)")
    made.run("given", "from torch import nn\nclass M(nn.Module):\n    pass\nM()(1) if 0 else M()")
    for code in GONE[category]:
        assert tried(made, code) in ("RuntimeError", "AttributeError", "TypeError"), code
    usual = "torch.linalg.norm(torch.tanh(torch.nn.Linear(2, 2)(x))).detach().isfinite().item()"
    assert tried(made, usual) == "True"
    # A process that is replaced has it taken away again.
    with pytest.raises(EndedError):
        made.run("ends", "import os\nos._exit(0)")
    assert tried(made, GONE[category][0]) in ("RuntimeError", "AttributeError")
    made.close()


def test_endless_loop_is_ended_and_the_rest_goes_on(zygote):
    made = Student(zygote, replace(AMPLE, cell_seconds=2.0))
    made.run("one", "kept = 1")
    with pytest.raises(EndedError, match="two: no answer within 2 s"):
        made.run("two", "while True: pass")
    assert made.fetch("kept") == 1
    assert [state for state, _ in made.events] == ["timed out"]
    made.close()


def test_total_time_is_bounded(zygote):
    made = Student(zygote, replace(AMPLE, cell_seconds=0.4, total_seconds=0.9))
    for number in range(4):
        with pytest.raises(EndedError):
            made.run(f"{number}", "while True: pass")
    with pytest.raises(EndedError, match="used up its"):
        made.fetch("x")
    made.close()


def test_memory_is_bounded(zygote):
    made = Student(zygote, replace(AMPLE, memory_megabytes=200))
    with pytest.raises((StudentError, EndedError)):
        made.run("eat", "kept = [bytearray(2**20) for _ in range(1000)]")
    made.close()


@pytest.mark.parametrize(
    "code", ["import os\nos._exit(3)", "import os\nos.kill(os.getpid(), 11)\nos.abort()"]
)
def test_a_process_that_ends_is_said_and_replaced(student, code):
    student.run("before", "kept = 1")
    with pytest.raises(EndedError) as told:
        student.run("end", code)
    assert told.value.state == "crashed"
    assert "exit 3" in str(told.value) or "killed (SIG" in str(told.value)
    assert student.fetch("kept") == 1


def test_an_error_in_a_cell_is_told_and_what_it_did_stays(student):
    with pytest.raises(StudentError, match="ZeroDivisionError: division by zero"):
        student.run("bad", "kept = 2\n1 / 0")
    assert student.fetch("kept") == 2


def test_printing_is_bounded(student):
    printed = student.run("print", "for _ in range(100): print('x' * 10_000)")
    assert len(printed) < 21_000
    assert printed.endswith("characters more")


def test_no_descendant_outlives_its_submission(zygote):
    made = Student(zygote, AMPLE)
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(0.05)
    os._exit(0)
"""
    with pytest.raises(StudentError, match="PermissionError"):
        made.run("fork", code)
    made.close()
    inside = zygote._process.pid
    limit = time.monotonic() + 120
    while (alive := descendants(inside)) > most(zygote) and time.monotonic() < limit:
        time.sleep(0.05)
    assert alive <= most(zygote)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("__import__('os').fork()", "PermissionError"),
        ("__import__('subprocess').run(['true'])", "PermissionError"),
        ("__import__('ctypes').CDLL(None).syscall(57)", "-1"),
        ("__import__('ctypes').CDLL(None).syscall(0x40000000 + 57)", "-1"),
        ("__import__('ctypes').CDLL(None).syscall(435, 0, 0)", "-1"),
    ],
)
def test_no_process_can_be_started(student, code, outcome):
    if platform.machine() != "x86_64" and "syscall" in code:
        pytest.skip("the numbers are those of another machine")
    assert tried(student, code) == outcome


def test_threads_can_be_started(student):
    student.run(
        "thread",
        "import threading, torch\nseen = []\n"
        "one = threading.Thread(target=seen.append, args=(1,))\none.start()\none.join()\n"
        "torch.set_num_threads(2)\ntorch.ones(500, 500) @ torch.ones(500, 1)",
    )
    assert student.fetch("seen") == [1]


def most(zygote):
    """Return the processes that a zygote at rest has below it: bubblewrap adds its own."""
    return 2 if zygote.sandbox.command else 0


def descendants(pid):
    """Return the number of living processes below one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(1 + descendants(int(child)) for child in children if Path(f"/proc/{child}").exists())
