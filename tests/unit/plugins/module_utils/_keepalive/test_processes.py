# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose connections are: processes that end meanwhile, that are not ours to see, and that share a connection."""

from __future__ import annotations

import os
from typing import Any

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._keepalive import processes, procfs
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.connections import (
    Connections,
)


@pytest.fixture
def proc(tmp_path, monkeypatch):
    """Make a folder that stands in for /proc."""
    monkeypatch.setattr(procfs, "PROC", str(tmp_path))
    (tmp_path / "self").mkdir()

    def process(pid: int, *targets: str, command: Any = "x", uid: int | None = 0) -> Any:
        here = tmp_path / str(pid)
        (here / "fd").mkdir(parents=True)
        for fd, target in enumerate(targets):
            (here / "fd" / str(fd)).symlink_to(target)
        if command is not None:
            (here / "comm").write_bytes(os.fsencode(command) + b"\n")
        if uid is not None:
            (here / "status").write_text(f"Name:\tx\nUid:\t99\t{uid}\t99\t99\n")
        return here

    return process


def look(kinds: dict[int, str], limit: int = 20) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    found = Connections("proc")
    found.states, found.inodes = list(kinds.values()), list(kinds)
    problems: list[dict[str, Any]] = []
    return processes.count_by_process(found, limit, problems), problems


def test_each_connection_once(proc):
    proc(20, "socket:[1]", "/dev/null", "socket:[2]", "pipe:[3]", "socket:[99]", command="second")
    proc(3, "socket:[1]", "socket:[3]", "anon_inode:[eventpoll]", command="first", uid=4242424)
    told, problems = look({1: "stale", 2: "with_keepalive", 3: "unknown", 4: "without_keepalive"})
    assert [
        (each["pid"], each["established"], each["command"], each["user"])
        for each in told["processes"]
    ] == [
        (3, 2, "first", "4242424"),
        (20, 1, "second", "root"),
    ]
    assert (told["processes"][0]["stale"], told["processes"][0]["unknown"]) == (1, 1)
    assert (told["processes_unseen"], problems) == (1, [])


def test_worst_first(proc):
    kinds = {}
    for pid, (bad, good) in {1: (0, 9), 2: (1, 0), 3: (1, 5), 4: (3, 0), 5: (1, 0)}.items():
        mine = {
            pid * 100 + n: ("stale", "without_keepalive")[n % 2] if n < bad else "with_keepalive"
            for n in range(bad + good)
        }
        proc(pid, *(f"socket:[{inode}]" for inode in mine))
        kinds.update(mine)
    assert [each["pid"] for each in look(kinds)[0]["processes"]] == [4, 3, 2, 5, 1]
    assert [each["pid"] for each in look(kinds, 2)[0]["processes"]] == [4, 3]


def test_what_cannot_be_looked_at_is_counted(proc, monkeypatch):
    hidden = proc(1)
    (hidden / "fd").rmdir()
    (hidden / "fd").write_text("not a folder, so it cannot be opened as one")
    gone = proc(2)
    (gone / "fd").rmdir()
    proc(3, "socket:[1]")
    for uid, words in ((1000, "become root"), (0, "a root without all capabilities")):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        told, (problem,) = look({1: "unknown", 2: "unknown", 0: "with_keepalive"})
        assert (len(told["processes"]), told["processes_unseen"]) == (1, 2)
        assert problem["path"] == "/proc/*/fd"
        assert "1 of 3 processes" in problem["problem"]
        assert words in problem["problem"]


def test_nothing_is_looked_for_once_all_is_found(proc, monkeypatch):
    proc(1, "socket:[1]")
    (proc(2) / "fd").rmdir()
    monkeypatch.setattr(processes, "_socket_inodes", lambda pid: {1: [1]}[pid])
    assert look({1: "unknown"})[0]["processes_unseen"] == 0
    assert look({0: "unknown"})[0]["processes"] == []


def test_a_process_or_a_descriptor_that_ends_meanwhile(proc, monkeypatch):
    proc(1, "socket:[1]", "socket:[2]", command=None, uid=None)
    names = os.listdir
    monkeypatch.setattr(
        os, "listdir", lambda path: [*names(path), *(["77"] if isinstance(path, int) else [])]
    )
    told, problems = look({1: "unknown", 2: "unknown"})
    assert told["processes"][0]["established"] == 2
    assert (told["processes"][0]["command"], told["processes"][0]["user"], problems) == (
        None,
        None,
        [],
    )


def test_no_proc_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(procfs, "PROC", str(tmp_path / "none"))
    assert look({1: "unknown"}) == ({"processes": [], "processes_unseen": 1}, [])


def test_a_name_that_is_no_text(proc):
    proc(1, "socket:[1]", command=b"a\xffb")
    assert look({1: "unknown"})[0]["processes"][0]["command"] == "a\ufffdb"
