"""Gives up rights for good: capabilities, by the system calls that Python has no functions for."""

from __future__ import annotations

import ctypes
import os

SYS_PTRACE = 19
"""Its number in include/uapi/linux/capability.h."""

NOBODY = 65534
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522

_LIBC = ctypes.CDLL(None, use_errno=True)


def keep_only(capability: int) -> None:
    """Be nobody, with this one capability, which what is executed from here keeps. Raises ``OSError``."""
    _call(_LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    # Two sets of 32 bits each: effective, permitted, inheritable.
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(*[1 << capability] * 3, 0, 0, 0)
    _call(_LIBC.capset(header, sets))
    _call(_LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _call(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
