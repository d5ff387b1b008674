# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that holds sockets by name and does with them what it is told (a line of JSON each), until its standard input ends."""

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

PR_SET_NAME = 15
sockets: dict[str, socket.socket] = {}
last_byte: dict[str, float] = {}


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(name: str, address: str, port: int, options: list[list[int]]) -> int:
    """Listen, with these socket options; port 0: any."""
    made = sockets[name] = socket.socket(family(address))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for option in options:
        made.setsockopt(*option)
    made.bind((address, port))
    made.listen(1024)
    return int(made.getsockname()[1])


def connect(name: str, address: str, port: int, options: list[list[int]]) -> None:
    made = sockets[name] = socket.socket(family(address))
    for option in options:
        made.setsockopt(*option)
    made.settimeout(10)
    made.connect((address, port))
    made.setblocking(False)


def accept(name: str, listener: str) -> None:
    sockets[name] = sockets[listener].accept()[0]
    sockets[name].setblocking(False)


def options(name: str, wanted: list[list[int]]) -> None:
    for option in wanted:
        sockets[name].setsockopt(*option)


def send(name: str, size: int) -> int:
    """Send as much as the kernel takes."""
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < size:
            sent += sockets[name].send(bytes(size - sent))
    return sent


def write(name: str, text: str) -> None:
    sockets[name].sendall(text.encode())


def receive(name: str, size: int, timeout: float) -> int:
    """Take so many bytes from a socket; give how many came before it was quiet for so long."""
    got = 0
    while got < size and select.select([sockets[name]], [], [], timeout)[0]:
        data = sockets[name].recv(1 << 16)
        if not data:
            break
        got += len(data)
        last_byte[name] = time.monotonic()
    return got


def close(name: str) -> None:
    sockets.pop(name).close()


def many(address: str, number: int, armed: int) -> None:
    """Connect so many times to ourselves, the first of them with keepalive at the connecting end."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(1024)
    for n in range(number):
        made = socket.create_connection(listener.getsockname())
        if n < armed:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sockets[f"{address} {n}"] = made
        sockets[f"{address} {n} accepted"] = listener.accept()[0]
    listener.close()


def failed(name: str, timeout: float) -> tuple[int, float]:
    """Wait until a socket fails, or for so many seconds after its last byte; give its error (0: none), and when after that byte."""
    with contextlib.suppress(OSError):
        os.setpriority(
            os.PRIO_PROCESS, 0, -20
        )  # what is measured is the kernel, not who else wants this processor
    poll = select.poll()
    poll.register(sockets[name], 0)  # POLLERR and POLLHUP are always told
    left = last_byte[name] + timeout - time.monotonic()
    poll.poll(max(0, left) * 1000)
    took = time.monotonic() - last_byte[name]
    return sockets[name].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), took


REQUESTS: dict[str, Callable[..., Any]] = {
    "accept": accept, "close": close, "connect": connect, "failed": failed, "listen": listen, "many": many, "options": options,
    "receive": receive, "send": send, "write": write,
}  # fmt: skip


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[1].encode(), 0, 0, 0)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
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
