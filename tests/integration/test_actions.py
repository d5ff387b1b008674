# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: their examples run as printed, and results are as RETURN describes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.plugin_utils._playbooks import ALL_VARIABLES
from sandbox.documented import differences, string_of
from sandbox.play import PROJECT, Played, Result, run_playbook, target_python
from sandbox.world import World

NAMESPACE = "netops.tuning."
MODULES = ("sysctl", "sysctl_info", "sysctl_ledger", "tcp_keepalive", "tcp_keepalive_info")
"""Those that run on the host; test_examples.py has theirs."""
ACTIONS = sorted({path.stem for path in (PROJECT / "plugins/action").glob("*.py")} - {*MODULES})
VARIABLES = set().union(*ALL_VARIABLES)
"""The playbooks' variables, which playbook_start returns by their names; the guides have them."""
ONLY_FAILS = "playbook_end"

WRONG_TASKS: Mapping[str, dict[str, Any]] = {
    "audit_report": {"reports": ["none.json"]},
    "playbook_start": {"playbook": "rollback"},
    "rollout_plan": {"rollout": "a"},
    "rollout_progress": {"rollout": "a", "max_failures": "x"},
    "rollout_summary": {"rollout": "a"},
    "rollouts_list": {"hosts": {"a": 1}},
    "self_apply_validate": {"source": "https://u:p@example.com/a", "checksum": "x"},
}
"""Options with which an action fails."""


class Hosts:
    """Two hosts and playbooks run on them, whose results are kept."""

    def __init__(self, worlds: Mapping[str, World], folder: Path) -> None:
        self.folder = folder
        self.results: list[Result] = []
        hosts = {}
        for name, world in worlds.items():
            interpreter = world.interpreter(target_python())
            hosts[name] = {
                "ansible_connection": "local",
                "ansible_python_interpreter": interpreter,
            }
        self._inventory = folder / "hosts.json"
        self._inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")

    def play(self, playbook: str | list[dict[str, Any]], rc: int, **variables: Any) -> Played:
        played = run_playbook(None, playbook, inventory=self._inventory, variables=variables)
        assert played.rc == rc, played.output
        self.results += played.results
        return played

    def results_of(self, action: str) -> list[Result]:
        return [result for result in self.results if result.action == NAMESPACE + action]


@pytest.fixture
def hosts(make_world: Callable[..., World], tmp_path: Path) -> Hosts:
    return Hosts({"web-1": make_world(), "web-2": make_world()}, tmp_path)


# --- results ---


def example_tasks(action: str) -> list[dict[str, Any]]:
    tasks = yaml.safe_load(string_of(action, "EXAMPLES"))
    assert isinstance(tasks, list)
    return tasks


def run_all(hosts: Hosts) -> None:
    """Run the playbooks with each outcome, and each action with options that it refuses."""
    check = hosts.folder / "check.yml"
    failing = {"ansible.builtin.command": "false", "when": "inventory_hostname == 'web-2'"}
    check.write_text(json.dumps([failing]), encoding="utf-8")
    report = {"audit_report_dir": str(hosts.folder)}
    hosts.play("netops.tuning.audit", 2, audit_fail_on="drift", **report)
    hosts.play(
        "netops.tuning.rollout",
        2,
        rollout_name="a",
        rollout_health_check=str(check),
        rollout_report_dir=str(hosts.folder),
    )
    hosts.play("netops.tuning.rollouts", 0)
    hosts.play("netops.tuning.rollback", 0, rollout_name="a")
    tasks = example_tasks("self_apply_validate")
    for name, options in WRONG_TASKS.items():
        task = {NAMESPACE + name: options}
        tasks.append({"block": [task], "rescue": [{"ansible.builtin.meta": "noop"}]})
    hosts.play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], 0)


