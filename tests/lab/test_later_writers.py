# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of the next boot, on hosts with real programs that set keys at boot.

Each scenario is a host: the module runs, the host really reboots, and the kernel is asked. A
statement is the value that the module foresees for one key; with a doubt it is none.
"""

from __future__ import annotations

import collections
import json
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lab.lab import Lab, open_lab
from lab_testing.boot_scenarios import SCENARIOS, Scenario
from lab_testing.plays import run_play

RELEASE = "bookworm"
MOST_FALSE_ALARMS = 0.05
"""Of the values that came as foreseen, so many may have had a doubt."""
SETTLE_TRIES = 600
KINDS = ("booted", "sysvinit")
TASK = {
    "netops.tuning.sysctl": {
        "settings": "{{ scenarios[inventory_hostname].settings }}",
        "state": "{{ scenarios[inventory_hostname].state }}",
        "on_override": "warn",
    },
    "register": "result",
}
SAVE = {
    "ansible.builtin.copy": {
        "content": "{{ result | to_json }}",
        "dest": "{{ folder }}/{{ inventory_hostname }}.json",
        "mode": "0600",
    },
    "delegate_to": "localhost",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("labs") / "later") as opened:
        for kind in KINDS:
            number = len(scenarios_of(kind))
            opened.up(kind, [RELEASE], number, programs=kind == "booted")
        yield opened


def scenarios_of(kind: str) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS if scenario.kind == kind]


def run(lab: Lab, host: str, script: str) -> str:
    """Run a script on a host, and return its output."""
    finished = subprocess.run(
        lab.ssh(host, "sh -e"), input=script.encode(), capture_output=True, check=False
    )
    assert finished.returncode == 0, (script, finished.stdout, finished.stderr)
    return finished.stdout.decode()


def set_up(lab: Lab, host: str, scenario: Scenario) -> None:
    run(lab, host, scenario.set_up)


def apply_settings(
    lab: Lab, folder: Path, scenarios: Mapping[str, Scenario]
) -> dict[str, dict[str, Any]]:
    """Run the module on every host; return host -> its result."""
    variables = {name: scenario._asdict() for name, scenario in scenarios.items()}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"scenarios": variables, "folder": str(folder)},
        "tasks": [TASK, SAVE],
    }
    playbook = folder / "play.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    run_play(lab, folder, str(playbook))
    results = {}
    for host in scenarios:
        text = (folder / f"{host}.json").read_text(encoding="utf-8")
        results[host] = json.loads(text)
    return results


def values_after_boot(lab: Lab, host: str, scenario: Scenario) -> dict[str, str]:
    """Wait until everything has run at boot, and return the values of the keys."""
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
    values = {}
    for key in scenario.settings:
        path = "/proc/sys/" + key.replace(".", "/")
        values[key] = run(lab, host, f"cat {path}").strip()
    return values


class Count(collections.Counter[str]):
    """How often a statement was right, and so on, with the cases behind the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, list[str]] = collections.defaultdict(list)

    def add(self, verdict: str, case: str) -> None:
        self[verdict] += 1
        self.cases[verdict].append(case)


def judge(
    scenario: Scenario, result: Mapping[str, Any], values: Mapping[str, str], count: Count
) -> None:
    for key, asked in scenario.settings.items():
        boot = result["settings"][key]["boot"]
        foreseen = boot["value"]
        if foreseen is None and scenario.state == "absent":
            foreseen = str(asked)
        case = f"{scenario.name}: {key}: foreseen {foreseen}, is {values[key]}"
        is_turned = values[key] != str(asked)
        assert is_turned == (key in scenario.turns), f"not as the scenario says: {case}"
        is_right = values[key] == foreseen
        if boot["certain"]:
            count.add("right" if is_right else "wrong", case)
        else:
            count.add("doubted wrongly" if is_right else "doubted rightly", case)


def test_no_statement_is_contradicted_by_the_boot(lab: Lab, tmp_path: Path) -> None:
    in_order = [scenario for kind in KINDS for scenario in scenarios_of(kind)]
    scenarios = dict(zip(lab.names(), in_order))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: set_up(lab, *item), scenarios.items()))
        results = apply_settings(lab, tmp_path, scenarios)
        lab.reboot(list(scenarios))
        values = dict(
            zip(
                scenarios,
                pool.map(lambda item: values_after_boot(lab, *item), scenarios.items()),
            )
        )
    count = Count()
    for host, scenario in scenarios.items():
        judge(scenario, results[host], values[host], count)
    summary = dict(count)
    print(json.dumps({"counts": summary, "cases": count.cases}, indent=2))
    assert not count["wrong"], (summary, count.cases["wrong"])
    assert count["doubted rightly"], summary
    most = MOST_FALSE_ALARMS * (count["right"] + count["doubted wrongly"])
    assert count["doubted wrongly"] <= most, (summary, count.cases["doubted wrongly"])
