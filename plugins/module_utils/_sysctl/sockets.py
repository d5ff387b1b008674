# SPDX-License-Identifier: GPL-3.0-or-later

"""The TCP connections of this network namespace."""

from __future__ import annotations

import os
import socket
from typing import Any

from .base import TuningError, in_words
from .inet_diag import REQUEST, Sockets, answer, proc_net

PROC_NET = "/proc/net"
_SOCK_DIAG = 4
_PATIENCE = 30
"""Seconds to wait for an answer of the kernel, which as a rule is there at once."""


class Found:
    """Connections that are established: what keepalive is for each, and its inode (0: nobody has accepted it yet)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.kinds: list[str] = []
        self.inodes: list[int] = []

    def add(self, sockets: Sockets, longest: float) -> None:
        self.kinds += sockets.kinds(longest)
        self.inodes += sockets.inodes


def established(longest: float, problems: list[dict[str, Any]]) -> Found | None:
    """Return the connections that are established. ``longest``: milliseconds for which a timer of today may run."""
    try:
        return _sock_diag(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("read instead of sock_diag, which failed", error))
    try:
        return _proc_net(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("connections are not known", error))
    return None


def _problem(what: str, error: Exception) -> dict[str, Any]:
    why = in_words(error) if isinstance(error, OSError) else error
    return {"path": "/proc/net/tcp", "problem": f"{what}: {why}"}


def _sock_diag(longest: float) -> Found:
    found = Found("sock_diag")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(_PATIENCE)
        netlink.send(REQUEST)
        sockets = Sockets()
        while sockets.end is None:
            data, _control, flags, _sender = netlink.recvmsg(1 << 16)
            if flags & socket.MSG_TRUNC:
                raise TuningError("an answer of the kernel is longer than 64 KiB")
            sockets = answer(data)
            found.add(sockets, longest)
    if sockets.end:
        raise OSError(sockets.end, os.strerror(sockets.end))
    return found


def _proc_net(longest: float) -> Found:
    found = Found("proc")
    ticks = os.sysconf("SC_CLK_TCK")
    for name in ("tcp", "tcp6"):
        try:
            with open(f"{PROC_NET}/{name}", encoding="ascii", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            if name == "tcp":
                raise
            continue  # a kernel without IPv6
        found.add(proc_net(text, ticks), longest)
    return found
