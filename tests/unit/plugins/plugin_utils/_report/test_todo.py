# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands to paste: a shell reads them as they were meant, whatever hosts and files are called."""

from __future__ import annotations

import json
import subprocess

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_pattern
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer, build_host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.todo import Shell
from reports.fleets import DOCUMENT, KERNEL, connections_result, desired, info_result

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
        assert command.count(f"--limit={exact_pattern(name)}") == 1
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


@pytest.mark.parametrize(
    ("path", "arguments_of_role"),
    [
        ("/etc/sysctl.d/99-other.conf", {"tcp_keepalive_on_override": "comment_out"}),
        (
            "/usr/lib/sysctl.d/99-other.conf",
            {"tcp_keepalive_path": "/etc/sysctl.d/zz-tcp-keepalive.conf"},
        ),
    ],
)
@pytest.mark.parametrize("ours", [DOCUMENT, None], ids=["in our file", "not yet in our file"])
def test_a_line_that_wins_is_overcome(path, arguments_of_role, ours):
    """The role fails if it only writes our file: also if that file is still to come."""
    result = info_result(ours=ours, other={"time": 5})
    result["settings"]["time"]["assignments"][-1]["path"] = path
    _look, check, _change = host_commands("web1", result)
    assert json.loads(check[-3].removeprefix("--extra-vars=")) == arguments_of_role


def test_a_line_that_is_read_before_ours_needs_no_more_than_our_file():
    result = info_result(ours=None, other={"time": 5})
    result["settings"]["time"]["assignments"][-1]["path"] = "/etc/sysctl.d/10-early.conf"
    check, _change = host_commands("web1", result)
    assert not [argument for argument in check if argument.startswith("--extra-vars")]


@pytest.mark.parametrize(
    ("by", "path", "commands"),
    [
        ("ufw", "/etc/ufw/sysctl.conf", ["look", "comment_out", "comment_out"]),
        ("tuned", "/etc/tuned/site/tuned.conf", ["look", "comment_out", "comment_out"]),
        ("tuned", "/usr/lib/tuned/site/tuned.conf", ["look", "", ""]),
    ],
)
def test_a_line_that_a_program_reads_after_all_files(by, path, commands):
    """No name of ours is read later, so only a line in /etc can be overcome."""
    result = info_result(other={"time": 5})
    result["settings"]["time"]["assignments"][-1].update(path=path, by=by)
    look, check, change = host_commands("web1", result)
    seen = ["look" if "sed -n 4p" in " ".join(look) else ""]
    for command in (check, change):
        text = " ".join(command)
        assert "zz-tcp-keepalive" not in text
        seen.append("comment_out" if "comment_out" in text else "")
    assert seen == commands


def test_nothing_to_do():
    assert host_commands("web1", info_result(connections=connections_result(4, 0))) == []
