# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own values of keys, from fresh namespaces.

A child process enters new network, IPC and UTS namespaces, reads the keys there, and answers
through a pipe. Without the privilege for that, nothing is known.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Iterable

from .._sysctl.default_keys import may_show_default
from .child_process import call_in_child
from .proc_sys import proc_path, read_key

_CLONE_NEWUTS, _CLONE_NEWIPC, _CLONE_NEWNET = 0x04000000, 0x08000000, 0x40000000
_INHERIT = "net.core.devconf_inherit_init_net"
_TIMEOUT = 20
"""Seconds for all keys."""


def read_kernel_defaults(keys: Iterable[str]) -> dict[str, str]:
    """Return the kernel's own values of those keys of which it is known."""
    inherits_ipv6 = _inherits_ipv6()
    shown = [key for key in keys if may_show_default(key, inherits_ipv6)]
    if not shown:
        return {}
    try:
        values: dict[str, str] | None = call_in_child(lambda: _read_afresh(shown), _TIMEOUT)
    except OSError:
        return {}  # the child could not be started
    return values or {}


def _inherits_ipv6() -> bool:
    """Tell whether the keys of IPv6 may follow the first namespace; only that one knows."""
    try:
        return read_key(_INHERIT) not in ("0", "2")
    except OSError:
        return True


def _read_afresh(keys: Iterable[str]) -> dict[str, str]:
    """Return the values of keys in fresh namespaces, in a process that then ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    values = {}
    if libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS) == 0:
        for key in keys:
            # What may only be read there belongs to the whole kernel.
            if os.access(proc_path(key), os.W_OK):
                with suppress(OSError):
                    values[key] = read_key(key)
    return values
