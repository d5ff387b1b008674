# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit of many ssh hosts against a play of one empty module on the same: the CPU of the controller and of all hosts together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.lab import Lab, open_lab

from .bench import HEADING, Options, Row, Table, collections, row

PAIRS = 3
"""At most: one of them takes minutes."""
NO_SHARING = "ansible_ssh_common_args={{ '-F ' ~ (inventory_dir ~ '/ssh_config') | quote }} -o ControlMaster=no"
"""Each run logs in anew: else what is left of the run before would count."""


class Fleet:
    """Hosts in a lab, and plays on all of them."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self._empty = folder / "empty.yml"
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"bench.bench.empty": {}}]}
        self._empty.write_text(json.dumps([play]), encoding="utf-8")

    def cpu(self) -> float:
        """Give the seconds that all in the lab have used, the hosts and the commands run in it."""
        text = Path(f"/proc/{self.lab.first}/root/sys/fs/cgroup/cpu.stat").read_text(
            encoding="ascii"
        )
        return int(dict(line.split() for line in text.splitlines())["usage_usec"]) / 1e6

    def play(self, playbook: str, *args: str) -> float:
        """Run a playbook on all hosts; give the CPU seconds it took."""
        programs = Path(sys.executable).parent
        env = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": collections(),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [
            "nice",
            "ansible-playbook",
            "-i",
            str(self.lab.inventory),
            "-e",
            NO_SHARING,
            playbook,
            *args,
        ]
        before = self.cpu()
        ran = subprocess.run(
            self.lab.inside(*command),
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if ran.returncode != 0:
            raise SystemExit(
                f"{playbook}: rc {ran.returncode}\n{ran.stdout.decode()[-4000:]}\n{ran.stderr.decode()[-4000:]}"
            )
        return self.cpu() - before

    def empty(self) -> float:
        return self.play(str(self._empty))

    def audit(self, *, sockets: bool) -> float:
        """Audit, and see that all hosts have answered."""
        options = {
            "audit_report_dir": str(self.folder),
            "audit_sockets": sockets,
            "audit_fail_on": ["unreachable"],
        }
        took = self.play("netops.tuning.audit", "-e", json.dumps(options))
        told = json.loads((self.folder / "keepalive-audit.json").read_text(encoding="utf-8"))[
            "summary"
        ]
        assert (told["hosts"], told["asked_for_connections"]) == (
            len(self.lab.names()),
            sockets * told["hosts"],
        )
        return took


def race(fleet: Fleet, pairs: int) -> dict[str, list[float]]:
    """Run each in turn; nobody always comes after the same."""
    sides: dict[str, Callable[[], float]] = {
        "empty": fleet.empty,
        "all": lambda: fleet.audit(sockets=True),
        "values": lambda: fleet.audit(sockets=False),
    }
    names = list(sides)
    took: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        sides[name]()  # what is made at the first run alone
    for turn in range(pairs):
        for name in names[turn % 3 :] + names[: turn % 3]:
            took[name].append(sides[name]())
    return took


def run(options: Options) -> Sequence[Table]:
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as folder, open_lab(
        Path(folder, "lab")
    ) as lab:
        lab.up("light", ["bookworm"], options.hosts)
        took = race(Fleet(lab, Path(folder)), min(options.pairs, PAIRS))
    rows: list[Row] = [
        row("the audit", took["all"], took["empty"], at_most=1.15),
        row("the audit without connections", took["values"], took["empty"], at_most=1.15),
    ]
    title = f"Audit of {options.hosts} ssh hosts, as a multiple of a play of one empty module, total CPU"
    return [Table(title, HEADING, rows)]
