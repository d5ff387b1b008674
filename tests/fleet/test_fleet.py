# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout on many hosts, some of which fail in every way we know: what becomes of each, and that no other is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fleet.fleet import FAULTS, SIZE, Fleet

EACH = max(1, round(SIZE / 70))
"""Hosts with each of the seven faults: 10 % of a large fleet."""
ROLLOUT, ROLLBACK = "netops.tuning.rollout", "netops.tuning.rollback"
AT_ONCE = ("down", "read_only", "overridden", "stranger")
"""Faults that the preflight finds."""
KERNEL, DOCUMENT = "7200\n9\n75\n", "3600\n9\n25\n"


def faults_for(hosts: list[str]) -> dict[str, str]:
    """Choose hosts for all faults: those that the preflight finds at the end, the others in the third batch."""
    at_once = [fault for fault in AT_ONCE for _each in range(EACH)]
    fit = hosts[: len(hosts) - len(at_once)]
    third = third_batch(fit)
    later = [fault for fault in FAULTS if fault not in AT_ONCE for _each in range(EACH)]
    assert len(third) > len(later)
    return {**dict(zip(hosts[len(fit) :], at_once)), **dict(zip(third, later))}


def third_batch(fit: list[str]) -> list[str]:
    """Return the hosts of the batch of 25 %, after the canary and 5 %."""
    begin = 1 + max(1, len(fit) * 5 // 100)
    return fit[begin : begin + len(fit) * 25 // 100]


def test_from_the_first_host_to_the_last_and_back(fleet: Fleet, tmp_path: Path) -> None:
    """Stopped by faults, gone on with, mended, done, and back to the start, over a reboot."""
    start = fleet.state()
    assert {state[: len(KERNEL)] for state in start.values()} == {KERNEL}
    faults = faults_for(fleet.hosts)
    fit = [host for host in fleet.hosts if faults.get(host) not in AT_ONCE]
    reached = fit[: fit.index(third_batch(fit)[-1]) + 1]
    fleet.break_down(faults)
    broken = fleet.state(fit)

    run = fleet.play(ROLLOUT, rollout_name="a")
    became = {
        "down": "unreachable",
        "stranger": "unreachable",
        "dies": "unreachable",
        "slow": "done",
    }
    expected = {host: became.get(fault, "failed") for host, fault in faults.items()}
    expected.update(
        {host: "done" if host in reached else "not_reached" for host in fit if host not in faults}
    )
    assert (run.rc, run.outcomes) == (2, expected), run.output
    for fault, words in {
        "read_only": "ead-only",
        "overridden": "/etc/sysctl.d/99-z.conf line 1",
        "full": "No space left",
    }.items():
        assert all(words in run.reasons[host] for host in faults if faults[host] == fault), (
            run.reasons
        )
    now = fleet.state([host for host in fit if faults.get(host) != "dies"])
    for host, state in now.items():
        if run.outcomes[host] == "done":
            assert state.startswith(DOCUMENT)
        else:
            assert state == broken[host], f"{host} is {run.outcomes[host]}, and must be untouched"

    fleet.mend([host for host, fault in faults.items() if fault in ("down", "dies", "slow")])
    run = fleet.play(
        ROLLOUT, rollout_name="a", rollout_max_failures=EACH, rollout_report_dir=str(tmp_path)
    )
    again = {
        "down": "done",
        "stranger": "unreachable",
        "dies": "already_right",
        "slow": "already_right",
    }
    expected = {host: again.get(fault, "failed") for host, fault in faults.items()}
    expected.update(
        {host: "already_right" if host in reached else "done" for host in fit if host not in faults}
    )
    assert (run.rc, run.outcomes) == (2, expected), run.output
    report = json.loads((tmp_path / "keepalive-rollout.json").read_text(encoding="utf-8"))
    assert {host["name"]: host["outcome"] for host in report["hosts"]} == expected
    wanted = {host["name"] for host in report["hosts"] if host["state"] == "as_wanted"}
    assert wanted == {
        host for host, outcome in expected.items() if outcome in ("done", "already_right")
    }

    fleet.mend(list(fleet.faults))
    run = fleet.play(ROLLOUT, rollout_name="a")
    assert (run.rc, set(run.outcomes.values())) == (0, {"done", "already_right"}), run.output
    assert {state[: len(DOCUMENT)] for state in fleet.state().values()} == {DOCUMENT}

    fleet.lab.reboot(fleet.hosts[:3])
    assert {state[: len(DOCUMENT)] for state in fleet.state(fleet.hosts[:3]).values()} == {DOCUMENT}
    run = fleet.play(ROLLBACK, rollout_name="a")
    assert run.rc == 0, run.output
    assert fleet.state() == start
    fleet.lab.reboot(fleet.hosts[:3])
    assert fleet.state() == start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_controller_that_ends_in_the_middle(fleet: Fleet, number: signal.Signals) -> None:
    """Ctrl-C, or no controller any more: each host is as before or as wanted, and the next run finishes."""
    hosts, name = fleet.hosts[:6], f"ends by {number.name}"
    start = fleet.state(hosts)
    before = {host: fleet.ledgers(host) for host in hosts}

    def end(process: subprocess.Popen[bytes]) -> None:
        while not any(fleet.ledgers(host) != before[host] for host in hosts[2:]):
            assert process.poll() is None, "it ended before its time"
            time.sleep(0.01)
        os.killpg(process.pid, number)

    run = fleet.play(ROLLOUT, until=end, rollout_name=name, rollout_hosts=hosts)
    assert run.rc not in (0, 2), run.output
    states = fleet.state(hosts)
    halfway = [host for host, state in states.items() if state != start[host]]
    assert 2 <= len(halfway) < len(hosts)
    run = fleet.play(ROLLOUT, rollout_name=name, rollout_hosts=hosts)
    assert run.rc == 0, run.output
    wanted = fleet.state(hosts)
    assert len(set(wanted.values())) == 1
    assert {states[host] for host in halfway} <= set(wanted.values()), "whole-old or whole-new"
    run = fleet.play(ROLLBACK, rollout_name=name, rollback_hosts=hosts)
    assert (run.rc, fleet.state(hosts)) == (0, start), run.output
