# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-runner on a fleet, or on slices of it as AWX makes them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .fleet import PROGRAMS, Fleet

CANCEL_INTERVAL = 0.1
"""Seconds after which ansible-runner looks again whether it is cancelled."""
RESULT_EVENTS = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")


class Job:
    """A run of ansible-runner: its process and the files that it writes."""

    def __init__(
        self, fleet: Fleet, directory: Path, hosts: Sequence[str], playbook: str, **variables: Any
    ) -> None:
        self._artifacts = directory / "artifacts/job"
        _write_json(directory / "inventory/hosts.json", inventory_of(fleet, hosts))
        _write_json(directory / "env/extravars", variables)
        _write_json(directory / "env/settings", {"pexpect_timeout": CANCEL_INTERVAL})
        program = str(PROGRAMS / "ansible-runner")
        options = ["--ident", "job", "--playbook", playbook]
        self.process = subprocess.Popen(
            fleet.lab.inside(program, "run", str(directory), *options),
            env=fleet.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> Job:
        self.process.wait()
        return self

    @property
    def exit_status(self) -> tuple[int, str]:
        """The exit code of ansible-playbook, and the status as ansible-runner writes them."""
        return int(self._read("rc")), self._read("status")

    @property
    def output(self) -> str:
        return self._read("stdout")

    def events(self) -> list[dict[str, Any]]:
        """Return the events in the order in which they happened."""
        events = []
        for path in (self._artifacts / "job_events").iterdir():
            events.append(json.loads(path.read_text(encoding="utf-8")))
        return sorted(events, key=lambda event: int(event["counter"]))

    def hosts_with_result_of(self, module: str) -> list[str]:
        """Return the hosts on which tasks with a module ended, once for each task."""
        hosts = []
        for event in self.events():
            if event["event"] in RESULT_EVENTS:
                data = event["event_data"]
                if data["task_action"] == module:
                    hosts.append(data["host"])
        return sorted(hosts)

    def _read(self, name: str) -> str:
        return (self._artifacts / name).read_text(encoding="utf-8")


def _write_json(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")


def inventory_of(fleet: Fleet, hosts: Sequence[str]) -> dict[str, Any]:
    """Return an inventory with only these hosts, and with the variables that make them faulty."""
    inventory: dict[str, Any] = json.loads(fleet.lab.inventory.read_text(encoding="utf-8"))
    for group in inventory["all"]["children"].values():
        selected = {}
        for host, variables in group["hosts"].items():
            if host in hosts:
                selected[host] = {**variables, **fleet.fault_variables(host)}
        group["hosts"] = selected
    return inventory


def split_into_slices(hosts: Sequence[str], count: int) -> list[list[str]]:
    """Split hosts as AWX does for a sliced job template: in turn, ordered by name."""
    return [sorted(hosts)[number::count] for number in range(count)]
