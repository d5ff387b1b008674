# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-runner against a fleet, or against slices of it as AWX makes them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .fleet import FAULTS, PROGRAMS, Fleet


class Job:
    """A run of ansible-runner: its process, and what it leaves in its folder."""

    def __init__(
        self, fleet: Fleet, folder: Path, hosts: Sequence[str], playbook: str, **variables: Any
    ) -> None:
        self._artifacts = folder / "artifacts/job"
        (folder / "inventory").mkdir(parents=True)
        (folder / "inventory/hosts.json").write_text(
            json.dumps(inventory_of(fleet, hosts)), encoding="utf-8"
        )
        (folder / "env").mkdir()
        (folder / "env/extravars").write_text(json.dumps(variables), encoding="utf-8")
        # How often it looks whether it is cancelled, in seconds.
        (folder / "env/settings").write_text(json.dumps({"pexpect_timeout": 0.1}), encoding="utf-8")
        command = [
            str(PROGRAMS / "ansible-runner"),
            "run",
            str(folder),
            "--ident",
            "job",
            "--playbook",
            playbook,
        ]
        self.process = subprocess.Popen(
            fleet.lab.inside(*command),
            env=fleet.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def wait(self) -> Job:
        self.process.wait()
        return self

    @property
    def ended(self) -> tuple[int, str]:
        """What its artifacts say: the exit code of ansible-playbook, and the status."""
        return int(self._text("rc")), self._text("status")

    @property
    def output(self) -> str:
        return self._text("stdout")

    def events(self) -> list[dict[str, Any]]:
        """Give what happened, in order."""
        told = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in (self._artifacts / "job_events").iterdir()
        ]
        return sorted(told, key=lambda event: int(event["counter"]))

    def asked(self, module: str) -> list[str]:
        """Give the hosts that gave an answer to a module."""
        ended = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")
        return sorted(
            event["event_data"]["host"]
            for event in self.events()
            if event["event"] in ended and event["event_data"]["task_action"] == module
        )

    def _text(self, name: str) -> str:
        return (self._artifacts / name).read_text(encoding="utf-8")


def inventory_of(fleet: Fleet, hosts: Sequence[str]) -> dict[str, Any]:
    """Give an inventory that has these hosts and no others, each with what is wrong with it."""
    whole: dict[str, Any] = json.loads(fleet.lab.inventory.read_text(encoding="utf-8"))
    for group in whole["all"]["children"].values():
        group["hosts"] = {
            host: {
                **known,
                **(FAULTS[fleet.faults[host]].variables or {} if host in fleet.faults else {}),
            }
            for host, known in group["hosts"].items()
            if host in hosts
        }
    return whole


def slices(hosts: Sequence[str], count: int) -> list[list[str]]:
    """Split hosts as AWX does for a job template of so many slices: one after the other, as they are ordered by name."""
    return [sorted(hosts)[number::count] for number in range(count)]
