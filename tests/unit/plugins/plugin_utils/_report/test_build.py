# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a host: its state, its findings and the next steps."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer, build_host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Setting
from reports.fleets import (
    BOOTED,
    DOCUMENT,
    GCE,
    KERNEL,
    OTHER,
    PATH,
    SHELL,
    VENDOR,
    connections_result,
    desired,
    info_result,
    line,
    setting,
    undone_result,
)

KERNEL_VALUES = "time 7200 instead of 3600, intvl 75 instead of 25"


def build(result, variables=None, outcome=None):
    return build_host("web1", Answer(result, outcome), desired(variables), SHELL)


@pytest.mark.parametrize(
    ("result", "state", "finding"),
    [
        (info_result(), "as_wanted", None),
        (
            info_result(now=KERNEL),
            "drift",
            f"{KERNEL_VALUES}, now",
        ),
        (
            info_result(now=KERNEL, ours=None),
            "drift",
            f"{KERNEL_VALUES}, now and after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            info_result(now=DOCUMENT, ours=None),
            "drift",
            f"{KERNEL_VALUES}, after the next boot ({VENDOR} line 7, no file sets it)",
        ),
        (
            info_result(now=DOCUMENT, other={"time": 300}),
            "overridden",
            f"time: our file asks for 3600, but the next boot sets 300 ({OTHER} line 4)",
        ),
        (
            info_result(now=GCE, ours=DOCUMENT),
            "drift",
            "time 60 instead of 3600, probes 5 instead of 9, intvl 60 instead of 25",
        ),
        (
            info_result(now=GCE, ours=GCE),
            "as_wanted",
            f"as managed: time 60, probes 5, intvl 60 by {PATH} on the host, since no variable",
        ),
        (
            info_result(now=KERNEL, ours=GCE),
            "drift",
            "time 7200 instead of 60, probes 9 instead of 5, intvl 75 instead of 60, now",
        ),
    ],
)
def test_state_and_first_finding(result, state, finding):
    host = build(result)
    assert host.state == state
    if finding is None:
        assert host.findings == ()
    else:
        assert host.findings[0].startswith(finding)


@pytest.mark.parametrize(
    ("variables", "managed"),
    [
        ({}, True),
        ({"tcp_keepalive_probes": 9}, False),
        ({"tcp_keepalive_profile": "one_hour"}, False),
        ({"audit_time": 3600}, False),
    ],
)
def test_the_file_of_a_host_says_what_is_wanted_if_no_variable_does(variables, managed):
    """As after a play that gives the role its values as parameters."""
    host = build(info_result(now=(300, 9, 25), ours=(300, 9, 25)), variables)
    assert host.as_managed is managed
    assert host.state == ("as_wanted" if managed else "drift")


def test_commands_for_a_host_with_values_of_its_own_keep_them():
    host = build(info_result(now=KERNEL, ours=(300, 9, 25)))
    assert host.arguments["tcp_keepalive_time"] == 300
    assert '"tcp_keepalive_time": 300' in host.todo[-1].command


def test_settings_that_the_last_boot_did_not_keep_are_the_first_finding():
    host = build(undone_result(now=(7200, 9, 25)))
    assert (host.state, host.undone_settings) == ("drift", ["time"])
    assert host.findings[0] == (
        f"undone since the boot of {BOOTED}: time is 7200 instead of 3600 ({PATH} line 2); "
        "something set it later, or it was never applied"
    )


def test_a_doubt_about_the_next_boot_is_a_finding():
    result = info_result()
    doubt = {"by": "none", "why": "the unit is masked", "path": "/etc/x", "line": None}
    result["doubts"] = [
        {**doubt, "affected_keys": ["net.ipv4.tcp_keepalive_time"], "remedy": "do y"}
    ]
    result["loader"] = "none"
    host = build(result)
    assert host.state == "as_wanted"
    finding = "not certain after the next boot: none: the unit is masked (/etc/x)"
    assert host.findings == (finding,)


def test_a_boot_without_a_file_gives_the_kernel_defaults():
    host = build(info_result(intvl=setting(25)))
    assert host.settings["intvl"] == Setting(
        now=25,
        boot=75,
        persisted=None,
        wanted=25,
        winner=None,
        assignments=(),
        wanted_from="the role's default",
    )
    assert host.state == "drift"


def test_a_line_that_only_excludes_a_key_from_globs_sets_nothing():
    host = build(info_result(intvl=setting(25, line(OTHER, 1, "intvl", None, "winner"))))
    assert (host.settings["intvl"].boot, host.settings["intvl"].winner) == (75, None)


def test_the_last_line_of_our_file_counts():
    lines = [line(PATH, 1, "time", 5, "overridden"), line(PATH, 2, "time", 3600, "winner")]
    assert build(info_result(time=setting(3600, *lines))).settings["time"].persisted == 3600


def test_our_file_is_the_one_that_the_role_writes():
    host = build(info_result(), variables={"tcp_keepalive_path": OTHER})
    assert [setting.persisted for setting in host.settings.values()] == [None] * 3


