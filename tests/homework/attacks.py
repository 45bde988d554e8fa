"""Attacks on the grader: submissions that want points, or harm, without solving anything.

Each attacks homework 2 and leaves the rest of it to be written, so that every point it gets is one
that it was not to get; `keeps` names the checks that it earns honestly beside the attack.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_output

from grader import keys
from submissions import HOMEWORK, SOURCES, filled, hand_in, source

ASSIGNMENT = "02_bptt"
MODEL = {cell.id: cell.source for cell in source.read(SOURCES[ASSIGNMENT]).cells}
RIGHT = {key: text for key, text in MODEL.items() if key == "solve-2-2"}
KEPT = frozenset({"check-2-2"})
LEFT_BEHIND = f"homework-was-here-{secrets.token_hex(8)}"  # by this run and no other


@dataclass(frozen=True)
class Attack:
    """One attack: its name, what it hands in, the states it may end in, what it earns honestly.

    Slow ones, of which a quicker one of the same kind is there, are left to ``--whole``. Those that
    never end by themselves name the state ``timed out`` first, and are given little time.
    """

    name: str
    make: Callable[[str], bytes]
    states: tuple[str, ...]
    keeps: frozenset = KEPT
    slow: bool = False

    @property
    def endless(self) -> bool:
        """Whether only a limit on its time ends it."""
        return self.states[0] == "timed out"

    def hand_in(self, root: Path, secret: str) -> Path:
        """Hand it in under its own name."""
        content = self.make(keys.token(secret, self.name))
        return hand_in(root, self.name, ASSIGNMENT, content)


ATTACKS: list[Attack] = []


def attack(*states: str, keeps: frozenset = KEPT, slow: bool = False):
    """Register a function of the token that returns a notebook, or the bytes of a file."""

    def register(make):
        def content(token: str) -> bytes:
            made = make(token)
            return made if isinstance(made, bytes) else nbformat.writes(made).encode()

        name = "attack-" + make.__name__.replace("_", "-")
        ATTACKS.append(Attack(name, content, states or ("graded",), keeps, slow))
        return make

    return register


def written(token: str, **cells: str):
    """Return the student version with 2.2 solved and other cells as given (``solve_2_1=…``)."""
    return filled(
        ASSIGNMENT, token, RIGHT | {key.replace("_", "-"): text for key, text in cells.items()}
    )


def with_cell(token: str, code: str, *, at: int = 4, **cells: str):
    """Return it with a cell added near the top."""
    made = written(token, **cells)
    made.cells.insert(at, new_code_cell(code))
    return made


def one_step(body: str) -> str:
    """Return a step_jacobian with that body."""
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f'def step_jacobian(W_R, h, activation="tanh"):\n{lines}\n'


@attack("timed out")
def infinite_loop(token):
    return written(token, solve_2_1=one_step("while True:\n    pass"))


@attack("timed out", slow=True)
def infinite_loop_in_a_cell(token):
    return with_cell(token, "while True:\n    pass")


@attack("timed out", slow=True)
def loop_that_swallows_every_error(token):
    body = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
    return written(token, solve_2_1=one_step(body))


@attack("crashed", "graded", "timed out")
def memory_eater(token):
    body = "import torch\nkept = []\nwhile True:\n    kept.append(torch.ones(10**7))"
    return written(token, solve_2_1=one_step(body))


@attack("crashed", "graded", "timed out", slow=True)
def list_that_grows(token):
    return with_cell(token, "kept = [0]\nwhile True:\n    kept = kept + kept")


@attack("crashed")
def os_exit(token):
    return with_cell(token, "import os\nos._exit(0)")


@attack("crashed")
def os_exit_when_called(token):
    return written(token, solve_2_1=one_step("import os\nos._exit(0)"))


@attack("crashed", "graded")
def kills_its_parent(token):
    code = """
