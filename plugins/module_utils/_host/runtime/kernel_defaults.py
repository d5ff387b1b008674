# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own values of keys, from fresh namespaces.

A child process enters new network, IPC and UTS namespaces, reads the keys there, and answers
through a pipe. Without the privilege for that, nothing is known.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Iterable

from ..._sysctl.boot.default_keys import may_show_default
from ..child_process import call_in_child
from ..libc import CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWUTS, call
from .proc_sys import proc_path, read_key

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
    try:
        call("unshare", CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    except OSError:
        return {}
    values = {}
    for key in keys:
        # What may only be read there belongs to the whole kernel.
        if os.access(proc_path(key), os.W_OK):
            with suppress(OSError):
                values[key] = read_key(key)
    return values
