# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a run at each system call that changes the host; the next run must finish the job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .experiment import Experiment
from .module_run import InterveneAt, changes_host
from .ptrace import Kill, KillAfter, Verdict
from .scenarios import Scenario


class KillPoint(NamedTuple):
    """A moment at which a run is killed."""

    number: int
    """Of the system call, among those that change the host."""
    where: str
    verdict: Verdict


def kill_points(experiment: Experiment) -> Iterator[KillPoint]:
    """Yield each call, the middle of each write to a file, and the end of the last call."""
    calls = experiment.calls
    for number, call in enumerate(calls):
        yield KillPoint(number, f"before {call}", Kill())
        is_in_proc = call.paths[0].startswith("/proc/")
        if call.name == "write" and call.size > 1 and not is_in_proc:
            yield KillPoint(number, f"half-way through {call}", KillAfter(call.size // 2))
    yield KillPoint(len(calls) - 1, f"after {calls[-1]}", KillAfter())


def kill_everywhere(scenario: Scenario) -> dict[str, Any]:
    experiment = Experiment(scenario)
    count = 0
    problems: list[str] = []
    for point in kill_points(experiment):
        experiment.host.reset()
        run = experiment.run(InterveneAt(point.number, point.verdict, changes_host))
        if not run.was_killed:
            problems.append(f"{point.where}: it was not killed, but went on to {run.output}")
            continue
        count += 1
        problems_here = list(experiment.find_damage(experiment.host.state()))
        problems_here += experiment.check_next_runs()
        problems += [f"killed {point.where}: {problem}" for problem in problems_here]
    return {"count": count, "problems": problems}