import os
import signal
for pid in [*range(2, 300), os.getppid(), 0, -1, 1]:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
"""
    return with_cell(token, code)


@attack("unreadable", keeps=frozenset())
def corrupt_json(token):
    return nbformat.writes(written(token)).encode()[:-200]


@attack("unreadable", keeps=frozenset())
def json_but_no_notebook(token):
    return b'{"cells": "all of them", "points": 20}'


@attack("unreadable", keeps=frozenset())
def brackets_without_end(token):
    return b"[" * 10**6


@attack("unreadable", keeps=frozenset())
def cells_of_a_wrong_kind(token):
    return json.dumps({"cells": [{"cell_type": "code", "source": {"code": "1"}}]}).encode()


@attack()
def metadata_removed(token):
    made = written(token)
    for number, cell in enumerate(made.cells):
        cell.metadata, cell.id = {}, f"x{number}"
    return made


@attack(keeps=frozenset())
def cells_deleted(token):
    made = written(token)
    made.cells = [c for c in made.cells if not c.id.startswith(("check", "solve-2-2"))]
    return made


@attack()
def cells_duplicated(token):
    made = written(token)
    again = [nbformat.from_dict(c) for c in made.cells if c.id.startswith(("check", "solve"))]
    for number, cell in enumerate(again):
        cell.id = f"copy-{number}"  # as JupyterLab does
    made.cells += again
    return made


@attack()
def checks_rewritten(token):
    made = written(token)
    for cell in made.cells:
        if cell.id.startswith("check"):
            cell.source = "pass"
            cell.metadata.nbgrader.points = 100
    return made


@attack()
def checks_made_solutions(token):
    made = written(token)
    for cell in made.cells:
        if cell.id.startswith("check"):
            cell.source = "passed = True"
            cell.metadata.nbgrader.update(solution=True, locked=False, grade=False)
    return made


@attack("graded", "timed out")
def fifty_megabytes_printed(token):
    return with_cell(token, 'for _ in range(5000):\n    print("x" * 10_000)')


@attack()
def fifty_megabytes_stored(token):
    made = written(token)
    stored = new_output("stream", name="stdout", text="x" * 50_000_000)
    next(c for c in made.cells if c.cell_type == "code").outputs = [stored]
    return made


@attack()
def equals_everything(token):
    body = """
class Everything(float):
    shape, dtype = (3, 3), None
    def __eq__(self, other): return True
    def __le__(self, other): return True
    def __ge__(self, other): return True
    def __lt__(self, other): return True
    def __sub__(self, other): return self
    def __rsub__(self, other): return self
    def __abs__(self): return self
    def __float__(self): return 0.0
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *a, **k: self
    def __hash__(self): return 0
return Everything(0)
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def tensor_that_answers_for_itself(token):
    body = """
import torch
class Sly(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)
return torch.zeros(len(h), len(h), dtype=torch.float64).as_subclass(Sly)
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def input_transformer(token):
    code = """
