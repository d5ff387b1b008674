# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with the same thing wrong, and the one command for each group."""

from __future__ import annotations

import json
import shlex

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer, build_host
from ansible_collections.netops.tuning.plugins.plugin_utils._report.groups import KINDS, make_groups
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import Cause
from ansible_collections.netops.tuning.plugins.plugin_utils._report.todo import Shell
from reports.fleets import DOCUMENT, GCE, KERNEL, desired, info_result, undone_result

SHELL = Shell(inventory=(), limit_file="/srv/audit.limit")
ROLE = "ansible-playbook netops.tuning.tcp_keepalive"
COMMENT_OUT = '{"tcp_keepalive_on_override": "comment_out"}'


def unreachable(address):
    return {"unreachable": True, "msg": f"ssh: connect to host {address} port 22: timed out"}


def groups(results, variables=None, shell=SHELL):
    """Return the groups of hosts, by name with their results, and all with the same variables."""
    hosts = []
    for name, result in results.items():
        hosts.append(build_host(name, Answer(result), desired(variables), shell))
    return make_groups(hosts, shell)


RESULTS = {
    None: info_result(),
    "drift": info_result(now=KERNEL),
    "overridden": info_result(other={"time": 300}),
    "failed": {"failed": True, "msg": "it broke"},
    "unreachable": unreachable("web1"),
    "not_reached": None,
}
COMMANDS = {
    "drift": f"{ROLE} --limit=web1 --diff --check",
    "overridden": f"{ROLE} --limit=web1 '--extra-vars={COMMENT_OUT}' --diff --check",
    "failed": "ansible-playbook netops.tuning.audit --limit=web1",
    "unreachable": "ansible all --limit=web1 -m ansible.builtin.ping",
    "not_reached": "ansible-playbook netops.tuning.audit --limit=web1",
}


@pytest.mark.parametrize("kind", RESULTS)
def test_the_command_of_a_group(kind):
    made = groups({"web1": RESULTS[kind]})
    assert [group.kind for group in made] == ([kind] if kind else [])
    for group in made:
        assert group.command.command == COMMANDS[kind]
        assert group.hosts == ("web1",)


def test_no_command_makes_the_wanted_time_fit_the_idle_limit():
    (group,) = groups({"web1": info_result()}, {"audit_idle_limit": 350})
    assert (group.kind, group.command) == ("idle_limit", None)


def test_every_kind_is_tested():
    assert {*RESULTS, "idle_limit"} == {*KINDS, None}


def test_what_no_file_of_ours_overrides_is_shown_with_the_program_that_reads_it():
    result = info_result(other={"time": 300})
    winner = result["settings"]["time"]["assignments"][-1]
    winner.update(path="/usr/lib/tuned/site/tuned.conf", by="tuned")
    (group,) = groups({"web1": result})
    assert group.command.command.endswith("sed -n 4p /usr/lib/tuned/site/tuned.conf'")
    assert "tuned reads it after all files" in group.command.what
    (cause,) = group.causes
    assert "(/usr/lib/tuned/site/tuned.conf line 4, read by tuned)" in cause.text


def test_the_largest_group_comes_first():
    made = groups({"a": RESULTS["overridden"], "b": RESULTS["drift"], "c": RESULTS["drift"]})
    assert [(group.kind, group.hosts) for group in made] == [
        ("drift", ("b", "c")),
        ("overridden", ("a",)),
    ]


def test_hosts_with_a_later_file_are_not_changed_by_a_command_that_fails_on_them():
    """Our file is not there yet: the state is drift, but the role alone would be refused."""
    later = info_result(now=KERNEL, ours=None, other={"time": 7200})
    made = groups({"a": later, "b": RESULTS["overridden"], "c": RESULTS["drift"]})
    assert [(group.kind, group.hosts) for group in made] == [
        ("overridden", ("a", "b")),
        ("drift", ("c",)),
    ]


def test_causes_are_the_same_text_for_all_hosts():
    results = {
        "web1": unreachable("web1"),
        "web2": unreachable("192.0.2.7"),
        "web3": {"unreachable": True, "msg": "no route"},
    }
    (group,) = groups(results)
    assert group.causes == (
        Cause("ssh: connect to host ... port 22: timed out", 2),
        Cause("no route", 1),
    )


def test_a_cause_does_not_name_the_time_of_a_boot():
    results = {}
    for name, booted in (("web1", "2026-11-24T07:01:45+00:00"), ("web2", "2026-11-20T01:00:00Z")):
        results[name] = {**undone_result(), "booted": booted}
    (group,) = groups(results)
    (cause,) = group.causes
    assert cause.text.startswith("undone since the boot of ...: ")
    assert cause.hosts == 2


@pytest.mark.parametrize(
    ("names", "limit"),
    [
        (["web1", "web2"], "--limit=web1,web2"),
        (["a,b", "web2"], r"--limit=~a\x2cb\Z,web2"),
        (["!web", "web2"], r"--limit=~\x21web\Z,web2"),
        ([f"web{number}" for number in range(11)], "--limit=@/srv/audit.drift.limit"),
    ],
)
def test_a_file_names_the_hosts_if_the_command_cannot(names, limit):
    (group,) = groups(dict.fromkeys(names, RESULTS["drift"]))
    assert limit in shlex.split(group.command.command)
    assert group.limit_name == ("drift" if "@" in limit else None)


def test_without_such_a_file_a_large_group_has_no_command():
    names = [f"web{number}" for number in range(11)]
    (group,) = groups(dict.fromkeys(names, RESULTS["drift"]), shell=Shell((), None))
    assert (group.command, group.limit_name) == (None, None)


def test_hosts_that_need_other_variables_are_another_group():
    shell = Shell((), "/srv/audit.limit")
    hosts = []
    for name in (f"web{number:02}" for number in range(22)):
        profile = "gce" if int(name[3:]) % 2 else "kernel"
        state = desired({"audit_profile": profile})
        hosts.append(build_host(name, Answer(info_result()), state, shell))
    first, second = make_groups(hosts, shell)
    assert (first.limit_name, second.limit_name) == ("drift", "drift-2")
    times = []
    for group in (first, second):
        extra_vars = shlex.split(group.command.command)[-3].removeprefix("--extra-vars=")
        times.append(json.loads(extra_vars)["tcp_keepalive_time"])
    assert times == [KERNEL[0], GCE[0]]
    assert DOCUMENT[0] not in times
