# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines in the terminal."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Command, Group
from ansible_collections.netops.tuning.plugins.plugin_utils._report.text import to_text
from reports.fleets import KERNEL, OTHER, connections_result, info_result, report, undone_result

HOSTS = {
    "web2": Answer(info_result(now=KERNEL, connections=connections_result(5, 0))),
    "web10": Answer(info_result(connections=connections_result(40, 12, 3))),
    "db1": Answer(info_result(other={"time": 300})),
    "old": Answer({"failed": True, "msg": "it broke"}),
    "gone": Answer({"unreachable": True, "msg": "no route"}),
}


INVENTORY = "--inventory=inventory/production.yml"
ROLE = f"ansible-playbook {INVENTORY} netops.tuning.tcp_keepalive"
COMMENT_OUT = '\'--extra-vars={"tcp_keepalive_on_override": "comment_out"}\''
COMMANDS = [
    (
        "  1 host overridden. See what the role would change; it comments out the lines that win: "
        f"{ROLE} --limit=db1 {COMMENT_OUT} --diff --check"
    ),
    (
        f"  1 host unreachable. Try to connect: ansible {INVENTORY} all --limit=gone "
        "-m ansible.builtin.ping"
    ),
    (
        "  1 host failed. Ask them again: "
        f"ansible-playbook {INVENTORY} netops.tuning.audit --limit=old"
    ),
    f"  1 host drift. See what the role would change: {ROLE} --limit=web2 --diff --check",
]


def test_one_line_for_each_host_that_needs_attention_and_a_total():
    finding = f"time: our file asks for 3600, but the next boot sets 300 ({OTHER} line 4)"
    assert to_text(report(HOSTS)).splitlines() == [
        "TCP keepalive audit",
        "",
        f"  db1   overridden   {finding}",
        "  gone  unreachable  no route",
        "  old   failed       it broke",
        "  web2  drift        time 7200 instead of 3600, intvl 75 instead of 25, now",
        "",
        "  5 hosts: 1 as wanted, 1 drift, 1 overridden, 1 failed, 1 unreachable",
        "  wanted on 3 hosts: time 3600, probes 9, intvl 25 (the role's default)",
        "  45 connections: 12 without keepalive on 1 host, 3 with an older timer on 1 host",
        "",
        *COMMANDS,
    ]


def test_of_many_groups_some_are_shown():
    groups = []
    for number in range(1, 12):
        command = Command("Look", f"ls web{number}")
        group = Group(
            kind="drift",
            hosts=(f"web{number}",),
            causes=(),
            command=command,
            limit_name=None,
        )
        groups.append(group)
    lines = to_text(report(HOSTS)._replace(groups=tuple(groups))).splitlines()
    assert lines[-9] == "  1 host drift. Look: ls web1"
    assert lines[-1] == "  and 3 other groups, with their commands in the HTML report"


def test_groups_that_no_command_helps_are_left_out():
    groups = (Group(kind="idle_limit", hosts=("web1",), causes=(), command=None, limit_name=None),)
    assert to_text(report(HOSTS)._replace(groups=groups)).splitlines()[-1].startswith("  45 conn")


def test_a_host_as_wanted():
    assert to_text(report({"web1": Answer(info_result())})).splitlines() == [
        "TCP keepalive audit",
        "",
        "  1 host: 1 as wanted",
        "  wanted on 1 host: time 3600, probes 9, intvl 25 (the role's default)",
    ]


def test_hosts_that_the_last_boot_did_not_keep_as_they_were_are_counted():
    lines = to_text(report({"web1": Answer(undone_result())})).splitlines()
    assert "undone since the boot of" in lines[2]
    assert "  1 host on which the last boot did not keep a value" in lines


def test_the_outcome_of_a_rollout_is_a_column():
    hosts = {
        "a": Answer(info_result(), "done"),
        "b": Answer(info_result(), "put_back"),
        "long": Answer(None, "not_reached"),
    }
    assert to_text(report(hosts)).splitlines()[2:4] == [
        "  b     as wanted    put back",
        "  long  not reached  not reached  the run ended before this host was asked",
    ]


def test_no_hosts():
    assert to_text(report({})).splitlines() == ["TCP keepalive audit", "", "  0 hosts"]


def test_hosts_that_make_the_audit_fail_are_listed():
    assert "web10" not in to_text(report(HOSTS))
    assert "web10" in to_text(report(HOSTS), ["unprotected"])


def test_a_host_cannot_write_to_the_terminal():
    name = "web\x1b[2J\r\u202e\u2028\u00e9"
    text = to_text(report({name: Answer({"failed": True, "msg": "\x1b]0;x\x07\x9b31m"})}))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J\\r\\u202e\\u2028\u00e9" in text


def test_what_changed_since_an_earlier_report_comes_first():
    later = {
        "web2": HOSTS["web10"],
        "web10": HOSTS["web10"],
        "db1": HOSTS["db1"],
        "old": HOSTS["gone"],
        "db2": Answer(info_result()),
        "db3": HOSTS["db1"],
        "db4": HOSTS["web2"],
    }
    earlier = report({**HOSTS, "db4": HOSTS["web10"], "off": HOSTS["db1"]})
    assert to_text(report(later, earlier=earlier, inventory=["gone"])).splitlines()[:9] == [
        "TCP keepalive audit",
        "",
        "  since 2026-11-24T07:01:45+00:00:",
        "    newly wrong  db4",
        "    mended       web2",
        "    new          db2, db3",
        "    gone         off",
        "    1 host of it not asked this time",
        "",
    ]


def test_nothing_changed():
    lines = to_text(report(HOSTS, earlier=report(HOSTS))).splitlines()
    assert lines[3:5] == ["    no host changed", ""]


def test_of_many_names_some_are_shown():
    names = [f"web{number}" for number in range(1, 26)]
    later = {name: Answer(info_result()) for name in names}
    lines = to_text(report(later, earlier=report({}))).splitlines()
    assert lines[3].startswith("    new          web1, web2, ")
    assert lines[3].endswith(", web20 and 5 more")
