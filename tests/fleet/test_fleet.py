# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout on many hosts, some of which fail in every way we know.

Each host must have the expected outcome, and a host that failed must be as it was.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from fleet.faults import FAULTS
from fleet.fleet import SIZE, Fleet, Run

HOSTS_PER_FAULT = max(1, round(SIZE / 70))
"""With seven faults, 10 % of a large fleet are faulty."""
ROLLOUT = "netops.tuning.rollout"
ROLLBACK = "netops.tuning.rollback"
REFUSED_BY_PREFLIGHT = ("down", "read_only", "overridden", "stranger")
KERNEL_STATE = "7200\n9\n75\n"
DOCUMENT_STATE = "3600\n9\n25\n"
FIRST_OUTCOMES = {
    "down": "unreachable",
    "stranger": "unreachable",
    "dies": "unreachable",
    "slow": "done",
}
"""Fault -> outcome of the first run; "failed" for the other faults."""
SECOND_OUTCOMES = {
    "down": "done",
    "stranger": "unreachable",
    "dies": "already_right",
    "slow": "already_right",
}
"""The same, of the run after these hosts but the "stranger" were repaired."""
REASONS = {
    "read_only": "ead-only",
    "overridden": "/etc/sysctl.d/99-z.conf line 1",
    "full": "No space left",
}


class Plan:
    """Which hosts are faulty, and which hosts the rollout reaches before it stops."""

    def __init__(self, hosts: list[str]) -> None:
        """Put faults that the preflight finds on the last hosts, the others in the third batch."""
        early: list[str] = []
        late: list[str] = []
        for fault in FAULTS:
            group = early if fault in REFUSED_BY_PREFLIGHT else late
            group += [fault] * HOSTS_PER_FAULT
        self.fit = hosts[: len(hosts) - len(early)]
        """The hosts that pass the preflight."""
        third_batch = third_batch_of(self.fit)
        assert len(third_batch) > len(late)
        self.faults = dict(zip(hosts[len(self.fit) :], early))
        self.faults.update(zip(third_batch, late))
        self.reached = self.fit[: self.fit.index(third_batch[-1]) + 1]

    def hosts_with(self, *faults: str) -> list[str]:
        return [host for host, fault in self.faults.items() if fault in faults]

    def expected(
        self, of_faults: Mapping[str, str], if_reached: str, if_not_reached: str
    ) -> dict[str, str]:
        """Return the expected outcome on each host."""
        outcomes = {host: of_faults.get(fault, "failed") for host, fault in self.faults.items()}
        for host in self.fit:
            if host not in self.faults:
                outcomes[host] = if_reached if host in self.reached else if_not_reached
        return outcomes


def third_batch_of(fit: list[str]) -> list[str]:
    """Return the hosts of the batch of 25 %, after the canary and 5 %."""
    first = 1 + max(1, len(fit) * 5 // 100)
    return fit[first : first + len(fit) * 25 // 100]


def test_a_rollout_survives_all_faults_and_can_be_rolled_back(fleet: Fleet, tmp_path: Path) -> None:
    """Stopped by faults, continued, completed after repairs, and rolled back, with reboots."""
    start = fleet.state()
    assert_all_start_with(KERNEL_STATE, start)
    plan = Plan(fleet.hosts)
    fleet.inject(plan.faults)
    faulty = fleet.state(plan.fit)

    run = fleet.play(ROLLOUT, rollout_name="a")
    expected = plan.expected(FIRST_OUTCOMES, if_reached="done", if_not_reached="not_reached")
    assert (run.rc, run.outcomes) == (4, expected), run.output
    check_reasons(plan, run)
    running = [host for host in plan.fit if plan.faults.get(host) != "dies"]
    check_states(run, before=faulty, after=fleet.state(running))

    fleet.repair(plan.hosts_with("down", "dies", "slow"))
    run = fleet.play(
        ROLLOUT,
        rollout_name="a",
        rollout_max_failures=HOSTS_PER_FAULT,
        rollout_report_dir=str(tmp_path),
    )
    expected = plan.expected(SECOND_OUTCOMES, if_reached="already_right", if_not_reached="done")
    assert (run.rc, run.outcomes) == (4, expected), run.output
    check_report(tmp_path / "keepalive-rollout.json", expected)

    fleet.repair(list(fleet.faults))
    run = fleet.play(ROLLOUT, rollout_name="a")
    assert (run.rc, set(run.outcomes.values())) == (0, {"done", "already_right"}), run.output
    assert_all_start_with(DOCUMENT_STATE, fleet.state())
    check_reboot_and_rollback(fleet, start)


def check_states(run: Run, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Check that only the hosts that are done were changed."""
    for host, state in after.items():
        if run.outcomes[host] == "done":
            assert state.startswith(DOCUMENT_STATE)
        else:
            assert state == before[host], f"{host} is {run.outcomes[host]}, but was changed"


def check_reboot_and_rollback(fleet: Fleet, start: Mapping[str, str]) -> None:
    """Check that the values survive a reboot, and that a rollback does, too."""
    rebooted = fleet.hosts[:3]
    fleet.lab.reboot(rebooted)
    assert_all_start_with(DOCUMENT_STATE, fleet.state(rebooted))
    run = fleet.play(ROLLBACK, rollout_name="a")
    assert run.rc == 0, run.output
    assert fleet.state() == start
    fleet.lab.reboot(rebooted)
    assert fleet.state() == start


def assert_all_start_with(prefix: str, states: Mapping[str, str]) -> None:
    assert {state[: len(prefix)] for state in states.values()} == {prefix}


def check_reasons(plan: Plan, run: Run) -> None:
    for fault, text in REASONS.items():
        for host in plan.hosts_with(fault):
            assert text in run.reasons[host], run.reasons


def check_report(path: Path, expected: Mapping[str, str]) -> None:
    report = json.loads(path.read_text(encoding="utf-8"))
    assert {host["name"]: host["outcome"] for host in report["hosts"]} == expected
    as_wanted = {host["name"] for host in report["hosts"] if host["state"] == "as_wanted"}
    successful = {
        host for host, outcome in expected.items() if outcome in ("done", "already_right")
    }
    assert as_wanted == successful


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_rollout_can_be_continued_after_its_controller_was_killed(
    fleet: Fleet, number: signal.Signals
) -> None:
    """Each host is as before or as wanted, and the next run completes the rollout."""
    hosts, name = fleet.hosts[:6], f"ends by {number.name}"
    start = fleet.state(hosts)
    before = {host: fleet.ledgers(host) for host in hosts}

    def kill_in_the_third_batch(process: subprocess.Popen[bytes]) -> None:
        while not any(fleet.ledgers(host) != before[host] for host in hosts[2:]):
            assert process.poll() is None, "the rollout ended too early"
            time.sleep(0.01)
        os.killpg(process.pid, number)

    run = fleet.play(
        ROLLOUT, interrupt=kill_in_the_third_batch, rollout_name=name, rollout_hosts=hosts
    )
    assert run.rc not in (0, 2), run.output
    states = fleet.state(hosts)
    changed = [host for host, state in states.items() if state != start[host]]
    assert 2 <= len(changed) < len(hosts)

    run = fleet.play(ROLLOUT, rollout_name=name, rollout_hosts=hosts)
    assert run.rc == 0, run.output
    wanted = set(fleet.state(hosts).values())
    assert len(wanted) == 1
    assert {states[host] for host in changed} <= wanted, "a host was changed in part"
    run = fleet.play(ROLLBACK, rollout_name=name, rollback_hosts=hosts)
    assert (run.rc, fleet.state(hosts)) == (0, start), run.output