def problems(action: str, results: list[Result]) -> Iterator[str]:
    """Yield what is not as documented."""
    documentation = yaml.safe_load(string_of(action, "RETURN"))
    names = set()
    for result in results:
        names.update(result)
        own = {name: value for name, value in result.items() if name not in VARIABLES}
        documented = documentation
        if result.failed:
            documented = {name: {**field, "returned": ""} for name, field in documentation.items()}
        copy = Result({"result": own, "status": result.status, "action": result.action})
        yield from differences(copy, documented)
    for name in documentation.keys() - names:
        yield f"{name} is documented, but never returned"


def test_results_are_as_documented(hosts: Hosts) -> None:
    run_all(hosts)
    problems_of_all = []
    for action in ACTIONS:
        results = hosts.results_of(action)
        outcomes = {result.failed for result in results}
        assert outcomes == ({True} if action == ONLY_FAILS else {True, False}), action
        for problem in problems(action, results):
            problems_of_all.append(f"{action}: {problem}")
    assert not problems_of_all, "\n".join(problems_of_all)


# --- examples ---


def remember(name: str, value: Any) -> dict[str, Any]:
    """Return a task that keeps a fact of localhost, as the playbooks do it."""
    return {
        "ansible.builtin.set_fact": {name: value},
        "run_once": True,
        "delegate_to": "localhost",
        "delegate_facts": True,
    }


def registered(task: Mapping[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return {**task, "register": name, **more}


def test_the_examples_of_a_rollout_run_as_printed(hosts: Hosts) -> None:
    """In the order of the playbook, with the tasks of hosts that are between them."""
    change = {"netops.tuning.tcp_keepalive": {"rollout": "keepalive 2026-11"}}
    listed = {"netops.tuning.sysctl_ledger": {"state": "listed"}}
    (plan,) = example_tasks("rollout_plan")
    tasks = [
        *example_tasks("playbook_start"),
        registered(change, "rollout_preflight_tcp_keepalive", check_mode=True),
        registered(plan, "rollout_plan"),
        remember("netops_tuning_plan", "{{ rollout_plan }}"),
        registered(change, "rollout_applied_tcp_keepalive"),
        registered(change, "rollout_verified_tcp_keepalive", check_mode=True),
        *example_tasks("rollout_progress"),
        *example_tasks("rollout_summary"),
        registered(listed, "rollouts_found"),
        *example_tasks("rollouts_list"),
        *example_tasks("self_apply_validate"),
    ]
    hosts.play([{"hosts": "all", "gather_facts": False, "tasks": tasks}], 0)
    (summary,) = hosts.results_of("rollout_summary")
    assert summary["summary"] == "2 done"
    (rollouts,) = hosts.results_of("rollouts_list")
    assert [(row["rollout"], row["hosts"]) for row in rollouts["rollouts"]] == [
        ("keepalive 2026-11", 2)
    ]


def test_the_example_of_the_end_runs_as_printed(hosts: Hosts) -> None:
    end = {"failed_hosts": {"web-1": "it broke"}, "unreachable_hosts": {}, "failure": "1 failed"}
    tasks = [remember("netops_tuning_end", end), *example_tasks("playbook_end")]
    hosts.play([{"hosts": "web-1", "gather_facts": False, "tasks": tasks}], 2)
    (result,) = hosts.results_of("playbook_end")
    assert result["msg"] == "it broke"


def test_the_examples_of_the_report_run_as_printed(hosts: Hosts) -> None:
    """But for their folders, which are those of this test."""
    role = {"hosts": "all", "gather_facts": False, "roles": ["netops.tuning.tcp_keepalive"]}
    hosts.play([role], 0)
    text = string_of("audit_report", "EXAMPLES")
    text = text.replace("/srv/reports", str(hosts.folder))
    audit, merge = yaml.safe_load(text.replace("slice-*.json", f"{hosts.folder}/slice-*.json"))
    hosts.play([audit], 0)
    report = hosts.folder / "keepalive-audit.json"
    report.rename(hosts.folder / "slice-1.json")
    hosts.play([merge], 0)
    merged = json.loads(report.read_text(encoding="utf-8"))
    assert merged["summary"]["states"]["as_wanted"] == 2
