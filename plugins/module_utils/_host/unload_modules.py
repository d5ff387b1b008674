# SPDX-License-Identifier: GPL-3.0-or-later

"""Unload the kernel modules that a run has loaded before it failed."""

from __future__ import annotations

import ctypes
import os
from typing import Iterable

from .._sysctl.errors import TuningError, describe_os_error


def unload_modules(modules: Iterable[str]) -> None:
    """Unload modules in this order, unless something uses them now."""
    libc = ctypes.CDLL(None, use_errno=True)
    stay = []
    for module in modules:
        if libc.delete_module(module.encode(), os.O_NONBLOCK) != 0:
            error = OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            stay.append(f"{module}: {describe_os_error(error)}")
    if stay:
        raise TuningError(f"they stay loaded: {', '.join(stay)}")
