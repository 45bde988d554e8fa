"""What Linux offers to hold a process: namespaces of its own, resource limits, no privileges.

Called between fork and the first line of a submission. Each step is taken where the system allows
it; `grader.sandbox` says what that leaves open.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from pathlib import Path

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, CLONE_THREAD, CLONE3 = 22, 2, 0x00010000, 435
CAPABILITY_VERSION = 0x20080522
# Of each machine: its number for the kernel's audit, clone, and what else starts a process.
SYSTEM_CALLS = {"x86_64": (0xC000003E, 56, 57, 58), "aarch64": (0xC00000B7, 220)}

_libc = ctypes.CDLL(None, use_errno=True)


def _succeeds(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def own_namespaces() -> bool:
    """Give the next child its own process ids, files and network; return whether that worked."""
    uid, gid = os.getuid(), os.getgid()
    # The files of /proc/self belong to root while a process may not be inspected.
    _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    wanted = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC
    try:
        _succeeds(_libc.unshare(wanted))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
        _succeeds(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    except OSError:
        return False
    finally:
        forbid_inspection()
    return True


def own_mounts() -> None:
    """Keep what this process mounts from the one that waits for it."""
    _succeeds(_libc.unshare(CLONE_NEWNS))


def own_scratch(folder: str, megabytes: int) -> None:
    """Cover a folder with an empty, small one that goes with the process, where that is allowed."""
    options = f"size={megabytes}m,mode=1777".encode()
    flags = MS_NOSUID | MS_NODEV
    with contextlib.suppress(OSError):
        _succeeds(_libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, options))


def cover(places: list[str]) -> None:
    """Make every file read-only, and some folders and files empty, in this namespace.

    Raises
    ------
    OSError
        Where that is not allowed.
    """
    read_only = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    where = (AT_FDCWD, b"/", AT_RECURSIVE, read_only, ctypes.sizeof(read_only))
    _succeeds(_libc.syscall(SYS_MOUNT_SETATTR, *where))
    for place in places:
        target = os.fsencode(place)
        if Path(place).is_dir():
            _succeeds(_libc.mount(b"tmpfs", target, b"tmpfs", MS_NOSUID | MS_RDONLY, b"size=4k"))
        elif Path(place).is_file():
            _succeeds(_libc.mount(b"/dev/null", target, None, MS_BIND, None))


def own_processes() -> None:
    """Show only this namespace's processes under /proc, or none where that is not allowed."""
    if _libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None) != 0:
        _succeeds(_libc.mount(b"tmpfs", b"/proc", b"tmpfs", MS_NOSUID | MS_RDONLY, b"size=4k"))


def drop_capabilities() -> None:
    """Give up every capability for good."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _succeeds(_libc.capset(header, (ctypes.c_uint32 * 6)()))
    _succeeds(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def forbid_processes() -> None:
    """Refuse to start another process; threads may be started.

    A limit on their number would not hold for root, and one process in the way of the others is
    enough: a submission that multiplies slows the work of everybody down.
    """
    if platform.machine() not in SYSTEM_CALLS:
        return
    audit_architecture, clone, *others = SYSTEM_CALLS[platform.machine()]
    allow, refuse, unknown = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    load, equal, at_least, any_of, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    checks = [(load, 0, 0, 4), (equal, 1, 0, audit_architecture), (answer, 0, 0, refuse)]
    checks += [(load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (answer, 0, 0, refuse)]
    # The C library asks for clone again, whose flags can be read, where clone3 is not known.
    checks += [(equal, 0, 1, CLONE3), (answer, 0, 0, unknown)]
    for other in others:
        checks += [(equal, 0, 1, other), (answer, 0, 0, refuse)]
    checks += [(equal, 0, 3, clone), (load, 0, 0, 16), (any_of, 1, 0, CLONE_THREAD)]
    checks += [(answer, 0, 0, refuse), (answer, 0, 0, allow)]
    program = b"".join(struct.pack("HBBI", *check) for check in checks)
    held = ctypes.create_string_buffer(program)
    whole = struct.pack("HxxxxxxP", len(checks), ctypes.addressof(held))
    with contextlib.suppress(OSError):
        _succeeds(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(whole), 0, 0))


def limit(*, memory_megabytes: int, cpu_seconds: int) -> None:
    """Bound memory (on top of what is in use), processor time, file size, files and processes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + memory_megabytes * 2**20
    bounds = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: 16 * 2**20,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 64,
        resource.RLIMIT_CORE: 0,
    }
    for which, bound in bounds.items():
        resource.setrlimit(which, (bound, bound))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _succeeds(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none escapes."""
    _succeeds(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def forbid_inspection() -> None:
    """Keep other processes of this user from reading or tracing this one."""
    _succeeds(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))


def kill_children() -> None:
    """Kill and reap every child, and what they leave behind, until none is left."""
    mine = Path(f"/proc/self/task/{os.getpid()}/children")
    while children := mine.read_text().split():
        for child in map(int, children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in map(int, children):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
