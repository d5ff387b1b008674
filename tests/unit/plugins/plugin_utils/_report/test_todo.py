# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that can be pasted: a shell makes of them what was meant, whatever hosts and files are called."""

from __future__ import annotations

import json
import subprocess

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers, host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.todo import Shell, for_fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._report.wanted import wanted
from reports.fleets import KERNEL, answer, sockets

HOSTILE = [
    "web1",
    "-rf",
    "a b",
    "$(touch /tmp/x)",
    "`id`",
    "it's",
    'a"b',
    "a;reboot",
    "a\nb",
    "#x",
    "*",
    "~root",
    "a&&b",
    "\\",
]


def words(command):
    """Have a shell tell what it would call."""
    script = (
        f'ansible() {{ printf "%s\\0" ansible "$@"; }}; alias ansible-playbook=ansible\n{command}'
    )
    told = subprocess.run(
        ["bash", "-O", "expand_aliases", "-c", script], check=True, capture_output=True
    ).stdout
    return told.decode().split("\0")[1:-1]


def todo(name, found, variables=None, inventory=("hosts.yml",)):
    shell = Shell(inventory, "audit.limit")
    return [
        words(each.command)
        for each in host(name, Answers(found), wanted(variables or {}), shell).todo
    ]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "told",
    [
        answer(now=KERNEL, connections=sockets(4, 2)),
        answer(other={"time": 5}),
        {"failed": True},
        None,
    ],
)
def test_a_host_is_one_word_whatever_it_is_called(name, told):
    found = todo(name, told, inventory=(name, "more hosts"))
    assert found
    for command in found:
        assert command[:2] == [f"--inventory={name}", "--inventory=more hosts"]
        assert command.count(f"--limit={name}") == 1
        assert not {"/tmp/x", "reboot", "-rf", "&&"} & set(command)


def test_drift_is_looked_at_first_then_changed():
    look, change = todo("web1", answer(now=KERNEL))
    assert look == [
        "--inventory=hosts.yml",
        "netops.tuning.tcp_keepalive",
        "--limit=web1",
        "--check",
        "--diff",
    ]
    assert change == [*look[:3], "--diff"]


def test_what_the_role_would_not_know_it_is_told():
    look, _change = todo("web1", answer(), variables={"audit_profile": "gce"})
    (told,) = [
        json.loads(word[len("--extra-vars=") :])
        for word in look
        if word.startswith("--extra-vars=")
    ]
    assert told["tcp_keepalive_time"] == 60


def test_a_line_that_wins_can_be_looked_at_and_commented_out():
    path = "/etc/sysctl.d/it's; here.conf"
    found = answer(other={"time": 5})
    for line in found["settings"]["time"]["assignments"][2:]:
        line["path"] = path
    look, check, change = todo("web1", found)
    assert words(look[-1].replace("sed", "ansible", 1)) == ["-n", "4p", path]
    assert '{"tcp_keepalive_on_override": "comment_out"}' in check[-3]
    assert change[-1] == "--diff"


def test_nothing_to_do():
    assert todo("web1", answer(connections=sockets(4, 0))) == []


def fleet(answers, variables=(), limit="audit.limit"):
    shell = Shell((), limit)
    asked = [*variables, *[{}] * len(answers)]
    hosts = [host(str(n), Answers(each), wanted(asked[n]), shell) for n, each in enumerate(answers)]
    return [words(each.command) for each in for_fleet(hosts, shell)]


def test_the_fleet_is_named_by_a_file():
    look, change = fleet(
        [answer(), answer(now=KERNEL)], [{"audit_time": 3600, "tcp_keepalive_time": 5}]
    )
    assert look == ["netops.tuning.tcp_keepalive", "--limit=@audit.limit", "--check", "--diff"]
    assert change == [*look[:2], "--diff"]


def test_the_fleet_is_told_what_the_role_would_not_know():
    look, _change = fleet([answer(now=KERNEL)] * 2, [{"audit_profile": "gce"}] * 2)
    assert '"tcp_keepalive_time": 60' in look[2]


@pytest.mark.parametrize(
    ("answers", "variables", "limit"),
    [
        ([answer()], [], "audit.limit"),
        ([{"failed": True}], [], "audit.limit"),
        ([answer(now=KERNEL)], [], None),
        ([answer(now=KERNEL)] * 2, [{"audit_profile": "gce"}], "audit.limit"),
    ],
)
def test_no_command_for_the_fleet_where_none_is_right_for_all(answers, variables, limit):
    assert fleet(answers, variables, limit) == []
