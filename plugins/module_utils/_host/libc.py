# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions of the C library that Python does not have, or not in 3.7."""

from __future__ import annotations

import ctypes
import os

# <sched.h>
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000


def call(name: str, *args: object) -> None:
    """Call a function that returns 0; raise OSError if it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
