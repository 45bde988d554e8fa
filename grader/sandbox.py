"""How the student's processes are shut in, by the strongest means that works on this machine.

- ``bubblewrap``: they see the system's programs, Python and `rnnviz` (where it may be used),
  read-only, and nothing else: no home, no course folder, no network, no other process.
- ``namespaces`` (Linux lets ordinary users make them, and bubblewrap is not there): they see every
  file as it is, read-only, but find the course folder, the sources and the home empty (but for
  what leads to Python and `rnnviz`); no network, no other process.
- ``limits only``: bounds on time, memory, output and processes, and a separate process, but the
  same user: what that user can read and write, a submission can.

In all of them the checks and answers stand in another process, a submission can start none, and it
gets its own process ids, network and scratch folder where the kernel lets an ordinary user make
them.
"""

import functools
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader import HOMEWORK, ROOT

HOME = "/homework"
KINDS = ("bubblewrap", "namespaces")
TRIAL = "import encodings.idna, json"
TRIAL_OF_NAMESPACES = (
    "from grader import isolation; assert isolation.own_namespaces(); isolation.cover([])"
)


@dataclass(frozen=True)
class Sandbox:
    """A way to start the zygote.

    Attributes
    ----------
    name : str
        What it is called.
    command, bare : tuple of str
        The words before Python; where `rnnviz` is not to be seen, too.
    covers : bool
        Whether each makes files read-only and hides folders itself.
    """

    name: str
    command: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    covers: bool = False

    @property
    def home(self) -> str:
        """Where the modules `checks` and `grader` lie for the processes inside."""
        return HOME if self.command else f"{ROOT}:{HOMEWORK}"


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment of the processes inside: nothing of ours that could tell a secret."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": scratch(),
        "PYTHONPATH": sandbox.home,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MPLCONFIGDIR": scratch(),
        "LANG": "C.UTF-8",
    }


@functools.cache
def strongest(*, allowed: tuple[str, ...] = KINDS) -> Sandbox:
    """Return the strongest sandbox that works here, tried by running a Python in it."""
    candidates = []
    if "bubblewrap" in allowed and shutil.which("bwrap"):
        inside = ("--ro-bind", package(), f"{HOME}/rnnviz")
        commands = (tuple(_bubblewrap(*bound)) for bound in (inside, ()))
        candidates.append(Sandbox("bubblewrap", *commands))
    if "namespaces" in allowed and sys.platform == "linux":
        candidates.append(Sandbox("namespaces", covers=True))
    return next((one for one in candidates if _works(one)), Sandbox("limits only"))


def _bubblewrap(*bound: str) -> list[str]:
    seen = ["/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives"]
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for place in (*seen, sys.base_prefix, sys.prefix):
        words += ["--ro-bind-try", place, place]
    words += bound
    for place in (HOMEWORK / "checks", ROOT / "grader"):
        words += ["--ro-bind", str(place), f"{HOME}/{place.name}"]
    return [*words, "--remount-ro", "/", "--chdir", "/tmp"]


def _works(sandbox: Sandbox) -> bool:
    """Return whether Python starts inside and finds its modules there."""
    script = TRIAL_OF_NAMESPACES if sandbox.covers else TRIAL
    trial = [*sandbox.command, sys.executable, "-c", script]
    try:
        done = subprocess.run(
            trial,
            env=environment(sandbox),
            capture_output=True,
            timeout=60,
            check=False,
            cwd="/tmp",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def needed() -> list[Path]:
    """Return the folders that the processes inside read: Python, `rnnviz`, this one."""
    return [
        Path(one).resolve()
        for one in (sys.prefix, sys.base_prefix, package(), HOMEWORK, ROOT / "grader")
    ]


def package() -> str:
    """Return the folder of `rnnviz`."""
    return importlib.util.find_spec("rnnviz").submodule_search_locations[0]


def scratch() -> str:
    """Return the folder that a submission may write to; its own, empty one is put there."""
    return "/dev/shm" if any(one.is_relative_to("/tmp") for one in needed()) else "/tmp"


def hidden(root: Path) -> tuple[str, ...]:
    """Return the places that a submission has no business in.

    The course, the sources, and what lies in the home and among the temporary files, but for what
    leads to a folder that is needed.
    """
    others = [*Path.home().resolve().glob("*"), *Path(tempfile.gettempdir()).resolve().glob("*")]
    read = needed()
    own = [
        one
        for one in others
        if not one.is_symlink() and not any(path.is_relative_to(one) for path in read)
    ]
    course = (root, HOMEWORK / "sources", HOMEWORK / "course")
    return tuple(str(one) for one in (*own, *(one.resolve() for one in course)))
