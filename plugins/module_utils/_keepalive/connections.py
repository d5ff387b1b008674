# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the established TCP connections of this network namespace."""

from __future__ import annotations

import os
import socket
from typing import Any

from .._sysctl.errors import TuningError, describe_os_error
from .inet_diag import REQUEST, SocketTable, parse_answer, parse_proc_net, request_for
from .own_connection import Endpoints

PROC_NET = "/proc/net"
_SOCK_DIAG = 4
_TIMEOUT = 30
"""Seconds to wait for an answer of the kernel, which as a rule is there at once."""
_BUFFER = 1 << 16
"""Bytes; the kernel's answers have up to 32 KiB."""


class Connections:
    """Established connections by column: the state of each, and its inode.

    The inode is 0 as long as no process has accepted the connection.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.states: list[str] = []
        self.inodes: list[int] = []

    def add(self, sockets: SocketTable, longest: float) -> None:
        """Add the connections of a table. ``longest``: see ``SocketTable.classify``."""
        self.states += sockets.classify(longest)
        self.inodes += sockets.inodes

    def remove(self, inode: int) -> None:
        """Remove the connection with this inode, if it is there."""
        if inode and inode in self.inodes:
            index = self.inodes.index(inode)
            del self.inodes[index], self.states[index]


def find_inode(connection: Endpoints) -> int:
    """Return the inode of a connection, 0 if it is not there, or if the kernel does not tell."""
    request = request_for(connection.family, connection.local, connection.remote)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
            netlink.settimeout(_TIMEOUT)
            netlink.send(request)
            inodes = parse_answer(netlink.recv(_BUFFER)).inodes
    except (OSError, TuningError):
        return 0
    return inodes[0] if inodes else 0


def read_connections(longest: float, problems: list[dict[str, Any]]) -> Connections | None:
    """Return the established connections, None if they cannot be read.

    ``longest`` is the longest timer (ms) that today's settings could start.
    """
    try:
        return _read_sock_diag(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("read instead of sock_diag, which failed", error))
    try:
        return _read_proc_net(longest)
    except (OSError, TuningError) as error:
        problems.append(_problem("connections are not known", error))
    return None


def _problem(consequence: str, error: Exception) -> dict[str, Any]:
    reason = str(error)
    if isinstance(error, OSError):
        reason = describe_os_error(error)
    return {"path": "/proc/net/tcp", "problem": f"{consequence}: {reason}"}


def _read_sock_diag(longest: float) -> Connections:
    connections = Connections("sock_diag")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as netlink:
        netlink.settimeout(_TIMEOUT)
        netlink.send(REQUEST)
        sockets = SocketTable()
        while sockets.end is None:
            data, _control, flags, _sender = netlink.recvmsg(_BUFFER)
            if flags & socket.MSG_TRUNC:
                raise TuningError("an answer of the kernel is longer than 64 KiB")
            sockets = parse_answer(data)
            connections.add(sockets, longest)
    if sockets.end:
        raise OSError(sockets.end, os.strerror(sockets.end))
    return connections


def _read_proc_net(longest: float) -> Connections:
    connections = Connections("proc")
    ticks = os.sysconf("SC_CLK_TCK")
    for name in ("tcp", "tcp6"):
        try:
            with open(f"{PROC_NET}/{name}", encoding="ascii", errors="replace") as file:
                text = file.read()
        except FileNotFoundError:
            if name == "tcp":
                raise
            continue  # a kernel without IPv6
        connections.add(parse_proc_net(text, ticks), longest)
    return connections
