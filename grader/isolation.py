"""What Linux offers to hold a process: limits, no privileges, and a filter of system calls.

Called between fork and the first line of a submission.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 4, 38, 22
SECCOMP_MODE_FILTER, CAPABILITY_VERSION, X32 = 2, 0x20080522, 0x40000000
# What the kernel's audit calls a machine, and there the numbers of the calls that no homework
# makes: those that start processes, threads and programs (clone, fork, vfork, clone3, execve,
# execveat), signal to others (kill, tkill, tgkill, two rt_sigqueueinfo, three of pidfd), look into
# them (ptrace, two of process_vm, perf_event_open), reach the network or another process (socket,
# connect, bind), and change what is seen (unshare, setns, mount, umount2, pivot_root, chroot), or
# go round this filter (io_uring_setup, bpf, userfaultfd, keyctl).
REFUSED = {
    "x86_64": (
        0xC000003E,
        "56 57 58 435 59 322 62 200 234 129 297 424 434 438 101 310 311 298 41 42 49 "
        "272 308 165 166 155 161 425 321 323 250",
    ),
    "aarch64": (
        0xC00000B7,
        "220 435 221 281 129 130 131 138 240 424 434 438 117 270 271 241 198 203 200 "
        "97 268 40 39 41 51 425 280 282 219",
    ),
}
# Of Python's events with a path, those that only look.
READING = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "glob.glob", "glob.glob/2")

_libc = ctypes.CDLL(None, use_errno=True)


def _succeeds(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def drop_capabilities() -> None:
    """Give up every capability for good."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _succeeds(_libc.capset(header, (ctypes.c_uint32 * 6)()))
    _succeeds(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def refuse_calls() -> None:
    """Refuse the system calls of `REFUSED` from here on, in this process.

    Raises
    ------
    OSError
        If this machine has no such filter.
    """
    if platform.machine() not in REFUSED:
        raise OSError(errno.ENOSYS, f"no list of system calls for {platform.machine()}")
    audit, numbers = REFUSED[platform.machine()]
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    checks = [(load, 0, 0, 4), (equal, 1, 0, audit), (answer, 0, 0, refuse), (load, 0, 0, 0)]
    checks += [(at_least, 0, 1, X32), (answer, 0, 0, refuse)]
    for number in map(int, numbers.split()):
        checks += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    checks += [(answer, 0, 0, allow)]
    program = b"".join(struct.pack("HBBI", *check) for check in checks)
    held = ctypes.create_string_buffer(program)
    whole = ctypes.c_char_p(struct.pack("HxxxxxxP", len(checks), ctypes.addressof(held)))
    _succeeds(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, whole, 0, 0))


def limit(memory_megabytes: int, cpu_seconds: int) -> None:
    """Bound memory (on top of what is in use), processor time, file size and files."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    bounds = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + memory_megabytes * 2**20,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: 16 * 2**20,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    for which, bound in bounds.items():
        resource.setrlimit(which, (bound, bound))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _succeeds(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def keep_in(scratch: str, hidden: list[str]) -> None:
    """Refuse Python to write outside a folder, and whatever there is in some others."""
    hidden, scratch = [os.path.realpath(one) for one in hidden], os.path.realpath(scratch)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def refuse(event, arguments):
        if event.partition(".")[0] not in ("open", "os", "shutil", "glob", "sqlite3"):
            return
        writes = arguments[2] & writing if event == "open" else event not in READING
        for one in arguments:
            if isinstance(one, str | bytes | os.PathLike):
                found = os.path.realpath(os.fsdecode(one))
                out = writes and found != os.devnull and not f"{found}/".startswith(f"{scratch}/")
                if out or any(f"{found}/".startswith(f"{place}/") for place in hidden):
                    raise PermissionError(errno.EACCES, "not for submissions", found)

    sys.addaudithook(refuse)


def forbid_inspection() -> None:
    """Keep other processes of this user from reading or tracing this one."""
    _succeeds(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
