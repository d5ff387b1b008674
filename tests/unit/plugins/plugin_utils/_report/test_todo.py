# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands to paste: a shell reads them as they were meant, whatever hosts and files are called."""

from __future__ import annotations

import json
import subprocess

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer, build_host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.todo import (
    Shell,
    commands_for_fleet,
)
from reports.fleets import KERNEL, connections_result, desired, info_result

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


def arguments(command):
    """Return the arguments that a shell would pass to the program of a command."""
    script = (
        f'ansible() {{ printf "%s\\0" ansible "$@"; }}; alias ansible-playbook=ansible\n{command}'
    )
    shell = ["bash", "-O", "expand_aliases", "-c", script]
    output = subprocess.run(shell, check=True, capture_output=True).stdout
    return output.decode().split("\0")[1:-1]


def host_commands(name, result, variables=None, inventory=("hosts.yml",)):
    """Return the arguments of each command for a host."""
    shell = Shell(inventory, "audit.limit")
    host = build_host(name, Answer(result), desired(variables), shell)
    return [arguments(step.command) for step in host.todo]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "result",
    [
        info_result(now=KERNEL, connections=connections_result(4, 2)),
        info_result(other={"time": 5}),
        {"failed": True},
        None,
    ],
)
def test_a_host_is_one_argument_whatever_it_is_called(name, result):
    commands = host_commands(name, result, inventory=(name, "more hosts"))
    assert commands
    for command in commands:
        assert command[:2] == [f"--inventory={name}", "--inventory=more hosts"]
        assert command.count(f"--limit={name}") == 1
        assert not {"/tmp/x", "reboot", "-rf", "&&"} & set(command)


def test_drift_is_previewed_then_changed():
    look, change = host_commands("web1", info_result(now=KERNEL))
    assert look == [
        "--inventory=hosts.yml",
        "netops.tuning.tcp_keepalive",
        "--limit=web1",
        "--check",
        "--diff",
    ]
    assert change == [*look[:3], "--diff"]


def test_the_role_gets_what_its_variables_do_not_say():
    look, _change = host_commands("web1", info_result(), variables={"audit_profile": "gce"})
    (extra_vars,) = [argument for argument in look if argument.startswith("--extra-vars=")]
    assert json.loads(extra_vars[len("--extra-vars=") :])["tcp_keepalive_time"] == 60


def test_a_line_that_wins_is_shown_and_commented_out():
    path = "/etc/sysctl.d/it's; here.conf"
    result = info_result(other={"time": 5})
    for line in result["settings"]["time"]["assignments"][2:]:
        line["path"] = path
    look, check, change = host_commands("web1", result)
    assert arguments(look[-1].replace("sed", "ansible", 1)) == ["-n", "4p", path]
    assert '{"tcp_keepalive_on_override": "comment_out"}' in check[-3]
    assert change[-1] == "--diff"


def test_nothing_to_do():
    assert host_commands("web1", info_result(connections=connections_result(4, 0))) == []


def fleet_commands(results, variables=(), limit_file="audit.limit"):
    """Return the arguments of each command for hosts with these results and variables."""
    shell = Shell((), limit_file)
    hosts = []
    for number, result in enumerate(results):
        own_variables = variables[number] if number < len(variables) else {}
        hosts.append(build_host(str(number), Answer(result), desired(own_variables), shell))
    return [arguments(step.command) for step in commands_for_fleet(hosts, shell)]


def test_the_fleet_is_named_by_a_file():
    look, change = fleet_commands(
        [info_result(), info_result(now=KERNEL)], [{"audit_time": 3600, "tcp_keepalive_time": 5}]
    )
    assert look == ["netops.tuning.tcp_keepalive", "--limit=@audit.limit", "--check", "--diff"]
    assert change == [*look[:2], "--diff"]


def test_the_fleet_gets_what_the_variables_of_the_role_do_not_say():
    look, _change = fleet_commands([info_result(now=KERNEL)] * 2, [{"audit_profile": "gce"}] * 2)
    assert '"tcp_keepalive_time": 60' in look[2]


@pytest.mark.parametrize(
    ("results", "variables", "limit_file"),
    [
        ([info_result()], [], "audit.limit"),
        ([{"failed": True}], [], "audit.limit"),
        ([info_result(now=KERNEL)], [], None),
        ([info_result(now=KERNEL)] * 2, [{"audit_profile": "gce"}], "audit.limit"),
    ],
)
def test_no_command_for_the_fleet_unless_it_is_right_for_all(results, variables, limit_file):
    assert fleet_commands(results, variables, limit_file) == []
