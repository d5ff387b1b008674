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
from support.fleet import DOCUMENT, GCE, KERNEL, OTHER, SHELL, VENDOR, key, line, setting, settings, sockets


def built(answer, found=None, variables=None, outcome=None, name="web1"):
    return host(name, Answers(answer, found, outcome), wanted(variables or {}), SHELL)


def unset(answer, **lines):
    """Replace what is said of some of the keys."""
    return {**answer, "settings": {**answer["settings"], **{key(name): told for name, told in lines.items()}}}


@pytest.mark.parametrize(
    ("answer", "state", "finding"),
    [
        (settings(), "as_wanted", None),
        (settings(now=KERNEL), "drift", "time 7200 instead of 3600, intvl 75 instead of 25, now"),
        (
            settings(now=KERNEL, ours=None),
            "drift",
            f"time 7200 instead of 3600, intvl 75 instead of 25, now and after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            settings(now=DOCUMENT, ours=None),
            "drift",
            f"time 7200 instead of 3600, intvl 75 instead of 25, after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            settings(now=DOCUMENT, other={"time": 300}),
            "overridden",
            f"time: our file asks for 3600, but the next boot sets 300 ({OTHER} line 4)",
        ),
        (
            settings(now=GCE, ours=GCE),
            "drift",
            "time 60 instead of 3600, probes 5 instead of 9, intvl 60 instead of 25",
        ),
    ],
)
def test_state_and_first_finding(answer, state, finding):
    found = built(answer)
    assert found.state == state
    assert [each[: len(finding or "")] for each in found.findings[:1]] == ([finding] if finding else [])


def test_a_boot_that_no_file_says_anything_of_gives_the_values_of_the_kernel():
    found = built(unset(settings(), intvl=setting(25)))
    assert found.settings["intvl"] == Setting(25, 75, None, 25, None, ())
    assert found.state == "drift"


def test_a_line_that_only_keeps_globs_off_sets_nothing():
    found = built(unset(settings(), intvl=setting(25, line(OTHER, 1, "intvl", None, "winner"))))
    assert (found.settings["intvl"].boot, found.settings["intvl"].winner) == (75, None)


def test_of_several_lines_of_our_file_the_last_one_is_what_it_says():
    lines = [line(PATH, 1, "time", 5, "overridden"), line(PATH, 2, "time", 3600, "winner")]
    assert built(unset(settings(), time=setting(3600, *lines))).settings["time"].persisted == 3600


def test_our_file_is_the_one_that_the_role_is_told_to_write():
    found = built(settings(), variables={"tcp_keepalive_path": OTHER})
    assert [each.persisted for each in found.settings.values()] == [None] * 3


def test_a_number_is_read_as_the_kernel_reads_it():
    found = built(unset(settings(), time=setting("0xe10", line(PATH, 1, "time", "007020", "winner"))))
    assert (found.settings["time"].now, found.settings["time"].boot, found.state) == (3600, 3600, "as_wanted")


def test_what_is_no_number_stays_as_it_is():
    found = built(unset(settings(), time=setting(3600, line(PATH, 1, "time", "soon", "winner"))))
    assert (found.settings["time"].boot, found.state) == ("soon", "drift")
    assert f"time soon instead of 3600, after the next boot ({PATH} line 1)" in found.findings


@pytest.mark.parametrize(("now", "after"), [(DOCUMENT, 3825), (KERNEL, 7875), (GCE, 360)])
def test_dead_after(now, after):
    assert built(settings(now=now)).dead_after == after


@pytest.mark.parametrize(("limit", "clears"), [(None, None), (3601, True), (3600, False), (350, False)])
def test_the_idle_limit(limit, clears):
    found = built(settings(), variables={"audit_idle_limit": limit})
    assert found.clears_idle_limit is clears
    assert found.needs_attention is (clears is False)
    assert any("before the path forgets" in each for each in found.findings) is (clears is False)


def test_a_value_that_cannot_be_read_makes_a_failure_that_says_why():
    path = "/proc/sys/net/ipv4/tcp_keepalive_time"
    answer = unset(settings(), time=setting(None))
    answer["problems"] = [{"path": path, "line": None, "problem": "this kernel has no such key"}]
    found = built(answer)
    assert (found.state, found.message) == ("failed", f"{path}: this kernel has no such key")


@pytest.mark.parametrize(
    ("answer", "state", "message"),
    [
        (None, "not_reached", "the run ended before this host was asked"),
        ({"unreachable": True, "msg": "no\nroute"}, "unreachable", "no route"),
        ({"unreachable": True, "msg": "Task failed: no route"}, "unreachable", "no route"),
        ({"failed": True, "msg": "it broke"}, "failed", "it broke"),
        ({"failed": True}, "failed", "it gave no result and no reason"),
        ({"changed": False}, "failed", "it gave no result and no reason"),
        ({"settings": {}, "problems": []}, "failed", "its answer is not that of the module"),
        ({"settings": [], "problems": []}, "failed", "its answer is not that of the module"),
        (unset(settings(), time={"runtime": "1"}), "failed", "its answer is not that of the module"),
        (unset(settings(), time=None), "failed", "its answer is not that of the module"),
    ],
)
def test_hosts_that_say_nothing_of_use_are_in_the_report_too(answer, state, message):
    found = built(answer, outcome="failed")
    assert (found.state, found.outcome) == (state, "failed")
    assert found.message.startswith(message)
    assert found.findings[0] == found.message
    assert found.todo


def test_connections():
    found = built(settings(), sockets(40, 12, 3, ["web"], seed=1))
    assert found.connections == (40, 28, 12, 0, 3)
    worst = found.processes[0].command
    assert found.findings == (
        f"12 of 40 connections without keepalive, most in {worst}",
        "3 connections still under an older, longer time",
        "1 network namespace with other values",
    )
    assert (found.unprotected, found.differing, found.state) == (True, 1, "as_wanted")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"failed": True, "msg": "no netlink"}, "connections were not counted: no netlink"),
        ({"unreachable": True, "msg": "gone"}, "connections were not counted: gone"),
        ({}, "connections were not counted: it gave no result and no reason"),
    ],
)
def test_settings_count_also_where_connections_could_not_be_counted(answer, problem):
    found = built(settings(), answer)
    assert (found.state, found.connections) == ("as_wanted", None)
    assert [each.problem for each in found.problems] == [problem]


@pytest.mark.parametrize("answer", [None, {"skipped": True, "skip_reason": "Conditional result was False"}])
def test_connections_that_were_not_asked_for(answer):
    found = built(settings(), answer)
    assert (found.connections, found.problems) == (None, ())