def test_a_number_is_read_as_the_kernel_reads_it():
    host = build(info_result(time=setting(3600, line(PATH, 1, "time", "007020", "winner"))))
    assert (host.settings["time"].persisted, host.settings["time"].boot, host.state) == (
        3600,
        3600,
        "as_wanted",
    )


def test_a_line_that_the_kernel_refuses_sets_nothing():
    host = build(info_result(time=setting(3600, line(PATH, 1, "time", "soon", "winner"))))
    assert (host.settings["time"].persisted, host.settings["time"].boot, host.state) == (
        "soon",
        7200,
        "overridden",
    )


@pytest.mark.parametrize(("now", "after"), [(DOCUMENT, 3825), (KERNEL, 7875), (GCE, 360)])
def test_dead_after(now, after):
    assert build(info_result(now=now)).dead_after == after


@pytest.mark.parametrize(
    ("limit", "clears"), [(None, None), (3601, True), (3600, False), (350, False)]
)
def test_the_idle_limit(limit, clears):
    host = build(info_result(), variables={"audit_idle_limit": limit})
    assert host.clears_idle_limit is clears
    assert host.needs_attention is (clears is False)
    assert any("but the path forgets" in finding for finding in host.findings) is (clears is False)


def test_a_value_that_cannot_be_read_makes_a_failure_that_says_why():
    result = info_result(time=setting(None))
    result["problems"] = [{"path": "/proc/sys", "problem": "this kernel has no such key"}]
    host = build(result)
    assert host.state == "failed"
    assert host.message == "net.ipv4.tcp_keepalive_time is not known: this kernel has no such key"


@pytest.mark.parametrize(
    ("result", "state", "message"),
    [
        (None, "not_reached", "the run ended before this host was asked"),
        ({"unreachable": True, "msg": "no\nroute"}, "unreachable", "no route"),
        ({"unreachable": True, "msg": "Task failed: no route"}, "unreachable", "no route"),
        ({"failed": True, "msg": "it broke"}, "failed", "it broke"),
        ({"failed": True}, "failed", "it gave no result and no reason"),
        ({"changed": False}, "failed", "it gave no result and no reason"),
        ({"settings": {}, "problems": []}, "failed", "its result is not one of tcp_keepalive_info"),
        ({"settings": [], "problems": []}, "failed", "its result is not one of tcp_keepalive_info"),
        (info_result(time={"runtime": 1}), "failed", "its result is not one of tcp_keepalive_info"),
        (
            {**info_result(), "connections": {"established": "many"}},
            "failed",
            "its result is not one of tcp_keepalive_info",
        ),
        (
            {**info_result(), "processes": [5]},
            "failed",
            "its result is not one of tcp_keepalive_info",
        ),
        (
            {**info_result(), "problems": None},
            "failed",
            "its result is not one of tcp_keepalive_info",
        ),
        (info_result(time=None), "failed", "its result is not one of tcp_keepalive_info"),
    ],
)
def test_hosts_without_a_usable_result_are_in_the_report_too(result, state, message):
    host = build(result, outcome="failed")
    assert (host.state, host.outcome) == (state, "failed")
    assert host.message.startswith(message)
    assert host.findings[0] == host.message
    assert host.todo


def test_connections():
    host = build(info_result(connections=connections_result(40, 12, 3, ["web"], seed=1)))
    assert host.connections == (40, 28, 12, 0, 3)
    worst = host.processes[0].command
    assert host.findings == (
        f"12 of 40 connections without keepalive, most in {worst}",
        "3 connections still on an older, longer timer",
        "1 network namespace with other values",
    )
    assert (host.unprotected, host.differing_namespaces, host.state) == (True, 1, "as_wanted")


def test_connections_that_were_not_requested():
    host = build(info_result())
    assert (host.connections, host.processes, host.unprotected, host.findings) == (
        None,
        (),
        False,
        (),
    )


def test_what_the_module_could_not_see_stays_unknown():
    connections = connections_result(4)
    connections["processes"][0].update(command=None, user=None)
    connections["namespaces"] = [
        {"inode": 1, "name": None, "processes": 0, "settings": None, "differs": None}
    ]
    host = build(info_result(connections=connections))
    assert (host.processes[0].command, host.processes[0].user) == ("(ended)", None)
    assert (host.namespaces[0].time, host.namespaces[0].differs, host.differing_namespaces) == (
        None,
        False,
        0,
    )


def test_what_a_rehearsal_contradicts_is_a_finding() -> None:
    key = "net.ipv4.tcp_keepalive_time"
    result = {
        **info_result(),
        "disagreements": [{"key": key, "boot": "3600", "rehearsed": "60"}],
        "not_rehearsed": [{"key": "net.ipv4.tcp_keepalive_intvl", "reason": "it is a secret"}],
    }
    host = build(result)
    assert host.findings == (
        f"in a rehearsal the sysctl loader gave {key} 60, and 3600 was predicted",
    )
    (problem,) = host.problems
    assert problem.problem == "not rehearsed: it is a secret"
