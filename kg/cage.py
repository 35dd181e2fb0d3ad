"""What a worker may not do: reach the network, outlive its parent, use more memory or time than it was given."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2
# Per architecture: its audit number, and the system calls through which a process gets a network: socket(2), and
# io_uring_setup(2), because a ring can make sockets too (source: Linux arch/*/entry/syscalls and linux/audit.h).
_CALLS: Final = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
_X32_BIT: Final = 0x40000000  # On x86_64 the same call has a second number above this bit.
_ALLOW: Final = 0x7FFF0000
_EACCES: Final = 0x00050000 | 13

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def can_forbid_network() -> bool:
    """Whether this machine's kernel and architecture let a process give up the network."""
    return platform.system() == "Linux" and platform.machine() in _CALLS


def forbid_network() -> bool:
    """Takes the network away from this process and its children for good; False where the machine can't.

    A seccomp filter: `socket` and `io_uring_setup` answer EACCES, all else is allowed. Needs no privilege.
    """
    if not can_forbid_network():
        return False
    arch, socket_call, ring_call = _CALLS[platform.machine()]

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    steps = [
        step(load, 4),  # the architecture of this call
        step(equal, arch, 0, 4),  # another one: refuse
        step(load, 0),  # the call's number
        step(at_least, _X32_BIT, 2, 0),
        step(equal, socket_call, 1, 0),
        step(equal, ring_call, 0, 1),
        step(give, _EACCES),
        step(give, _ALLOW),
    ]
    program = _Program(len(steps), b"".join(steps))
    if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def die_with_parent(parent: int) -> None:
    """Has the kernel kill this process when its parent dies; ends now if `parent` is already gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def limit_memory(headroom_bytes: int) -> None:
    """Lets this process take `headroom_bytes` of address space above what it has now, and no core dumps."""
    with open("/proc/self/statm", "rb") as file:
        pages = int(file.read().split()[0])
    ceiling = pages * resource.getpagesize() + headroom_bytes
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: float) -> None:
    """Lets this process use `seconds` of processor from now; the kernel counts over its whole life, so this adds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def limit_file(size_bytes: int) -> None:
    """Lets no file that this process writes grow above `size_bytes`: the kernel's own, exact answer limit."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


def threads() -> int:
    """How many threads this process has; a process may fork only with one."""
    return len(os.listdir("/proc/self/task"))
