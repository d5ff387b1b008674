# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of the controller for fleets of three sizes: the role, a rollout, and alternatives."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fleet.fleet import Fleet, Run, wait_for_cpu_time
from lab.lab import open_lab

from .bench import EMPTY_MODULE, Options, Row, Table, collections
from .peers import PEER_PATH, POSIX_TASK, PROGRAMS, copy_task, pyinfra_deploy
from .race import NO_GOAL, Goal
from .settings import KEEPALIVE

MOST_PAIRS = 3
"""A pair takes many minutes."""
FEWEST_HOSTS = 6
"""With fewer, a tenth, a half and all of them are not three sizes."""
ROLE = "netops.tuning.tcp_keepalive"
ROLLOUT = "netops.tuning.rollout"
ROLLBACK = "netops.tuning.rollback"
RESET_HOST = """\
cd /proc/sys/net/ipv4
echo 7200 >tcp_keepalive_time && echo 9 >tcp_keepalive_probes && echo 75 >tcp_keepalive_intvl
rm -rf /etc/sysctl.d/90-* /var/lib/netops-tuning
"""
EMPTY, ROLE_CHANGED = "an empty module", "the role, changed"


class Side(NamedTuple):
    """A way to set the keys. It starts with the hosts as the side before it left them."""

    label: str
    run: Callable[[str], Run]
    """Called with a pattern that selects hosts."""
    from_scratch: bool = False
    """Start with the kernel's values and without files instead."""
    goal: Goal = NO_GOAL
    """For the CPU time of each further host, relative to the empty module."""
    goal_to_role: Goal = NO_GOAL
    """For the CPU time on the largest fleet, relative to the role."""


class Cost(NamedTuple):
    """The medians of the runs of a side on a fleet."""

    cpu: float
    """Seconds of the controller."""
    wall: float


class Measurements:
    """Runs the sides on the first hosts of a fleet."""

    def __init__(self, fleet: Fleet, directory: Path) -> None:
        self.fleet = fleet
        self.directory = directory
        self._run_numbers = itertools.count()

    # --- ways to set the keys ---

    def play(self, hosts: str, playbook: str, **variables: Any) -> Run:
        """Run a playbook with its own ssh connections."""
        number = next(self._run_numbers)
        lab = self.fleet.lab
        control_path = f"/proc/{lab.init_pid}/root/run/ssh/{number}-%C"
        ssh_args = f"-F {lab.directory}/ssh_config -o ControlPath={control_path}"
        run = self.fleet.play(
            playbook,
            arguments=["--limit", hosts],
            ansible_ssh_common_args=ssh_args,
            **variables,
        )
        return _require_success(run)

    def play_task(self, name: str, task: Mapping[str, Any]) -> Callable[[str], Run]:
        """Return a function that runs a play with this task."""
        # `sysctl --system` would fail: all but the network's keys are read-only on these hosts.
        handler = {"name": "apply", "ansible.builtin.command": f"sysctl -p {PEER_PATH}"}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "vars": {"settings": dict(KEEPALIVE)},
            "tasks": [task],
            "handlers": [handler],
        }
        path = self.directory / f"{name}.yml"
        path.write_text(json.dumps([play]), encoding="utf-8")
        return lambda hosts: self.play(hosts, str(path))

    def play_role(self, hosts: str) -> Run:
        return self.play(hosts, ROLE)

    def play_rollout(self, hosts: str) -> Run:
        return self.play(hosts, ROLLOUT, rollout_name="a")

    def play_rollback(self, hosts: str) -> Run:
        return self.play(hosts, ROLLBACK, rollout_name="a")

    def pyinfra(self, hosts: str) -> Run:
        """Run pyinfra. `hosts` is a pattern as `_pattern` makes it."""
        last = int(hosts.rpartition(":")[2].rstrip("]"))
        inventory = self._write_pyinfra_inventory(last + 1)
        deploy = self.directory / "deploy.py"
        deploy.write_text(pyinfra_deploy(KEEPALIVE), encoding="utf-8")
        program = str(PROGRAMS / "pyinfra")
        options = ["-y", "--parallel", "10", str(inventory), str(deploy)]
        env = {
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
        }
        log_path = self.directory / "log"
        started = time.monotonic()
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                self.fleet.lab.inside(program, *options),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            cpu = wait_for_cpu_time(process)
        run = Run(
            rc=process.returncode,
            outcomes={},
            reasons={},
            output=log_path.read_text(encoding="utf-8", errors="replace"),
            seconds=time.monotonic() - started,
            cpu=cpu,
        )
        return _require_success(run)

    def _write_pyinfra_inventory(self, count: int) -> Path:
        lab = self.fleet.lab
        data = {
            "ssh_user": "root",
            "ssh_key": str(lab.directory / "key"),
            "ssh_strict_host_key_checking": "off",
            "ssh_known_hosts_file": str(self.directory / "known_hosts"),
        }
        hosts = [(host["address"], data) for host in lab.hosts()[:count]]
        path = self.directory / "inventory.py"
        path.write_text(f"hosts = {hosts!r}\n", encoding="utf-8")
        return path

    def sides(self) -> Sequence[Side]:
        """Return the sides in the order in which they run."""
        empty = self.play_task("empty", {EMPTY_MODULE: {}})
        posix = self.play_task("posix", POSIX_TASK)
        copy = self.play_task("copy", copy_task(KEEPALIVE))
        goal = Goal(at_most=1.1)
        return (
            Side(label=EMPTY, run=empty),
            Side(label=ROLE_CHANGED, run=self.play_role, from_scratch=True, goal=goal),
            Side(label="the role, again", run=self.play_role, goal=goal),
            Side(
                label="a complete rollout",
                run=self.play_rollout,
                from_scratch=True,
                goal_to_role=Goal(at_most=3.5),
            ),
            Side(label="a second rollout, nothing to change", run=self.play_rollout),
            Side(label="a rollback", run=self.play_rollback),
            Side(label="`ansible.posix.sysctl` in a loop, changed", run=posix, from_scratch=True),
            Side(label="`ansible.posix.sysctl` in a loop, again", run=posix),
            Side(label="`copy` and a handler, changed", run=copy, from_scratch=True),
            Side(label="`copy` and a handler, again", run=copy),
            Side(label="pyinfra `server.sysctl`, changed", run=self.pyinfra, from_scratch=True),
            Side(label="pyinfra `server.sysctl`, again", run=self.pyinfra),
        )

    # --- what they cost ---

    def measure(self, size: int, pairs: int) -> dict[str, Cost]:
        """Run all sides on so many hosts; return the cost of each by its label."""
        runs: dict[str, list[Run]] = {}
        for _pair in range(pairs):
            for side in self.sides():
                if side.from_scratch:
                    self.fleet.run(self.fleet.hosts[:size], RESET_HOST)
                runs.setdefault(side.label, []).append(side.run(_pattern(size)))
        costs = {}
        for label, of_side in runs.items():
            cpu = statistics.median(run.cpu for run in of_side)
            wall = statistics.median(run.seconds for run in of_side)
            costs[label] = Cost(cpu, wall)
        return costs


