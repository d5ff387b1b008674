# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host answered, weighed: its state, what is found, and what to do about it."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers, host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Setting
from ansible_collections.netops.tuning.plugins.plugin_utils._report.wanted import PATH, wanted
from reports.fleets import (
    DOCUMENT,
    GCE,
    KERNEL,
    OTHER,
    SHELL,
    VENDOR,
    answer,
    line,
    setting,
    sockets,
)


def built(found, variables=None, outcome=None, name="web1"):
    return host(name, Answers(found, outcome), wanted(variables or {}), SHELL)


@pytest.mark.parametrize(
    ("found", "state", "finding"),
    [
        (answer(), "as_wanted", None),
        (answer(now=KERNEL), "drift", "time 7200 instead of 3600, intvl 75 instead of 25, now"),
        (
            answer(now=KERNEL, ours=None),
            "drift",
            f"time 7200 instead of 3600, intvl 75 instead of 25, now and after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            answer(now=DOCUMENT, ours=None),
            "drift",
            f"time 7200 instead of 3600, intvl 75 instead of 25, after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            answer(now=DOCUMENT, other={"time": 300}),
            "overridden",
            f"time: our file asks for 3600, but the next boot sets 300 ({OTHER} line 4)",
        ),
        (
            answer(now=GCE, ours=GCE),
            "drift",
            "time 60 instead of 3600, probes 5 instead of 9, intvl 60 instead of 25",
        ),
    ],
)
def test_state_and_first_finding(found, state, finding):
    found = built(found)
    assert found.state == state
    assert [each[: len(finding or "")] for each in found.findings[:1]] == (
        [finding] if finding else []
    )


def test_a_boot_that_no_file_says_anything_of_gives_the_values_of_the_kernel():
    found = built(answer(intvl=setting(25)))
    assert found.settings["intvl"] == Setting(25, 75, None, 25, None, ())
    assert found.state == "drift"


def test_a_line_that_only_keeps_globs_off_sets_nothing():
    found = built(answer(intvl=setting(25, line(OTHER, 1, "intvl", None, "winner"))))
    assert (found.settings["intvl"].boot, found.settings["intvl"].winner) == (75, None)


def test_of_several_lines_of_our_file_the_last_one_is_what_it_says():
    lines = [line(PATH, 1, "time", 5, "overridden"), line(PATH, 2, "time", 3600, "winner")]
    assert built(answer(time=setting(3600, *lines))).settings["time"].persisted == 3600


def test_our_file_is_the_one_that_the_role_is_told_to_write():
    found = built(answer(), variables={"tcp_keepalive_path": OTHER})
    assert [each.persisted for each in found.settings.values()] == [None] * 3


def test_a_number_is_read_as_the_kernel_reads_it():
    found = built(answer(time=setting(3600, line(PATH, 1, "time", "007020", "winner"))))
    assert (found.settings["time"].persisted, found.settings["time"].boot, found.state) == (
        3600,
        3600,
        "as_wanted",
    )


def test_a_line_that_the_kernel_refuses_sets_nothing():
    found = built(answer(time=setting(3600, line(PATH, 1, "time", "soon", "winner"))))
    assert (found.settings["time"].persisted, found.settings["time"].boot, found.state) == (
        "soon",
        7200,
        "overridden",
    )


@pytest.mark.parametrize(("now", "after"), [(DOCUMENT, 3825), (KERNEL, 7875), (GCE, 360)])
def test_dead_after(now, after):
    assert built(answer(now=now)).dead_after == after


@pytest.mark.parametrize(
    ("limit", "clears"), [(None, None), (3601, True), (3600, False), (350, False)]
)
def test_the_idle_limit(limit, clears):
    found = built(answer(), variables={"audit_idle_limit": limit})
    assert found.clears_idle_limit is clears
    assert found.needs_attention is (clears is False)
    assert any("before the path forgets" in each for each in found.findings) is (clears is False)


def test_a_value_that_cannot_be_read_makes_a_failure_that_says_why():
    found = answer(time=setting(None))
    found["problems"] = [{"path": "/proc/sys", "problem": "this kernel has no such key"}]
    made = built(found)
    assert (made.state, made.message) == (
        "failed",
        "net.ipv4.tcp_keepalive_time is not known: this kernel has no such key",
    )


@pytest.mark.parametrize(
    ("found", "state", "message"),
    [
        (None, "not_reached", "the run ended before this host was asked"),
        ({"unreachable": True, "msg": "no\nroute"}, "unreachable", "no route"),
        ({"unreachable": True, "msg": "Task failed: no route"}, "unreachable", "no route"),
        ({"failed": True, "msg": "it broke"}, "failed", "it broke"),
        ({"failed": True}, "failed", "it gave no result and no reason"),
        ({"changed": False}, "failed", "it gave no result and no reason"),
        ({"settings": {}, "problems": []}, "failed", "its answer is not that of the module"),
        ({"settings": [], "problems": []}, "failed", "its answer is not that of the module"),
        (answer(time={"runtime": 1}), "failed", "its answer is not that of the module"),
        (
            {**answer(), "connections": {"established": "many"}},
            "failed",
            "its answer is not that of the module",
        ),
        ({**answer(), "processes": [5]}, "failed", "its answer is not that of the module"),
        ({**answer(), "problems": None}, "failed", "its answer is not that of the module"),
        (answer(time=None), "failed", "its answer is not that of the module"),
    ],
)
def test_hosts_that_say_nothing_of_use_are_in_the_report_too(found, state, message):
    found = built(found, outcome="failed")
    assert (found.state, found.outcome) == (state, "failed")
    assert found.message.startswith(message)
    assert found.findings[0] == found.message
    assert found.todo


def test_connections():
    found = built(answer(connections=sockets(40, 12, 3, ["web"], seed=1)))
    assert found.connections == (40, 28, 12, 0, 3)
    worst = found.processes[0].command
    assert found.findings == (
        f"12 of 40 connections without keepalive, most in {worst}",
        "3 connections still under an older, longer time",
        "1 network namespace with other values",
    )
    assert (found.unprotected, found.differing, found.state) == (True, 1, "as_wanted")


def test_connections_that_were_not_asked_for():
    found = built(answer())
    assert (found.connections, found.processes, found.unprotected, found.findings) == (
        None,
        (),
        False,
        (),
    )


def test_what_the_module_could_not_see_is_kept():
    seen = sockets(4)
    seen["processes"][0].update(command=None, user=None)
    seen["namespaces"] = [
        {"inode": 1, "name": None, "processes": 0, "settings": None, "differs": None}
    ]
    found = built(answer(connections=seen))
    assert (found.processes[0].command, found.processes[0].user) == ("(ended)", None)
    assert (found.namespaces[0].time, found.namespaces[0].differs, found.differing) == (
        None,
        False,
        0,
    )
