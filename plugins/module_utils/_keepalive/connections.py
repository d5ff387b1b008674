# SPDX-License-Identifier: GPL-3.0-or-later

"""The TCP connections of this network namespace."""

from __future__ import annotations

import os
import socket
from typing import Any

from .._sysctl.errors import TuningError, describe_os_error
from .inet_diag import REQUEST, SocketTable, parse_answer, parse_proc_net

PROC_NET = "/proc/net"
_SOCK_DIAG = 4
_PATIENCE = 30
"""Seconds to wait for an answer of the kernel, which as a rule is there at once."""


class Connections:
    """Connections that are established: what keepalive is for each, and its inode (0: nobody has accepted it yet)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.states: list[str] = []
        self.inodes: list[int] = []

    def add(self, sockets: SocketTable, longest: float) -> None:
        self.states += sockets.kinds(longest)
        self.inodes += sockets.inodes


def read_connections(longest: float, problems: list[dict[str, Any]]) -> Connections | None:
    """Return the connections that are established. ``longest``: milliseconds for which a timer of today may run."""
    try:
        return _read_sock_diag(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("read instead of sock_diag, which failed", error))
    try:
        return _read_proc_net(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("connections are not known", error))
    return None


def _problem(what: str, error: Exception) -> dict[str, Any]:
    why = describe_os_error(error) if isinstance(error, OSError) else error
    return {"path": "/proc/net/tcp", "problem": f"{what}: {why}"}


def _read_sock_diag(longest: float) -> Connections:
    found = Connections("sock_diag")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(_PATIENCE)
        netlink.send(REQUEST)
        sockets = SocketTable()
        while sockets.end is None:
            data, _control, flags, _sender = netlink.recvmsg(1 << 16)
            if flags & socket.MSG_TRUNC:
                raise TuningError("an answer of the kernel is longer than 64 KiB")
            sockets = parse_answer(data)
            found.add(sockets, longest)
    if sockets.end:
        raise OSError(sockets.end, os.strerror(sockets.end))
    return found


def _read_proc_net(longest: float) -> Connections:
    found = Connections("proc")
    ticks = os.sysconf("SC_CLK_TCK")
    for name in ("tcp", "tcp6"):
        try:
            with open(f"{PROC_NET}/{name}", encoding="ascii", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            if name == "tcp":
                raise
            continue  # a kernel without IPv6
        found.add(parse_proc_net(text, ticks), longest)
    return found
