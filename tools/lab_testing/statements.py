# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of the next boot, compared with that boot.

In each scenario the module runs on a host, the host really reboots, and the kernel is asked for its
values. A statement is what the module foresees for one key, unless it adds that it is in doubt.
"""

from __future__ import annotations

import collections
import json
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lab.lab import Lab

from .boot_scenarios import HostType, Scenario
from .plays import run_play

SETTLE_TRIES = 600
MOST_FALSE_ALARMS = 0.05
"""The largest share of doubts among the values that came as foreseen."""
VERDICTS = ("right", "wrong", "doubted rightly", "doubted wrongly")


class Count(collections.Counter[str]):
    """How many statements and doubts were right and wrong, with the cases behind the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, list[str]] = collections.defaultdict(list)

    def add(self, verdict: str, case: str) -> None:
        self[verdict] += 1
        self.cases[verdict].append(case)

    def judge(self, scenario: Scenario, results: Results, values: Mapping[str, str]) -> None:
        """Compare what was said of the keys of a host with their values after the boot."""
        for state, asked_values in requests_of(scenario).items():
            for key, asked in asked_values.items():
                boot = results[state]["settings"][key]["boot"]
                foreseen = boot["value"]
                if foreseen is None and state == "absent":
                    foreseen = str(asked)
                case = f"{scenario.name}: {key}: foreseen {foreseen}, is {values[key]}"
                is_turned = values[key] != str(asked)
                assert is_turned == (key in scenario.turns), f"not as the scenario says: {case}"
                self._judge_value(case, values[key] == foreseen, certain=boot["certain"])

    def _judge_value(self, case: str, is_right: bool, *, certain: bool) -> None:
        if certain:
            self.add("right" if is_right else "wrong", case)
        else:
            self.add("doubted wrongly" if is_right else "doubted rightly", case)

    def check(self) -> None:
        """Fail if a statement was wrong, or if too many doubts were."""
        assert not self["wrong"], (self, self.cases["wrong"])
        most = MOST_FALSE_ALARMS * (self["right"] + self["doubted wrongly"])
        assert self["doubted wrongly"] <= most, (self, self.cases["doubted wrongly"])

    def summary(self) -> str:
        numbers = ", ".join(f"{self[verdict]} {verdict}" for verdict in VERDICTS)
        return f"{self.total()} values after a boot: {numbers}"


Results = Mapping[str, Any]
"""State -> the result of the task that asked for it."""


def requests_of(scenario: Scenario) -> dict[str, Mapping[str, int]]:
    """Return state -> the keys and values of the task that asks for it."""
    requests = {"present": scenario.settings, "absent": scenario.absent}
    return {state: values for state, values in requests.items() if values}


def check_scenarios(lab: Lab, folder: Path, scenarios: Iterable[Scenario], count: Count) -> None:
    """Run scenarios side by side, each on a host of its own, and count the statements."""
    hosts = make_hosts(lab, scenarios)
    lab.start(list(hosts))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: run(lab, item[0], item[1].set_up), hosts.items()))
        first = [host for host, scenario in hosts.items() if scenario.boots_first]
        lab.reboot(first)
        list(pool.map(lambda host: wait_until_settled(lab, host, hosts[host]), first))
        results = apply_settings(lab, folder, hosts)
        lab.reboot(list(hosts))
        values = pool.map(lambda item: values_after_boot(lab, *item), hosts.items())
        for (host, scenario), values_of_host in zip(hosts.items(), values):
            count.judge(scenario, results[host], values_of_host)


def make_hosts(lab: Lab, scenarios: Iterable[Scenario]) -> dict[str, Scenario]:
    """Make a host for each scenario; return their names."""
    by_type: dict[HostType, list[Scenario]] = {}
    for scenario in scenarios:
        by_type.setdefault(scenario.host, []).append(scenario)
    hosts: dict[str, Scenario] = {}
    for host, alike in by_type.items():
        names = lab.make(host.kind, [host.release], len(alike), variant=host.variant)
        hosts.update(zip(names, alike))
    for name, scenario in hosts.items():
        if scenario.in_root:
            lab.run_in_root(name, scenario.in_root)
        if scenario.host.kind == "vm":
            lab.set_machine_options(name, scenario.machine)
    return hosts


def run(lab: Lab, host: str, script: str) -> str:
    """Run a script on a host, and return its output."""
    finished = subprocess.run(
        lab.ssh(host, "sh -e"), input=script.encode(), capture_output=True, check=False
    )
    assert finished.returncode == 0, (script, finished.stdout, finished.stderr)
    return finished.stdout.decode()


def apply_settings(lab: Lab, folder: Path, hosts: Mapping[str, Scenario]) -> dict[str, Results]:
    """Run the module on every host; return host -> its results."""
    requests = {host: requests_of(scenario) for host, scenario in hosts.items()}
    tasks = []
    for state in ("present", "absent"):
        tasks += _tasks_for(state, folder)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"requests": requests},
        "tasks": tasks,
    }
    playbook = folder / "play.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    run_play(lab, folder, str(playbook))
    results: dict[str, Results] = {}
    for host, states in requests.items():
        results[host] = {}
        for state in states:
            text = (folder / f"{host}.{state}.json").read_text(encoding="utf-8")
            results[host] = {**results[host], state: json.loads(text)}
    return results


def _tasks_for(state: str, folder: Path) -> list[dict[str, Any]]:
    """Return the tasks that ask for a state where a host has keys for it, and save the result."""
    settings = f"requests[inventory_hostname].{state}"
    options = {"settings": f"{{{{ {settings} }}}}", "state": state, "on_override": "warn"}
    copy = {
        "content": "{{ result | to_json }}",
        "dest": f"{folder}/{{{{ inventory_hostname }}}}.{state}.json",
        "mode": "0600",
    }
    condition = f"{settings} is defined"
    return [
        {"netops.tuning.sysctl": options, "register": "result", "when": condition},
        {"ansible.builtin.copy": copy, "delegate_to": "localhost", "when": condition},
    ]


def wait_until_settled(lab: Lab, host: str, scenario: Scenario) -> None:
    """Wait until everything has run at boot."""
    run(
        lab,
        host,
        "if [ -d /run/systemd/system ]; then\n"
        "  systemctl is-system-running --wait >/dev/null || :\n"
        "fi\n"
        f"for try in $(seq {SETTLE_TRIES}); do\n"
        f"  if {scenario.settled}; then exit 0; fi\n"
        "  sleep 0.1\n"
        "done\n"
        "echo 'it has not settled' >&2; exit 1",
    )


def values_after_boot(lab: Lab, host: str, scenario: Scenario) -> dict[str, str]:
    """Wait until everything has run at boot, and return the values of the keys."""
    wait_until_settled(lab, host, scenario)
    values = {}
    for key in (*scenario.settings, *scenario.absent):
        path = "/proc/sys/" + key.replace(".", "/")
        values[key] = run(lab, host, f"cat {path}").strip()
    return values
