# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TCP connections in a world, held by processes of their own, and what ss makes of them."""

from __future__ import annotations

import json
import re
import resource
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from .world import World

HOLDER = Path(__file__).with_name("holder.py").read_text(encoding="utf-8")
PYTHON = "/usr/bin/python3"
"""Any user may run it, wherever the checkout and its tools are."""
Options = Sequence[Sequence[int]]
ARMED: Options = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)
DISARMED: Options = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0),)


def idle(seconds: int) -> Options:
    """Give the options of an application that has a time of its own."""
    return (*ARMED, (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds))


class Started:
    """A program that runs until its world ends."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def wait(self) -> None:
        """See it end, which it does with its world."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


class Holder:
    """A process in a world that holds sockets; its methods are those of `holder.py`, which go by the names of sockets."""

    def __init__(
        self,
        world: World,
        name: str = "holder",
        *,
        user: int | None = None,
        under: Iterable[str] = (),
    ) -> None:
        """under: a command that it is started by, such as `ip netns exec NAME`."""
        command = [*world.enter(user), "--", *under, PYTHON, "-I", "-S", "-c", HOLDER, name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.pid = int(self._answer())

    def __enter__(self) -> Holder:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def begin(self, request: str, *args: Any) -> Callable[[], Any]:
        """Ask for something that takes its time; calling what is given waits for the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([request, args]).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer

    def __call__(self, request: str, *args: Any) -> Any:
        return self.begin(request, *args)()

    def pair(self, name: str, options: Options = (), address: str = "127.0.0.1") -> None:
        """Connect to ourselves, with options at the connecting end, NAME; the other is `NAME accepted`."""
        port = self("listen", "once", address, 0, [])
        self("connect", name, address, port, options)
        self("accept", f"{name} accepted", "once")
        self("close", "once")

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise OSError(f"the holder of sockets ended with rc {self._process.poll()}")
        answer = json.loads(line)
        if "ok" not in answer:
            raise OSError(answer["errno"], answer["message"])
        return answer["ok"]


def ss(world: World, *, every: bool = False) -> list[str]:
    """List what ss says of connections that are established, or of all there are."""
    ran = world.run(["ss", "-tnoH", *(["-a"] if every else [])])
    assert ran.rc == 0, ran.stderr
    return [line for line in ran.stdout.splitlines() if every or line.startswith("ESTAB")]


def by_ss(world: World) -> dict[str, int]:
    """Count connections by the timers that ss shows, as the module does by those that the kernel tells."""
    found: Counter[str] = Counter()
    for line in ss(world):
        timer = re.search(r"timer:\((\w+)", line)
        found["established"] += 1
        found[
            "without_keepalive"
            if not timer
            else "with_keepalive"
            if timer[1] == "keepalive"
            else "unknown"
        ] += 1
    return {
        name: found[name]
        for name in ("established", "with_keepalive", "without_keepalive", "unknown")
    }


def wait_for(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until something holds; give what it is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = holds()
        if found:
            return found
    raise TimeoutError(f"not within {seconds} s")


def crowd(world: World, pairs: int, network: int) -> dict[Holder, int]:
    """Start as many holders as it takes for so many pairs of connections within 127.NETWORK; give the ends that each has.

    A quarter of all ends are those with keepalive.
    """
    each = min(
        10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2 - 50
    )  # pairs, by what a process may open
    shares = [min(each, pairs - start) for start in range(0, pairs, each)]
    holders = {Holder(world, f"crowd{network}-{n}"): share * 2 for n, share in enumerate(shares)}
    waiting = [
        holder.begin("many", f"127.{network}.{n}.1", ends // 2, ends // 4)
        for n, (holder, ends) in enumerate(holders.items())
    ]
    for answer in waiting:
        answer()
    return holders