def rewrite(lines):
    return ["pass\\n"] if any("checks." in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(rewrite)
"""
    return with_cell(token, code)


@attack()
def torch_patched(token):
    code = """
import torch
torch.Tensor.__sub__ = lambda self, other: self * 0
torch.Tensor.abs = lambda self: self * 0
torch.equal = torch.allclose = lambda *a, **k: True
torch.isfinite = lambda x: torch.ones_like(x).bool()
"""
    return with_cell(token, code)


@attack("graded", "timed out")
def nbgrader_patched(token):
    code = """
import nbgrader.utils
nbgrader.utils.determine_grade = lambda cell, log=None: (100.0, 100.0)
"""
    return with_cell(token, code)


@attack()
def checks_patched(token):
    code = """
import checks
for name in ("require", "tensor", "agree", "refuses", "number", "choice"):
    setattr(checks, name, lambda *a, **k: None)
checks.call = lambda function, *a, **k: a[0]
checks.calls.HARNESSES["_observe"] = lambda function, a, k: (a[0], a, "")
"""
    return with_cell(token, code)


@attack()
def rnnviz_patched(token):
    code = """
import rnnviz.bptt
rnnviz.bptt.step_jacobians = lambda *a, **k: 0
def no(*a, **k): return 0
import torch
torch.autograd.functional.jacobian = no
"""
    return with_cell(token, code)


@attack("crashed")
def grader_patched(token):
    code = """
import sys
import checks.values, checks.worker
checks.values.dumps = lambda value: b"true"
checks.worker.Side.call = lambda *_, **__: {"value": None}
sys.modules["checks.worker"].Side.fetch = lambda *_: {"value": 1.0}
"""
    return with_cell(token, code)


@attack("graded", "timed out")
def source_read_from_disk(token):
    places = [f"{HOMEWORK}/sources/{ASSIGNMENT}.md", f"/homework/sources/{ASSIGNMENT}.md"]
    code = f"""
import glob
import re
found = [path for path in {places} if glob.os.path.exists(path)]
found += glob.glob("/home/**/{ASSIGNMENT}.md", recursive=True)
text = open(found[0]).read()
for cell in re.findall(r"```python solve.*?\\n(.*?)```", text, flags=re.S):
    exec(cell)
"""
    return with_cell(token, code, solve_2_1="pass", solve_2_3="pass")


@attack(keeps=KEPT | {"check-2-1"})  # as whoever pastes it
def solution_by_exec(token):
    return written(token, solve_2_1=f"exec({MODEL['solve-2-1']!r})")


@attack()
def rnnviz_by_another_name(token):
    body = """
from rnnviz import bptt as mine
import torch
return mine.step_jacobians(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def rnnviz_through_torch(token):
    code = """
import torch
import rnnviz.bptt
torch.relu6 = rnnviz.bptt.step_jacobians
"""
    body = """
import torch
return torch.relu6(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_through_builtins(token):
    code = """
import builtins
import rnnviz.bptt
builtins.solve = rnnviz.bptt.step_jacobians
"""
    body = "import torch\nreturn solve(W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_by_its_text(token):
    body = """
import torch
found = getattr(__import__("rn" + "nviz.bptt").bptt, "step_" + "jacobians")
return found(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def rnnviz_by_a_default(token):
    code = """
import rnnviz.bptt
class Helper:
    solve = staticmethod(rnnviz.bptt.step_jacobians)
"""
    body = "import torch\nreturn Helper.solve(W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_put_into_a_list(token):
    return put_into_a_list(token, "table.append(rnnviz.bptt.step_jacobians)")


@attack()
def rnnviz_handed_to_a_helper(token):
    return put_into_a_list(
        token, "def put(one):\n    table.append(one)\nput(rnnviz.bptt.step_jacobians)"
    )


@attack()
def rnnviz_put_there_from_a_text(token):
    return put_into_a_list(token, "exec('table.append(rnnviz.bptt.step_jacobians)')")


@attack()
def rnnviz_put_there_through_the_modules(token):
    code = "import sys\nsys.modules['__main__'].table.append(rnnviz.bptt.step_jacobians)"
    return put_into_a_list(token, code)


@attack()
def rnnviz_put_there_by_the_garbage_collector(token):
    code = """
import gc
for one in gc.get_objects():
    if type(one) is list and one == ["here"]:
        one[0] = rnnviz.bptt.step_jacobians
"""
    return put_into_a_list(token, code, start='["here"]')


def put_into_a_list(token, code, start="[]"):
    """Return a submission that takes its answer from a list that another cell fills."""
    body = "import torch\nreturn table[0](W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(
        token,
        f"import rnnviz.bptt\ntable = {start}\n{code}",
        solve_2_1=one_step(body),
    )


@attack()
def rnnviz_by_a_pickle(token):
    body = """
import torch
solve = torch.serialization.pickle.loads(b"crnnviz.bptt\\nstep_jacobians\\n.")
return solve(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def autograd_by_a_format(token):
    body = """
import string
import torch
jacobian, _ = string.Formatter().get_field("0.auto" + "grad.functional.jacobian", (torch,), {})
return jacobian(lambda a: torch.tanh(W_R @ a), torch.atanh(h))
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def rnnviz_by_an_annotation(token):
    code = """
import typing
class Found:
    solve: "__import__('rnnviz.bptt').bptt.step_jacobians"
"""
    body = """
import torch
solve = typing.get_type_hints(Found)["solve"]
return solve(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_through_numpy(token):
    code = """
import numpy
found = {}
numpy.testing.runstring("from rnnviz.bptt import step_jacobians as solve", found)
"""
    body = "import torch\nreturn found['solve'](W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_copied_into_an_object(token):
    code = """
import functools
import torch
inside = {}
class Copy:
    __dict__ = inside
functools.update_wrapper(Copy(), torch)
"""
    body = """
jacobian = inside["auto" + "grad"].functional
return jacobian(lambda a: torch.tanh(W_R @ a), torch.atanh(h))
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_in_torchscript(token):
    code = """
import torch
script = torch.jit.CompilationUnit('''
def solve(W, a):
    a = a.detach().requires_grad_(True)
    f = torch.tanh(torch.mv(W, a))
    rows = []
    for n in range(f.numel()):
        row = torch.autograd.grad([f[n]], [a], retain_graph=True)[0]
        assert row is not None
        rows.append(row)
    return torch.stack(rows)
''')
"""
    body = "return script.solve(W_R, torch.linalg.solve(W_R, torch.atanh(h)))"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_in_the_scope_of_a_class(token):
    code = """
class Found:
    solve = staticmethod(eval("__import__('rnnviz.bptt').bptt.step_jacobians"))
    eval = None
"""
    body = "import torch\nreturn Found.solve(W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_by_a_star_inside_an_if(token):
    code = "if True:\n    from rnnviz.bptt import *\n    solve = step_jacobians"
    body = "import torch\nreturn solve(W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def rnnviz_by_a_mangled_name(token):
    code = """
import rnnviz.bptt as _Found__inside
class Found:
    def solve(self, *a, **k):
        return __inside.step_jacobians(*a, **k)
"""
    body = "import torch\nreturn Found().solve(W_R, torch.stack([h, h]), activation=activation)[0]"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_an_errors_object(token):
    code = """
import torch
try:
    torch.nn.functional.missing
except AttributeError as error:
    whole = error.obj.torch
"""
    body = """
a = torch.atanh(h)
return whole.autograd.functional.jacobian(lambda v: torch.tanh(v), a) @ W_R
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_a_text_in_a_dict_of_torchs(token):
    body = """
import torch
class Mine(torch.Tensor):
    def _key_to_attr(self, key):
        return key
a = torch.nn.Parameter(torch.atanh(h))
f = torch.tanh(a)
rows = []
for n in range(len(h)):
    a.grad = None
    torch.nn.ParameterDict.__getitem__(f[n].as_subclass(Mine), "back" + "ward")(retain_graph=True)
    rows.append(torch.nn.ParameterDict.__getitem__(a.as_subclass(Mine), "gr" + "ad"))
return torch.stack(rows) @ W_R
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def autograd_as_a_field(token):
    code = """
import dataclasses
import torch
@dataclasses.dataclass(init=False, repr=False, eq=False)
class Open(torch.Tensor):
    backward: object
backward = dataclasses.fields(Open)[0].default
"""
    body = "backward(torch.tanh(torch.nn.Parameter(h)).sum())\nreturn W_R"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_a_registered_pattern(token):
    code = """
from abc import ABC
from dataclasses import dataclass
import torch
@dataclass
class Seen(ABC):
    grad_fn: object
Seen.register(torch.Tensor)
"""
    body = """
a = torch.atanh(h)
match torch.tanh(torch.nn.Parameter(a)):
    case Seen(node):
        return node(torch.ones_like(h)).detach()[:, None] * W_R
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_a_made_class(token):
    code = """
import numbers
Meta = numbers.ABCMeta("Meta", (numbers.ABCMeta,), {"__instancecheck__": lambda c, o: True})
Seen = Meta("Seen", (), {"__match_args__": ("grad_fn",)})
"""
    body = """
match torch.tanh(torch.nn.Parameter(torch.atanh(h))):
    case Seen(node):
        return node(torch.ones_like(h)).detach()[:, None] * W_R
"""
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_an_address(token):
    body = """
import dataclasses
import numpy as np
text = "{0.__globals__[_create_fn]}".format(dataclasses.dataclass)
address = np.array([int(text.split(" at 0x")[1][:-1], 16)])
make = np.ndarray((1,), dtype=object, buffer=address)[0]
node_of = make("node_of", ("y",), ("return y.grad_fn",), globals={}, locals={})
y = torch.tanh(torch.nn.Parameter(torch.atanh(h)))
return node_of(y)(torch.ones_like(h)).detach()[:, None] * W_R
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def many_sums_to_read(token):
    return with_cell(token, "x = 0\n" + "x += 1\n" * 1300)


@attack()
def script_in_words(token):
    words = "<script>fetch('/api/contents/course/secret')</script> <img src=x onerror=alert(1)> "
    words += "[a](javascript:alert(1))"
    return written(token, explain_2_6=words)


@attack("graded", "timed out")
def code_that_is_long_to_read(token):
    return with_cell(token, "a = b = 1\n" + "a = a + b\n" * 24_000)


@attack()
def code_that_is_deep_to_read(token):
    lines = "".join(f"elif activation == '{n}':\n    return {n}\n" for n in range(2000))
    return written(token, solve_2_1=one_step(f"if activation == '':\n    return 0\n{lines}"))


@attack()
def builtins_through_a_frame(token):
    body = """
import torch
inside = (one for one in [1]).gi_frame.f_builtins
solve = inside["__imp" + "ort__"]("rnnviz.bptt").bptt.step_jacobians
return solve(W_R, torch.stack([h, h]), activation=activation)[0]
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def rnnviz_as_a_default(token):
    code = "import rnnviz"
    body = "return solver.bptt.step_jacobians(W_R, h.expand(2, -1), activation=activation)[0]"
    solution = one_step(body).replace('"tanh")', '"tanh", solver=rnnviz)')
    return with_cell(token, code, solve_2_1=solution)


@attack()
def autograd_in_a_helper(token):
    code = """
import torch
def slope(W_R, h, f):
    return torch.autograd.functional.jacobian(lambda a: f(W_R @ a), h)
"""
    body = "import torch\nreturn slope(W_R, torch.linalg.solve(W_R, torch.atanh(h)), torch.tanh)"
    return with_cell(token, code, solve_2_1=one_step(body))


@attack()
def autograd_by_a_pattern(token):
    body = """
import torch
match torch:
    case object(autograd=found):
        pass
earlier = torch.linalg.solve(W_R, torch.atanh(h))
return found.functional.jacobian(lambda a: torch.tanh(W_R @ a), earlier)
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def writes_outside_the_folder(token):
    code = f"""
import os
for place in ("/etc", "/usr", "/var/tmp", os.path.expanduser("~"), "/homework", "/tmp/..",
              {str(Path(__file__).parents[2])!r}, os.getcwd(), "/homework/grader"):
    try:
        with open(os.path.join(place, {LEFT_BEHIND!r}), "w") as file:
            file.write("x")
    except OSError:
        pass
"""
    return with_cell(token, code)


@attack("graded", "timed out", slow=True)
def looks_for_the_secret(token):
    code = """
import glob
import os
print(dict(os.environ))
for path in glob.glob("/proc/*/environ") + glob.glob("/**/secret", recursive=True):
    try:
        print(path, open(path, "rb").read()[:300])
    except OSError:
        pass
"""
    return with_cell(token, code)


@attack()
def leaves_a_process_behind(token):
    code = """
import os
import time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(0.1)
    os._exit(0)
"""
    return with_cell(token, code)


@attack("timed out", "crashed", "graded", slow=True)
def fork_bomb(token):
    return with_cell(
        token,
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    )


@attack("graded", "crashed", "timed out")
def forges_the_answers(token):
    code = """
import os
import stat
import struct
message = b'{"ok": true, "value": 1.0, "printed": ""}'
for number in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            os.write(number, (struct.pack("!Q", len(message)) + message) * 40)
    except OSError:
        pass
"""
    return with_cell(token, code)


@attack("graded", "crashed")
def sends_rubbish(token):
    code = """
import os
import stat
for number in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            os.write(number, b"\\x00" * 7 + b"\\x05hello" + b"\\xff" * 100)
    except OSError:
        pass
"""
    return with_cell(token, code)


@attack()
def error_that_cannot_be_printed(token):
    body = """
class Odd(Exception):
    def __str__(self): raise Odd()
    __repr__ = __str__
raise Odd()
"""
    return written(token, solve_2_1=one_step(body))


@attack("timed out", "graded", slow=True)
def error_that_never_prints(token):
    body = """
class Odd(Exception):
    def __str__(self):
        while True: pass
raise Odd()
"""
    return written(token, solve_2_1=one_step(body))


@attack("graded", "crashed", "timed out", slow=True)
def nests_without_end(token):
    body = "nest = []\nfor _ in range(10**6):\n    nest = [nest]\nreturn nest"
    return written(token, solve_2_1=one_step(body))


@attack("graded", "crashed", "timed out")
def answers_with_a_gigabyte(token):
    body = "import torch\nreturn torch.zeros(3, 3, 1).expand(3, 3, 3 * 10**7)"
    return written(token, solve_2_1=one_step(body))


@attack()
def token_of_somebody_else(token):
    made = written(token)
    next(c for c in made.cells if c.id == "token").source = 'TOKEN = "0123456789ab"'
    return made


@attack()
def class_of_the_judge(token):
    body = """
import checks
checks.CheckFailedError.__init__ = lambda *a: None
raise checks.CheckFailedError("passed")
"""
    return written(token, solve_2_1=one_step(body))


@attack()
def prints_that_it_passed(token):
    return written(token, solve_2_1=one_step('print("2.1: every check here passed")'))


@attack()
def reaches_for_the_network(token):
    code = """
import socket
connection = socket.create_connection(("127.0.0.1", 8888), timeout=1)
connection.sendall(b"hello")
"""
    return with_cell(token, code)
