# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many ssh hosts cost their controller: the role, a whole rollout, and what others do, on fleets of three sizes."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet.fleet import Fleet, Run, reap
from lab.lab import open_lab

from .bench import KEEPALIVE, Options, Row, Table, collections
from .peers import BIN, POSIX_TASK, THEIRS, copy_task, pyinfra_deploy

PAIRS = 3
"""At most: one of them takes many minutes."""
LEAST = 6
"""Hosts of which a tenth, a half and all are three sizes."""
ROLE, ROLLOUT, ROLLBACK = (
    f"netops.tuning.{name}" for name in ("tcp_keepalive", "rollout", "rollback")
)
RESET = """\
cd /proc/sys/net/ipv4 && echo 7200 >tcp_keepalive_time && echo 9 >tcp_keepalive_probes && echo 75 >tcp_keepalive_intvl
rm -rf /etc/sysctl.d/90-* /var/lib/netops-tuning
"""
EMPTY, PLAIN, WHOLE = "an empty module", "the role, changed", "a whole rollout"


@dataclass(frozen=True)
class Side:
    """One way to do it. It starts where the side before it has left the hosts, or from the kernel's values and no file."""

    name: str
    run: Callable[[str], Run]
    from_scratch: bool = False
    marginal_at_most: float = 0
    """Of the empty module's CPU for one host more."""
    total_at_most: float = 0
    """Of the plain role's CPU on the largest fleet."""


class Races:
    """Runs the sides on the first hosts of a fleet."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet, self.folder = fleet, folder
        self._number = itertools.count()
        self._tasks = {
            "empty": {"bench.bench.empty": {}},
            "posix": POSIX_TASK,
            "copy": copy_task(KEEPALIVE),
        }

    def play(self, hosts: str, playbook: str, **variables: Any) -> Run:
        """Run a playbook that is to end well, with connections of its own."""
        sockets = f"ControlPath=/proc/{self.fleet.lab.first}/root/run/ssh/{next(self._number)}-%C"
        config = self.fleet.lab.folder / "ssh_config"
        return _ended(
            self.fleet.play(
                playbook,
                arguments=["--limit", hosts],
                ansible_ssh_common_args=f"-F {config} -o {sockets}",
                **variables,
            )
        )

    def tasks(self, name: str) -> Callable[[str], Run]:
        """Give what runs a play of these tasks."""
        play = {
            "hosts": "all",
            "gather_facts": False,
            "vars": {"settings": dict(KEEPALIVE)},
            "tasks": [self._tasks[name]],
            # Not `sysctl --system`: the rest of /proc/sys is read-only on such a host, so that this would fail.
            "handlers": [{"name": "apply", "ansible.builtin.command": f"sysctl -p {THEIRS}"}],
        }
        path = self.folder / f"{name}.yml"
        path.write_text(json.dumps([play]), encoding="utf-8")
        return lambda hosts: self.play(hosts, str(path))

    def pyinfra(self, hosts: str) -> Run:
        lab, deploy, inventory = (
            self.fleet.lab,
            self.folder / "deploy.py",
            self.folder / "inventory.py",
        )
        deploy.write_text(pyinfra_deploy(KEEPALIVE), encoding="utf-8")
        data = {
            "ssh_user": "root",
            "ssh_key": str(lab.folder / "key"),
            "ssh_strict_host_key_checking": "off",
            "ssh_known_hosts_file": str(self.folder / "known_hosts"),
        }
        addresses = [host["address"] for host in lab.hosts()][
            : 1 + int(hosts.rpartition(":")[2].rstrip("]"))
        ]
        inventory.write_text(
            f"hosts = {[(address, data) for address in addresses]!r}\n", encoding="utf-8"
        )
        command = lab.inside(
            str(BIN / "pyinfra"), "-y", "--parallel", "10", str(inventory), str(deploy)
        )
        env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        begun = time.monotonic()
        with (self.folder / "log").open("w+b") as log:
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            cpu = reap(process)
            log.seek(0)
            output = log.read().decode("utf-8", "replace")
        return _ended(Run(process.returncode, {}, {}, output, time.monotonic() - begun, cpu))

    def sides(self) -> Sequence[Side]:
        empty, posix, copy = map(self.tasks, self._tasks)
        return (
            Side(EMPTY, empty),
            Side(
                PLAIN, lambda hosts: self.play(hosts, ROLE), from_scratch=True, marginal_at_most=1.1
            ),
            Side("the role, again", lambda hosts: self.play(hosts, ROLE), marginal_at_most=1.1),
            Side(
                WHOLE,
                lambda hosts: self.play(hosts, ROLLOUT, rollout_name="a"),
                from_scratch=True,
                total_at_most=3.5,
            ),
            Side("a rollout again", lambda hosts: self.play(hosts, ROLLOUT, rollout_name="a")),
            Side("back", lambda hosts: self.play(hosts, ROLLBACK, rollout_name="a")),
            Side("ansible.posix.sysctl in a loop, changed", posix, from_scratch=True),
            Side("ansible.posix.sysctl in a loop, again", posix),
            Side("copy and a handler, changed", copy, from_scratch=True),
            Side("copy and a handler, again", copy),
            Side("pyinfra server.sysctl, changed", self.pyinfra, from_scratch=True),
            Side("pyinfra server.sysctl, again", self.pyinfra),
        )

    def costs(self, size: int, pairs: int) -> dict[str, tuple[float, float]]:
        """Run all sides on so many hosts; give the controller's CPU seconds and the wall seconds of each, medians."""
        took: dict[str, list[Run]] = {}
        pattern = f"light[0:{size - 1}]"
        for _pair in range(pairs):
            for side in self.sides():
                if side.from_scratch:
                    self.fleet.run(self.fleet.hosts[:size], RESET)
                took.setdefault(side.name, []).append(side.run(pattern))
        return {
            name: (
                statistics.median(run.cpu for run in runs),
                statistics.median(run.seconds for run in runs),
            )
            for name, runs in took.items()
        }


