# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own values of keys, from fresh namespaces.

A child process enters new network, IPC and UTS namespaces, reads the keys there, and answers
through a pipe. Without the privilege for that, nothing is known.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
from contextlib import suppress
from typing import Iterable, NoReturn

from .._sysctl.default_keys import may_show_default
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
        values: dict[str, str] = json.loads(_ask_child(shown))
    except (OSError, ValueError):
        return {}  # the child could not be started, or ended too early
    return values


def _ask_child(keys: Iterable[str]) -> bytes:
    """Return what a child process answers."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _run_child(keys, write_end)
    os.close(write_end)
    try:
        return _read_until_closed(read_end)
    finally:
        os.close(read_end)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _inherits_ipv6() -> bool:
    """Tell whether the keys of IPv6 may follow the first namespace; only that one knows."""
    try:
        return read_key(_INHERIT) not in ("0", "2")
    except OSError:
        return True


def _read_until_closed(pipe: int) -> bytes:
    """Return what is written to a pipe until it is closed; nothing if that takes too long."""
    data = b""
    while select.select([pipe], [], [], _TIMEOUT)[0]:
        part = os.read(pipe, 1 << 16)
        if not part:
            return data
        data += part
    return b""


def _run_child(keys: Iterable[str], pipe: int) -> NoReturn:
    """Answer through the pipe; whatever happens, do not go on as the parent does."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        values = {}
        if libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS) == 0:
            for key in keys:
                # What may only be read there belongs to the whole kernel.
                if os.access(proc_path(key), os.W_OK):
                    with suppress(OSError):
                        values[key] = read_key(key)
        with open(pipe, "wb") as file:
            file.write(json.dumps(values).encode())
    finally:
        os._exit(0)
