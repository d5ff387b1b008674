# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process in a world that opens named sockets, and does with them what it is asked.

A request is a line of JSON on standard input, ``["name", [arguments]]``; the answer is a line on
standard output, ``{"ok": result}`` or ``{"errno": number, "message": text}``. The process ends
with standard input. Python gets it by ``-c``, so it imports nothing of this package.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import socket
import sys
import time
from typing import Any, Callable

PR_SET_NAME = 15  # <sys/prctl.h>
sockets: dict[str, socket.socket] = {}
last_byte: dict[str, float] = {}
"""Name of a socket -> when its last byte came, by the monotonic clock."""


def new_socket(name: str, address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sockets[name] = socket.socket(family)
    return sockets[name]


def listen(name: str, address: str, port: int, options: list[list[int]]) -> int:
    """Listen with these socket options; return the port. Port 0: any."""
    listener = new_socket(name, address)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    set_options(name, options)
    listener.bind((address, port))
    listener.listen(1024)
    return int(listener.getsockname()[1])


def connect(name: str, address: str, port: int, options: list[list[int]]) -> None:
    connection = new_socket(name, address)
    set_options(name, options)
    connection.settimeout(10)
    connection.connect((address, port))
    connection.setblocking(False)


def accept(name: str, listener: str) -> None:
    connection, _address = sockets[listener].accept()
    connection.setblocking(False)
    sockets[name] = connection


def set_options(name: str, options: list[list[int]]) -> None:
    for level, option, value in options:
        sockets[name].setsockopt(level, option, value)


def send(name: str, size: int) -> int:
    """Send as many of these bytes as the kernel takes; return how many it took."""
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < size:
            sent += sockets[name].send(bytes(size - sent))
    return sent


def write(name: str, text: str) -> None:
    sockets[name].sendall(text.encode())


def receive(name: str, size: int, timeout: float) -> int:
    """Read up to `size` bytes, until none comes for `timeout` seconds; return how many came."""
    received = 0
    while received < size and select.select([sockets[name]], [], [], timeout)[0]:
        data = sockets[name].recv(1 << 16)
        if not data:
            break
        received += len(data)
        last_byte[name] = time.monotonic()
    return received


def close(name: str) -> None:
    sockets.pop(name).close()


def many(address: str, number: int, with_keepalive: int) -> None:
    """Connect `number` times to ourselves, the first of them with keepalive at the client's end."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(1024)
    for index in range(number):
        client = socket.create_connection(listener.getsockname())
        if index < with_keepalive:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sockets[f"{address} {index}"] = client
        sockets[f"{address} {index} accepted"] = listener.accept()[0]
    listener.close()


def failed(name: str, timeout: float) -> tuple[int, float]:
    """Wait until a socket fails, at most `timeout` seconds after its last byte.

    Return its error (0: none), and the seconds since that byte.
    """
    # We measure the kernel, and not what else wants this processor.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    poll = select.poll()
    poll.register(sockets[name], 0)  # POLLERR and POLLHUP always count
    remaining = last_byte[name] + timeout - time.monotonic()
    poll.poll(max(0, remaining) * 1000)
    elapsed = time.monotonic() - last_byte[name]
    return sockets[name].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), elapsed


REQUESTS: dict[str, Callable[..., Any]] = {
    "accept": accept,
    "close": close,
    "connect": connect,
    "failed": failed,
    "listen": listen,
    "many": many,
    "options": set_options,
    "receive": receive,
    "send": send,
    "write": write,
}


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[1].encode(), 0, 0, 0)
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    print(json.dumps({"ok": os.getpid()}), flush=True)
    for line in sys.stdin:
        name, args = json.loads(line)
        try:
            answer: Any = {"ok": REQUESTS[name](*args)}
        except OSError as error:
            answer = {"errno": error.errno, "message": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