def _pattern(size: int) -> str:
    """Return Ansible's pattern for the first hosts of the group `light`."""
    return f"light[0:{size - 1}]"


def _require_success(run: Run) -> Run:
    if run.rc:
        raise SystemExit(run.output[-6000:])
    return run


class Comparison:
    """The costs of all sides on fleets of three sizes."""

    def __init__(self, costs: Mapping[int, Mapping[str, Cost]]) -> None:
        self._costs = costs
        self._small, self._middle, self._large = costs

    def heading(self) -> Row:
        return (
            "",
            f"{self._small} hosts, s",
            f"{self._middle} hosts, s",
            f"{self._large} hosts, s",
            f"{self._middle} hosts, deviation from linear",
            "each further host, ms",
            "relative to the empty module",
            "goal",
            "",
            f"{self._large} hosts, wall, s",
        )

    def rows(self, sides: Sequence[Side]) -> Iterator[Row]:
        for side in sides:
            yield self._row(side)

    def _row(self, side: Side) -> Row:
        small, middle, large = [costs[side.label].cpu for costs in self._costs.values()]
        marginal = self._marginal_cost(side.label)
        linear = small + marginal * (self._middle - self._small)
        to_empty = marginal / self._marginal_cost(EMPTY)
        goal, verdict = str(side.goal), side.goal.verdict(to_empty)
        if side.goal_to_role != NO_GOAL:
            to_role = large / self._costs[self._large][ROLE_CHANGED].cpu
            goal = f"{side.goal_to_role.at_most:g} times the role (measured: {to_role:.2f})"
            verdict = side.goal_to_role.verdict(to_role)
        return (
            side.label,
            f"{small:.1f}",
            f"{middle:.1f}",
            f"{large:.1f}",
            f"{100 * (middle / linear - 1):+.0f} %",
            f"{1000 * marginal:.0f}",
            f"{to_empty:.2f}",
            goal,
            verdict,
            f"{self._costs[self._large][side.label].wall:.0f}",
        )

    def _marginal_cost(self, label: str) -> float:
        """Return the CPU seconds of each further host."""
        small = self._costs[self._small][label].cpu
        large = self._costs[self._large][label].cpu
        return (large - small) / (self._large - self._small)


def run(options: Options) -> Sequence[Table]:
    count = options.hosts
    if count < FEWEST_HOSTS:
        raise SystemExit(
            f"--hosts {count}: fleets of three sizes are compared; give at least {FEWEST_HOSTS}"
        )
    sizes = (max(2, count // 10), count // 2, count)
    os.environ["NETOPS_COLLECTIONS_PATH"] = collections()
    with tempfile.TemporaryDirectory(prefix="netops-bench-") as name:
        directory = Path(name)
        with open_lab(directory / "lab") as lab:
            hosts = lab.up("light", ["bookworm"], count)
            fleet = Fleet(lab, hosts, {"ANSIBLE_STDOUT_CALLBACK": "default"})
            measurements = Measurements(fleet, directory)
            sides = measurements.sides()
            sides[0].run("light[0]")  # what only the first run has to do
            pairs = min(options.pairs, MOST_PAIRS)
            costs = {size: measurements.measure(size, pairs) for size in sizes}
    comparison = Comparison(costs)
    title = "CPU time of the controller, ssh included, ten hosts at a time"
    return [Table(title, comparison.heading(), list(comparison.rows(sides)))]
