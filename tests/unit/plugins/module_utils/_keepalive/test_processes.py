# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners of connections: processes that end, that are hidden, and that share a connection."""

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
    """Return a function that makes a process in a folder that stands in for /proc."""
    monkeypatch.setattr(procfs, "PROC", str(tmp_path))
    (tmp_path / "self").mkdir()

    def process(pid: int, *targets: str, command: Any = "x", uid: int | None = 0) -> Any:
        folder = tmp_path / str(pid)
        (folder / "fd").mkdir(parents=True)
        for fd, target in enumerate(targets):
            (folder / "fd" / str(fd)).symlink_to(target)
        if command is not None:
            (folder / "comm").write_bytes(os.fsencode(command) + b"\n")
        if uid is not None:
            (folder / "status").write_text(f"Name:\tx\nUid:\t99\t{uid}\t99\t99\n")
        return folder

    return process


def count(states: dict[int, str], limit: int = 20) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Count connections (inode -> state) by process; return the result and the problems."""
    connections = Connections("proc")
    connections.states, connections.inodes = list(states.values()), list(states)
    problems: list[dict[str, Any]] = []
    return processes.count_by_process(connections, limit, problems), problems


def test_counts_each_connection_once(proc):
    proc(20, "socket:[1]", "/dev/null", "socket:[2]", "pipe:[3]", "socket:[99]", command="second")
    proc(3, "socket:[1]", "socket:[3]", "anon_inode:[eventpoll]", command="first", uid=4242424)
    states = {1: "stale", 2: "with_keepalive", 3: "unknown", 4: "without_keepalive"}
    result, problems = count(states)
    first, second = result["processes"]
    assert (first["pid"], first["established"]) == (3, 2)
    assert (first["command"], first["user"]) == ("first", "4242424")
    assert (second["pid"], second["established"]) == (20, 1)
    assert (second["command"], second["user"]) == ("second", "root")
    assert (first["stale"], first["unknown"]) == (1, 1)
    assert (result["processes_unseen"], problems) == (1, [])


def test_lists_the_worst_processes_first(proc):
    states_by_pid = {
        1: ["with_keepalive"] * 9,
        2: ["stale"],
        3: ["stale"] + ["with_keepalive"] * 5,
        4: ["stale", "without_keepalive", "stale"],
        5: ["stale"],
    }
    states_by_inode = {}
    for pid, states in states_by_pid.items():
        inodes = [pid * 100 + number for number in range(len(states))]
        links = [f"socket:[{inode}]" for inode in inodes]
        proc(pid, *links)
        states_by_inode.update(zip(inodes, states))
    assert pids(count(states_by_inode)) == [4, 3, 2, 5, 1]
    assert pids(count(states_by_inode, 2)) == [4, 3]


def pids(counted):
    result, _problems = counted
    return [process["pid"] for process in result["processes"]]


def test_counts_processes_with_hidden_sockets(proc, monkeypatch):
    hidden = proc(1)
    (hidden / "fd").rmdir()
    (hidden / "fd").write_text("not a folder, so it cannot be opened as one")
    ended = proc(2)
    (ended / "fd").rmdir()
    proc(3, "socket:[1]")
    for uid, remedy in ((1000, "become root"), (0, "a root without all capabilities")):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        result, (problem,) = count({1: "unknown", 2: "unknown", 0: "with_keepalive"})
        assert (len(result["processes"]), result["processes_unseen"]) == (1, 2)
        assert problem["path"] == "/proc/*/fd"
        assert "1 of 3 processes" in problem["problem"]
        assert remedy in problem["problem"]


def test_stops_once_every_connection_has_an_owner(proc, monkeypatch):
    proc(1, "socket:[1]")
    (proc(2) / "fd").rmdir()
    monkeypatch.setattr(processes, "socket_inodes", lambda pid: {1: [1]}[pid])
    assert count({1: "unknown"})[0]["processes_unseen"] == 0
    assert count({0: "unknown"})[0]["processes"] == []


def test_process_or_descriptor_that_goes_away(proc, monkeypatch):
    proc(1, "socket:[1]", "socket:[2]", command=None, uid=None)
    listdir = os.listdir

    def list_a_closed_descriptor_too(path):
        names = listdir(path)
        return [*names, "77"] if isinstance(path, int) else names

    monkeypatch.setattr(os, "listdir", list_a_closed_descriptor_too)
    result, problems = count({1: "unknown", 2: "unknown"})
    (process,) = result["processes"]
    assert process["established"] == 2
    assert (process["command"], process["user"], problems) == (None, None, [])


def test_host_without_proc(monkeypatch, tmp_path):
    monkeypatch.setattr(procfs, "PROC", str(tmp_path / "none"))
    assert count({1: "unknown"}) == ({"processes": [], "processes_unseen": 1}, [])


def test_process_name_that_is_not_utf8(proc):
    proc(1, "socket:[1]", command=b"a\xffb")
    assert count({1: "unknown"})[0]["processes"][0]["command"] == "a\ufffdb"
