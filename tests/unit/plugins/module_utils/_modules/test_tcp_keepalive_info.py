# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tcp_keepalive_info: the settings now and at boot, and the requested parts."""

from __future__ import annotations

import errno
import math
import os

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host.boot import (
    reading,
    settings_undone,
)
from ansible_collections.netops.tuning.plugins.module_utils._keepalive.connections import (
    Connections,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules import (
    tcp_keepalive_info as engine,
)
from ansible_collections.netops.tuning.plugins.modules import tcp_keepalive_info

TIME, PROBES, INTVL = (f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl"))
FILE = "/etc/sysctl.d/a.conf"
SYSVINIT = "/etc/rcS.d/S01procps"
NO_OTHER_PARTS = {
    "sockets": False,
    "namespaces": False,
    "process_limit": 20,
    "assignments": False,
    "rehearse": False,
}


@pytest.fixture
def inspect(kernel, host_root, monkeypatch):
    """Return a function that inspects a host with these values and files."""

    def inspect_host(values=(7200, 9, 75), files=(), **params):
        runtime = {}
        for key, value in zip((TIME, PROBES, INTVL), values):
            if value is not None:
                runtime[key] = str(value)
        kernel(**runtime)
        host_files = host_root({SYSVINIT: "", **dict(files)}).files
        monkeypatch.setattr(engine, "HostFiles", lambda _root: host_files)
        return engine.inspect_keepalive({**NO_OTHER_PARTS, **params})

    return inspect_host


def test_parts_that_were_not_requested_are_empty(inspect):
    assert inspect() == {
        "loader": "procps",
        "settings": {
            "time": {"runtime": 7200, "boot": None, "certain": True, "undone": False},
            "probes": {"runtime": 9, "boot": None, "certain": True, "undone": False},
            "intvl": {"runtime": 75, "boot": None, "certain": True, "undone": False},
        },
        "booted": None,
        "dead_after": 7875,
        "source": None,
        "connections": None,
        "processes": [],
        "processes_unseen": None,
        "namespaces": [],
        "doubts": [],
        "problems": [],
    }


@pytest.mark.parametrize(
    ("text", "boot"),
    [
        (f"{TIME} = 60\n{PROBES}=0x5\nnet/ipv4/tcp_keepalive_intvl = 7\n", [60, 5, 7]),
        ("net.ipv4.tcp_keepalive_* = 3\n", [3, 3, 3]),
        (f"-{TIME}\nnet.ipv4.tcp_keepalive_* = 3\n", [None, 3, 3]),
        (f"{TIME} = 3600 9 # text\n", [3600, None, None]),
    ],
    ids=["values", "glob", "excluded", "comment"],
)
def test_values_at_boot(inspect, text, boot):
    result = inspect(files={FILE: text})
    assert [setting["boot"] for setting in result["settings"].values()] == boot
    assert result["problems"] == []


@pytest.mark.parametrize("value", ["soon", "", '"3600"', "3600s"])
def test_boot_value_that_the_kernel_would_refuse(inspect, value):
    result = inspect(files={FILE: f"# first\n{TIME} = {value}\n"})
    assert result["settings"]["time"] == {
        "runtime": 7200,
        "boot": None,
        "certain": True,
        "undone": False,
    }
    (problem,) = result["problems"]
    assert problem["path"] == FILE
    assert "line 2" in problem["problem"]
    assert repr(value) in problem["problem"]


def test_settings_that_the_last_boot_did_not_keep(inspect, monkeypatch):
    monkeypatch.setattr(settings_undone, "read_boot_time", lambda: 1e11)
    files = {FILE: f"{TIME} = 60\n{PROBES} = 9\n{INTVL} = soon\n"}
    result = inspect(files=files, assignments=True)
    flags = [setting["undone"] for setting in result["settings"].values()]
    assert (flags, result["booted"]) == ([True, False, False], "5138-11-16T09:46:40Z")


def test_unreadable_boot_file_is_a_problem(inspect, monkeypatch):
    def deny(*_given):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(reading, "read_file", deny)
    (problem,) = inspect(files={FILE: f"{TIME} = 1\n"})["problems"]
    assert problem["path"] == FILE
    assert "Permission denied" in problem["problem"]


def test_dangling_link_is_no_problem(inspect):
    assert inspect(files={"/etc/sysctl.d/b.conf": {"link": "gone"}})["problems"] == []


def test_returns_every_assignment_on_request(inspect):
    files = {FILE: f"{TIME} = 5\n{TIME} = 60\nwhat\n", "/etc/sysctl.d/b.conf": {"link": "gone"}}
    result = inspect(files=files, assignments=True)
    lines = [
        {"path": FILE, "line": 1, "key": TIME, "value": "5", "fate": "overridden", "by": "procps"},
        {"path": FILE, "line": 2, "key": TIME, "value": "60", "fate": "winner", "by": "procps"},
    ]
    winner = {"path": FILE, "line": 2, "by": "procps"}
    assert result["settings"]["time"] == {
        "runtime": 7200,
        "boot": 60,
        "certain": True,
        "undone": False,
        "winner": winner,
        "assignments": lines,
    }
    assert result["settings"]["intvl"] == {
        "runtime": 75,
        "boot": None,
        "certain": True,
        "undone": False,
        "winner": None,
        "assignments": [],
    }
    assert [(problem["path"], problem["line"]) for problem in result["problems"]] == [
        ("/etc/sysctl.d/b.conf", None),
        (FILE, 3),
    ]


def test_returns_each_problem_once(inspect, monkeypatch):
    def deny(*_given):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(reading, "read_file", deny)
    assert len(inspect(files={FILE: f"{TIME} = 1\n"}, assignments=True)["problems"]) == 1


@pytest.mark.parametrize(
    "values", [(None, 9, 75), (7200, None, 75), (7200, 9, None), (7200, 9, "x")]
)
def test_values_that_are_not_known(inspect, values):
    result = inspect(values)
    numbers = [value if isinstance(value, int) else None for value in values]
    assert [setting["runtime"] for setting in result["settings"].values()] == numbers
    assert result["dead_after"] is None
    assert len(result["problems"]) == (None in values)


@pytest.mark.parametrize(
    ("values", "longest"),
    [
        ((7200, 9, 75), 7200_000),
        ((60, 9, 75), 75_000),
        ((None, 9, 75), math.inf),
        ((60, 9, None), math.inf),
    ],
)
def test_passes_on_the_longest_timer(inspect, monkeypatch, values, longest):
    arguments = []

    def read_connections(milliseconds, _problems):
        arguments.append(milliseconds)
        connections = Connections("proc")
        connections.states, connections.inodes = ["stale"], [0]
        return connections

    monkeypatch.setattr(engine, "read_connections", read_connections)
    result = inspect(values, sockets=True)
    assert arguments == [longest]
    assert (result["source"], result["connections"]["stale"]) == ("proc", 1)
    assert (result["processes"], result["processes_unseen"]) == ([], 1)


def test_reads_no_process_if_none_is_to_be_listed(inspect, monkeypatch):
    monkeypatch.setattr(engine, "read_connections", lambda *_unused: Connections("sock_diag"))
    monkeypatch.delattr(engine, "count_by_process")
    result = inspect(sockets=True, process_limit=0)
    assert (result["source"], result["connections"]["established"]) == ("sock_diag", 0)
    assert (result["processes"], result["processes_unseen"]) == ([], None)


def test_connections_that_are_not_known(inspect, monkeypatch):
    monkeypatch.setattr(engine, "read_connections", lambda *_unused: None)
    result = inspect(sockets=True)
    assert (result["source"], result["connections"], result["processes_unseen"]) == (
        None,
        None,
        None,
    )


def test_module_on_this_host(modules, kernel):
    kernel(**{TIME: "60", PROBES: "3", INTVL: "5"})
    for check in (True, False):
        result = modules.ok(tcp_keepalive_info, check=check)
        assert not result["changed"]
        assert result["settings"]["time"]["runtime"] == 60
        assert (result["dead_after"], result["source"]) == (75, "sock_diag")
        assert result["connections"]["established"] >= 0


def test_module_failures(modules, monkeypatch):
    assert "process_limit -1" in modules.fails(tcp_keepalive_info, process_limit=-1)["msg"]

    def fail(_self):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(engine, "read_boot_files", fail)
    assert modules.fails(tcp_keepalive_info)["errno"] == errno.EIO