def _ended(run: Run) -> Run:
    if run.rc:
        raise SystemExit(run.output[-6000:])
    return run


def rows(
    sides: Sequence[Side], costs: Mapping[int, Mapping[str, tuple[float, float]]]
) -> Iterator[Row]:
    """Compare what one host more costs with what it costs for an empty module, and the middle size with a straight line."""
    small, middle, large = costs

    def marginal(name: str) -> float:
        return (costs[large][name][0] - costs[small][name][0]) / (large - small)

    for side in sides:
        cpu = {size: costs[size][side.name][0] for size in costs}
        straight = cpu[small] + marginal(side.name) * (middle - small)
        multiple, total = marginal(side.name) / marginal(EMPTY), cpu[large] / costs[large][PLAIN][0]
        verdict = ""
        for value, limit in ((multiple, side.marginal_at_most), (total, side.total_at_most)):
            if limit:
                verdict = f"at most {limit:g}: {'met' if value <= limit else 'MISSED'}"
        yield (
            side.name,
            *(f"{seconds:.1f}" for seconds in cpu.values()),
            f"{100 * (cpu[middle] / straight - 1):+.0f} %",
            f"{1000 * marginal(side.name):.0f}",
            f"{multiple:.2f}",
            f"{total:.2f}",
            verdict,
            f"{costs[large][side.name][1]:.0f}",
        )


def run(options: Options) -> Sequence[Table]:
    if options.hosts < LEAST:
        raise SystemExit(
            f"--hosts {options.hosts}: fleets of three sizes are compared; give at least {LEAST}"
        )
    sizes = (max(2, options.hosts // 10), options.hosts // 2, options.hosts)
    os.environ["NETOPS_COLLECTIONS_PATH"] = collections()
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as folder, open_lab(
        Path(folder, "lab")
    ) as lab:
        fleet = Fleet(
            lab,
            lab.up("light", ["bookworm"], options.hosts),
            {"ANSIBLE_STDOUT_CALLBACK": "default"},
        )
        races = Races(fleet, Path(folder))
        races.tasks("empty")("light[0]")  # what is made at the first run alone
        costs = {size: races.costs(size, min(options.pairs, PAIRS)) for size in sizes}
        heading = (
            "", *(f"{size} hosts, s" for size in sizes), f"{sizes[1]} off the line", "one host more, ms",
            "of the empty module's", f"{sizes[2]}: of the role's", "target", f"{sizes[2]}: wall, s",
        )  # fmt: skip
        return [
            Table(
                "CPU of the controller, 10 hosts at a time",
                heading,
                list(rows(races.sides(), costs)),
            )
        ]
