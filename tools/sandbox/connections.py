# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TCP connections in a world, which processes of their own hold open, and what ss shows."""

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
"""A Python that any user may run, wherever the checkout is."""
Options = Sequence[Sequence[int]]
"""Arguments of setsockopt: level, option and value of each."""
ARMED: Options = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)
DISARMED: Options = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0),)
MOST_PAIRS = 10_000
"""The most pairs of connections that one process of `crowd` holds."""


def idle(seconds: int) -> Options:
    """Return the options of an application that sets its own keepalive time."""
    return (*ARMED, (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds))


class Started:
    """A program that runs until its world ends."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def wait(self) -> None:
        """Wait until it has ended with its world."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


class Holder:
    """A process in a world that holds sockets, which have names.

    Call it with the name of a function of `holder.py` and its arguments.
    """

    def __init__(
        self,
        world: World,
        name: str = "holder",
        *,
        user: int | None = None,
        under: Iterable[str] = (),
    ) -> None:
        """Start it.

        under: a command prefix in the world, such as `ip netns exec NAME`.
        """
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
        """Send a request that takes long; return a function that waits for the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([request, args]).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer

    def __call__(self, request: str, *args: Any) -> Any:
        wait_for_answer = self.begin(request, *args)
        return wait_for_answer()

    def pair(self, name: str, options: Options = (), address: str = "127.0.0.1") -> None:
        """Connect to ourselves: the client's end is NAME, the server's end `NAME accepted`.

        options: those of the client's end.
        """
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
    """Return the lines of ss about established connections, or about every socket."""
    command = ["ss", "-tnoH"]
    if every:
        command.append("-a")
    result = world.run(command)
    assert result.rc == 0, result.stderr
    return [line for line in result.stdout.splitlines() if every or line.startswith("ESTAB")]


def by_ss(world: World) -> dict[str, int]:
    """Count established connections by keepalive, from the timers that ss shows."""
    counts = Counter(_keepalive_in(line) for line in ss(world))
    return {
        "established": sum(counts.values()),
        "with_keepalive": counts["with_keepalive"],
        "without_keepalive": counts["without_keepalive"],
        "unknown": counts["unknown"],
    }


def _keepalive_in(line: str) -> str:
    """Classify a line of ss. Another timer hides that of keepalive."""
    timer = re.search(r"timer:\((\w+)", line)
    if not timer:
        return "without_keepalive"
    return "with_keepalive" if timer[1] == "keepalive" else "unknown"


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Call until the result is true; return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
    raise TimeoutError(f"not within {seconds} s")


def crowd(world: World, pairs: int, network: int) -> dict[Holder, int]:
    """Open so many pairs of connections within 127.NETWORK; return each holder and its ends.

    A quarter of all ends have keepalive.
    """
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = min(MOST_PAIRS, open_files // 2 - 50)
    ends: dict[Holder, int] = {}
    answers = []
    for index, start in enumerate(range(0, pairs, most)):
        share = min(most, pairs - start)
        holder = Holder(world, f"crowd{network}-{index}")
        ends[holder] = share * 2
        answers.append(holder.begin("many", f"127.{network}.{index}.1", share, share // 2))
    for wait_for_answer in answers:
        wait_for_answer()
    return ends
