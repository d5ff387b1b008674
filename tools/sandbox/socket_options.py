# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print which keepalive settings the connections of other processes have.

It looks at copies of their sockets, and prints JSON: name of a process -> for each of its
connections [time, probes, intvl], or null where keepalive is off.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
from typing import Iterator

# Numbers of system calls.
PIDFD_OPEN = 434
PIDFD_GETFD = 438
ESTABLISHED = 1  # the first byte of struct tcp_info
KEEPALIVE_OPTIONS = (socket.TCP_KEEPIDLE, socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)


def syscall(number: int, *args: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_long(argument) for argument in (number, *args)]
    result = int(libc.syscall(*arguments))
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
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


def is_established(copy: socket.socket) -> bool:
    """Tell whether this is an established TCP connection."""
    if copy.family not in (socket.AF_INET, socket.AF_INET6) or copy.type != socket.SOCK_STREAM:
        return False
    return copy.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


def keepalive(copy: socket.socket) -> list[int] | None:
    """Return time, probes and intvl, or None if keepalive is off."""
    if not copy.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE):
        return None
    return [copy.getsockopt(socket.IPPROTO_TCP, option) for option in KEEPALIVE_OPTIONS]


def main() -> None:
    by_command: dict[str, dict[str, list[int] | None]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # a process that has ended
            with open(f"/proc/{name}/comm", encoding="utf-8") as file:
                command = file.read().strip()
            for socket_name, copy in sockets(int(name)):
                if is_established(copy):
                    by_command.setdefault(command, {})[socket_name] = keepalive(copy)
    print(json.dumps({command: list(shown.values()) for command, shown in by_command.items()}))


if __name__ == "__main__":
    main()
