"""What Linux offers to hold a process: limits, no privileges, and a filter of system calls.

Called between fork and the first line of a submission.
"""

import ctypes
import errno
import os
import resource
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITY_VERSION = 0x20080522
ALLOW, REFUSE, OF_ANOTHER_MACHINE = 0x7FFF0000, 0x00050000 | errno.EPERM, 2
# The system calls that no homework makes: to start processes, threads and programs, to signal to
# others, to look into them, to reach the network or another process, to change what is seen, and to
# go round this filter.
REFUSED = """
clone clone3 fork vfork execve execveat
kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd
ptrace process_vm_readv process_vm_writev perf_event_open
socket connect bind
unshare setns mount umount2 pivot_root chroot
io_uring_setup bpf userfaultfd keyctl
"""
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
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    made = ctypes.c_void_p(library.seccomp_init(ALLOW))
    # Calls by the numbers of another kind of machine, such as x32, are refused as well.
    refused = [library.seccomp_attr_set(made, OF_ANOTHER_MACHINE, REFUSE)]
    for name in REFUSED.split():
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # this machine has it
            refused.append(library.seccomp_rule_add(made, REFUSE, number, 0))
    if any(refused) or library.seccomp_load(made):
        raise OSError(errno.ENOSYS, "no filter of system calls")


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
