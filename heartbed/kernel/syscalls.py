"""Names of the system calls that an idle thread sits in, from ``/proc/<pid>/task/<tid>/syscall``."""

from __future__ import annotations

import platform

# From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
X86_64 = {
    0: "read",
    1: "write",
    7: "poll",
    17: "pread64",
    19: "readv",
    23: "select",
    34: "pause",
    35: "nanosleep",
    43: "accept",
    44: "sendto",
    45: "recvfrom",
    47: "recvmsg",
    61: "wait4",
    65: "semop",
    72: "fcntl",
    73: "flock",
    128: "rt_sigtimedwait",
    130: "rt_sigsuspend",
    202: "futex",
    220: "semtimedop",
    230: "clock_nanosleep",
    232: "epoll_wait",
    247: "waitid",
    270: "pselect6",
    271: "ppoll",
    281: "epoll_pwait",
    288: "accept4",
    441: "epoll_pwait2",
    449: "futex_waitv",
}
AARCH64 = {
    22: "epoll_pwait",
    25: "fcntl",
    32: "flock",
    63: "read",
    64: "write",
    65: "readv",
    67: "pread64",
    72: "pselect6",
    73: "ppoll",
    95: "waitid",
    98: "futex",
    101: "nanosleep",
    115: "clock_nanosleep",
    133: "rt_sigsuspend",
    137: "rt_sigtimedwait",
    192: "semtimedop",
    193: "semop",
    202: "accept",
    206: "sendto",
    207: "recvfrom",
    212: "recvmsg",
    242: "accept4",
    260: "wait4",
    441: "epoll_pwait2",
    449: "futex_waitv",
}
TABLES = {"x86_64": X86_64, "aarch64": AARCH64}


def name(line: str, machine: str | None = None) -> str | None:
    """The system call in a line of ``syscall``; ``syscall 999`` when it is not in the table.

    None for a thread that runs, or that is blocked without being in a system call.
    """
    number = line.split(" ", 1)[0].strip()
    if not number.isdigit():
        return None
    table = TABLES.get(machine or platform.machine(), {})
    return table.get(int(number), f"syscall {number}")
