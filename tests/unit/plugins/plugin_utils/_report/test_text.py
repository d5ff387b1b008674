# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines in the terminal, and what a run can be told to fail on."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers
from ansible_collections.netops.tuning.plugins.plugin_utils._report.text import (
    FAILURES,
    to_text,
    violations,
)
from reports.fleets import KERNEL, answer, report, sockets

HOSTS = {
    "web2": Answers(answer(now=KERNEL, connections=sockets(5, 0))),
    "web10": Answers(answer(connections=sockets(40, 12, 3))),
    "db1": Answers(answer(other={"time": 300})),
    "old": Answers({"failed": True, "msg": "it broke"}),
    "gone": Answers({"unreachable": True, "msg": "no route"}),
}


def test_one_line_for_each_host_that_needs_attention_and_a_total():
    assert to_text(report(HOSTS)).splitlines() == [
        "TCP keepalive audit",
        "",
        "  db1   overridden   time: our file asks for 3600, but the next boot sets 300 (/etc/sysctl.d/99-database.conf line 4)",
        "  gone  unreachable  no route",
        "  old   failed       it broke",
        "  web2  drift        time 7200 instead of 3600, intvl 75 instead of 25, now",
        "",
        "  5 hosts: 1 as wanted, 1 drift, 1 overridden, 1 failed, 1 unreachable",
        "  45 connections: 12 without keepalive on 1 host, 3 under an older time on 1 host",
    ]


def test_all_as_wanted():
    assert to_text(report({"web1": Answers(answer())})).splitlines() == [
        "TCP keepalive audit",
        "",
        "  1 host: 1 as wanted",
    ]


def test_what_a_rollout_made_of_a_host_is_told_too():
    hosts = {
        "a": Answers(answer(), "done"),
        "b": Answers(answer(), "put_back"),
        "long": Answers(None, "not_reached"),
    }
    assert to_text(report(hosts)).splitlines()[2:4] == [
        "  b     as wanted    put back",
        "  long  not reached  not reached  the run ended before this host was asked",
    ]


def test_no_hosts():
    assert to_text(report({})).splitlines() == ["TCP keepalive audit", "", "  0 hosts"]


def test_what_a_run_is_to_fail_on_is_listed():
    assert not any("web10" in line for line in to_text(report(HOSTS)).splitlines())
    assert any("web10" in line for line in to_text(report(HOSTS), ["unprotected"]).splitlines())


def test_a_host_cannot_write_to_the_terminal():
    name = "web\x1b[2J\r\u202e\u2028\u00e9"
    text = to_text(report({name: Answers({"failed": True, "msg": "\x1b]0;x\x07\x9b31m"})}))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J\\r\\u202e\\u2028\u00e9" in text


@pytest.mark.parametrize(
    ("reason", "names"),
    [("drift", ["db1", "web2"]), ("unprotected", ["web10"]), ("unreachable", ["gone", "old"])],
)
def test_violations(reason, names):
    found = violations(report(HOSTS), [reason])
    assert {each: [host.name for host in hosts] for each, hosts in found.items()} == {reason: names}


def test_no_violations():
    assert violations(report(HOSTS), []) == {}
    assert violations(report({"web1": Answers(answer())}), list(FAILURES)) == {}
