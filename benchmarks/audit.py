# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of the audit of many ssh hosts, relative to a play with one empty module on them.

It is that of the controller and of all hosts together.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fleet.fleet import Fleet
from lab.lab import open_lab

from .bench import EMPTY_MODULE, Options, Table, collections
from .race import HEADING, Goal, ratio_row

MOST_PAIRS = 3
"""A pair takes minutes."""
EMPTY, AUDIT, WITHOUT_CONNECTIONS = (
    "an empty module",
    "the audit",
    "the audit without connections",
)
GOAL = Goal(at_most=1.15)


class Audits:
    """Plays on all hosts of a fleet, and the CPU seconds that they take."""

    def __init__(self, fleet: Fleet, directory: Path) -> None:
        self.fleet = fleet
        self.directory = directory
        self._empty = directory / "empty.yml"
        play = {"hosts": "all", "gather_facts": False, "tasks": [{EMPTY_MODULE: {}}]}
        self._empty.write_text(json.dumps([play]), encoding="utf-8")

    def empty_module(self) -> float:
        return self._play(str(self._empty))

    def audit(self, *, sockets: bool) -> float:
        """Run the audit, and check that all hosts have answered."""
        seconds = self._play(
            "netops.tuning.audit",
            audit_report_dir=str(self.directory),
            audit_sockets=sockets,
            audit_fail_on=["unreachable"],
        )
        text = (self.directory / "keepalive-audit.json").read_text(encoding="utf-8")
        summary = json.loads(text)["summary"]
        hosts = len(self.fleet.hosts)
        assert summary["hosts"] == hosts
        assert summary["asked_for_connections"] == (hosts if sockets else 0)
        return seconds

    def _play(self, playbook: str, **variables: Any) -> float:
        # Each run logs in anew: connections left by the last run would make it cheaper.
        config = self.fleet.lab.directory / "ssh_config"
        arguments = f"-F {config} -o ControlMaster=no"
        before = self._cpu_time()
        run = self.fleet.play(playbook, ansible_ssh_common_args=arguments, **variables)
        if run.rc:
            raise SystemExit(run.output[-8000:])
        return self._cpu_time() - before

    def _cpu_time(self) -> float:
        """Return the CPU seconds of the lab so far: of hosts and of commands run in it."""
        path = Path(f"/proc/{self.fleet.lab.init_pid}/root/sys/fs/cgroup/cpu.stat")
        for line in path.read_text(encoding="ascii").splitlines():
            name, value = line.split()
            if name == "usage_usec":
                return int(value) / 1e6
        raise ValueError(f"{path} has no usage_usec")


def measure(audits: Audits, pairs: int) -> dict[str, list[float]]:
    """Run all sides in turn, in an order that changes; return the CPU seconds of each."""
    sides: dict[str, Callable[[], float]] = {
        EMPTY: audits.empty_module,
        AUDIT: lambda: audits.audit(sockets=True),
        WITHOUT_CONNECTIONS: lambda: audits.audit(sockets=False),
    }
    names = list(sides)
    for name in names:
        sides[name]()  # what only the first run has to do
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for pair in range(pairs):
        first = pair % len(names)
        for name in [*names[first:], *names[:first]]:
            seconds[name].append(sides[name]())
    return seconds


def run(options: Options) -> Sequence[Table]:
    os.environ["NETOPS_COLLECTIONS_PATH"] = collections()
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as name:
        directory = Path(name)
        with open_lab(directory / "lab") as lab:
            hosts = lab.up("light", ["bookworm"], options.hosts)
            fleet = Fleet(lab, hosts, {"ANSIBLE_STDOUT_CALLBACK": "default"})
            seconds = measure(Audits(fleet, directory), min(options.pairs, MOST_PAIRS))
    rows = [
        ratio_row(label, seconds[label], seconds[EMPTY], GOAL)
        for label in (AUDIT, WITHOUT_CONNECTIONS)
    ]
    title = (
        f"CPU time of an audit of {options.hosts} ssh hosts,"
        " relative to a play with one empty module"
    )
    return [Table(title, HEADING, rows)]
