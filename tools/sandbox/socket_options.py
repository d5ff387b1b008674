# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the sockets of other processes through copies of them: prints, by the name of the process, what keepalive each connection has."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
from typing import Any, Iterator

PIDFD_OPEN, PIDFD_GETFD = 434, 438
ESTABLISHED = 1


def syscall(*args: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(*map(ctypes.c_long, args)))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def sockets(pid: int) -> Iterator[tuple[str, socket.socket]]:
    """Yield the name and a copy of each socket of a process."""
    process = syscall(PIDFD_OPEN, pid, 0)
    for fd in os.listdir(f"/proc/{pid}/fd"):
        name = os.readlink(f"/proc/{pid}/fd/{fd}")
        if name.startswith("socket:"):
            with socket.socket(fileno=syscall(PIDFD_GETFD, process, int(fd), 0)) as copy:
                yield name, copy
    os.close(process)


def keepalive(copy: socket.socket) -> list[int] | None:
    """Give time, probes and intvl; None if it is off."""
    if not copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        return None
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)
    return [copy.getsockopt(socket.IPPROTO_TCP, name) for name in names]


def main() -> None:
    found: dict[str, dict[str, Any]] = {}
    for pid in (
        int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()
    ):
        with contextlib.suppress(OSError):  # it ends meanwhile
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                command = file.read().strip()
            for name, copy in sockets(pid):
                inet = (
                    copy.family in (socket.AF_INET, socket.AF_INET6)
                    and copy.type == socket.SOCK_STREAM
                )
                if (
                    inet
                    and copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED
                ):
                    found.setdefault(command, {})[name] = keepalive(copy)
    print(json.dumps({command: list(each.values()) for command, each in found.items()}))


if __name__ == "__main__":
    main()
