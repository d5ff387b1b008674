# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the playbooks: their defaults, forms, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("ansible", reason="Playbooks run on the controller, where Ansible is")

import yaml
from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS
from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import SYSCTL_OPTIONS
from ansible_collections.netops.tuning.plugins.plugin_utils._playbook_checks import (
    NOT_FOR_ROLLOUTS,
    ROLLOUT_OPTIONS,
    check_playbook,
    check_values,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._playbooks import (
    PLAYBOOKS,
    read_variables,
    with_names_of_parts,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import ROLE_NAMES
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import (
    VariableError,
    check_names,
)

PROJECT = Path(__file__).parents[4]
NAME = {"rollout_name": "a"}
REPORTS = {"audit_reports": "a.json"}
REQUIRED = {
    "audit": {},
    "tcp_keepalive": {},
    "merge_reports": REPORTS,
    "rollout": NAME,
    "rollback": NAME,
    "rollouts": {},
}
SETTINGS = {"settings": {"net.core.somaxconn": 4096}}


def read(playbook, variables):
    """Return the values of variables without templates."""
    values = read_variables(PLAYBOOKS[playbook], variables, variables.__getitem__)
    return {**values, **check_playbook(playbook, values, variables.__getitem__)}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
@pytest.mark.parametrize("unset", [None, ""])
def test_null_and_empty_text_are_the_defaults(playbook, unset):
    variables = dict.fromkeys(PLAYBOOKS[playbook].variables, unset)
    required = REQUIRED[playbook]
    assert read(playbook, {**variables, **required}) == read(playbook, required)


@pytest.mark.parametrize("serial", [["1", "50%"], [1, "50%"], "1,50%", '["1", "50%"]', "1, 50% "])
def test_the_sizes_of_batches_may_be_text(serial):
    assert read("rollout", {**NAME, "rollout_serial": serial})["rollout_serial"] == ["1", "50%"]


@pytest.mark.parametrize("options", [SETTINGS, '{"settings": {"net.core.somaxconn": 4096}}'])
def test_the_options_of_a_rollout_may_be_text(options):
    read("rollout", {**NAME, "rollout_via": "sysctl", "rollout_options": options})


@pytest.mark.parametrize("name", NOT_FOR_ROLLOUTS)
def test_an_option_that_a_rollout_would_lose_is_refused_with_the_reason(name):
    options = {**SETTINGS, name: "x"}
    message = f"^rollout_options: {name} cannot be rolled out: .*; "
    with pytest.raises(VariableError, match=message) as error:
        read("rollout", {**NAME, "rollout_via": "sysctl", "rollout_options": options})
    assert "\n" not in str(error.value)


def test_every_option_of_the_module_is_rolled_out_or_refused():
    assert not set(ROLLOUT_OPTIONS) & set(NOT_FOR_ROLLOUTS)
    assert {*ROLLOUT_OPTIONS, *NOT_FOR_ROLLOUTS} == {*SYSCTL_OPTIONS, *FILE_COMMON_ARGUMENTS}


def tasks_of(node):
    """Yield the tasks in a playbook, those in blocks too."""
    if isinstance(node, list):
        for part in node:
            yield from tasks_of(part)
    elif isinstance(node, dict):
        yield node
        for part in node.values():
            yield from tasks_of(part)


def test_the_playbook_gives_each_module_all_options_of_a_rollout():
    """Those of tcp_keepalive come from the variables of its role, by their prefix."""
    assert "rollout" not in ROLLOUT_OPTIONS, "it is always rollout_name"
    playbook = yaml.safe_load((PROJECT / "playbooks/rollout.yml").read_text(encoding="utf-8"))
    expected = {
        "netops.tuning.sysctl": {*ROLLOUT_OPTIONS, "rollout"},
        "netops.tuning.tcp_keepalive": {"from_variables", "rollout"},
    }
    count = 0
    for task in tasks_of(playbook):
        for module in expected.keys() & task.keys():
            assert set(task[module]) == expected[module], task["name"]
            count += 1
    assert count == 6, "preflight, change and verification, each with both modules"


def test_a_url_may_name_variables_that_only_the_hosts_have():
    variables = {**NAME, "rollout_health_check": "http://{{ ansible_host }}/"}
    assert read("rollout", variables)["rollout_health_check"].endswith("/tasks/health_url.yml")


@pytest.mark.parametrize(
    ("given", "whole", "part"),
    [
        ({}, "keepalive-audit", "keepalive-audit-limited"),
        ({"audit_report_name": "mine"}, "mine", "mine-limited"),
        ({"audit_report_name": "%Y-%m-%d"}, "%Y-%m-%d", "%Y-%m-%d-limited"),
        ({"audit_report_name": "mine-limited"}, "mine-limited", "mine-limited"),
    ],
)
def test_a_report_of_a_part_does_not_replace_that_of_the_whole(given, whole, part):
    values = read("audit", given)
    assert values["audit_report_name"] == whole
    assert with_names_of_parts(values) == {**values, "audit_report_name": part}


def start(playbook, given):
    """Check variables of the command line as playbook_start does it, but for host patterns.

    Those need an inventory: tests/integration has mistakes with them.
    """
    for names in (*PLAYBOOKS[playbook].names, ROLE_NAMES):
        check_names(given, names._replace(reserved=True))
    check_values(given)
    return read(playbook, given)


MISTAKES = yaml.safe_load(
    (PROJECT / "tests/unit/cases/fleet_mistakes.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", MISTAKES, ids=[case["mistake"] for case in MISTAKES])
def test_a_mistake_is_answered_in_one_line_with_the_remedy(case):
    with pytest.raises(VariableError) as error:
        start(case["playbook"], case["variables"])
    assert str(error.value) == case["message"]
    assert "\n" not in case["message"]


DOCUMENTS = {
    "audit": "auditing",
    "merge_reports": "auditing",
    "rollout": "rolling-out",
    "rollback": "rolling-out",
    "rollouts": "rolling-out",
}


@pytest.mark.parametrize("playbook", DOCUMENTS)
def test_every_variable_is_documented(playbook):
    text = (PROJECT / f"docs/{DOCUMENTS[playbook]}.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", text))
    assert set(PLAYBOOKS[playbook].variables) - documented == set()
