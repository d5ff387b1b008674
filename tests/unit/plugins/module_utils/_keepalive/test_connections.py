# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading connections from sock_diag, and from /proc/net where that fails."""

from __future__ import annotations

import errno
import math
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import connections
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.inet_diag import (
    REQUEST,
    count_states,
)

CAPTURED = yaml.safe_load(
    (Path(__file__).parents[3] / "cases/sock_diag.yml").read_text(encoding="utf-8")
)
COUNTS = {"established": 6, "with_keepalive": 1, "without_keepalive": 4, "unknown": 1, "stale": 0}


class Netlink:
    """A socket that returns these answers, one by one.

    An answer is bytes, (bytes, flags), or an error that is raised.
    """

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.closed = False

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *error: object) -> None:
        self.closed = True

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds < 60

    def send(self, data: bytes) -> None:
        assert data == REQUEST

    def recvmsg(self, size: int) -> Any:
        assert size >= 1 << 15, "the kernel's answers have up to 32 KiB"
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        data, flags = answer if isinstance(answer, tuple) else (answer, 0)
        return data, [], flags, (0, 0)


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """Make a kernel with these answers of sock_diag (or an error) and these files in /proc/net."""

    def make(answers: Any, **files: str) -> Netlink:
        netlink = Netlink(answers if isinstance(answers, list) else [])

        def open_socket(*_kind: int) -> Netlink:
            if isinstance(answers, OSError):
                raise answers
            return netlink

        monkeypatch.setattr(connections.socket, "socket", open_socket)
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(connections, "PROC_NET", str(tmp_path))
        return netlink

    return make


def read(longest: float = math.inf) -> tuple[Any, list[str]]:
    """Return the connections, and the problems found on the way."""
    problems: list[dict[str, Any]] = []
    result = connections.read_connections(longest, problems)
    assert all(problem["path"] == "/proc/net/tcp" for problem in problems)
    return result, [problem["problem"] for problem in problems]


def test_combines_several_answers(kernel):
    netlink = kernel([CAPTURED["answer"], CAPTURED["answer"] + CAPTURED["done"]])
    result, problems = read(7199 * 1000)
    twice = {name: 2 * number for name, number in COUNTS.items()}
    assert count_states(result.states) == {**twice, "stale": 2}
    assert len(result.inodes) == 12
    assert (result.source, problems, netlink.closed) == ("sock_diag", [], True)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (OSError(errno.EPERM, os.strerror(errno.EPERM)), "Operation not permitted"),
        (OSError(errno.EAFNOSUPPORT, "Address family not supported"), "not supported"),
        ([bytes.fromhex("14000000020002000000000008000000feffffff")], "No such file or directory"),
        (
            [CAPTURED["answer"], bytes.fromhex("14000000030002000000000008000000f4ffffff")],
            "Cannot allocate memory",
        ),
        ([CAPTURED["answer"][:300]], "cut short"),
        ([CAPTURED["answer"], b""], "cut short"),
        ([(CAPTURED["answer"], socket.MSG_TRUNC)], "longer than 64 KiB"),
        ([CAPTURED["answer"], socket.timeout("timed out")], "timed out"),
    ],
)
def test_falls_back_to_proc(kernel, answers, reason):
    kernel(answers, tcp=CAPTURED["tcp"], tcp6=CAPTURED["tcp6"])
    result, (problem,) = read()
    assert (count_states(result.states), result.source) == (COUNTS, "proc")
    assert "sock_diag" in problem
    assert reason in problem


def test_kernel_without_ipv6(kernel):
    kernel(OSError(errno.EPERM, "no"), tcp=CAPTURED["tcp"])
    result, problems = read()
    assert (len(result.states), len(problems)) == (4, 1)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "No such file"),
        ({"tcp6": CAPTURED["tcp6"]}, "No such file"),
        ({"tcp": "head\n\u20ac", "tcp6": CAPTURED["tcp6"]}, "not understood"),
        ({"tcp": CAPTURED["tcp"], "tcp6": CAPTURED["tcp6"][:240]}, "not understood"),
    ],
)
def test_neither_source_can_be_read(kernel, files, reason):
    kernel(OSError(errno.EPERM, "no"), **files)
    result, (_first, problem) = read()
    assert result is None
    assert problem.startswith("connections are not known")
    assert reason in problem
