# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull the plug at every system call that changes the host, and see what is left, and whether the next run finishes the job."""

from __future__ import annotations

from typing import Any, Iterator

from .experiment import Experiment
from .ptrace import Kill, KillAfter, Verdict
from .scenarios import Scenario
from .target import At, changes_host, was_killed


def kill_points(experiment: Experiment) -> Iterator[tuple[int, str, Verdict]]:
    """Yield where to end a run: before each call that changes something, in the middle of each write to a file, after the last call."""
    calls = experiment.undisturbed.seen
    for number, call in enumerate(calls):
        yield number, f"before {call}", Kill()
        if call.name == "write" and call.size > 1 and not call.paths[0].startswith("/proc/"):
            yield number, f"half-way through {call}", KillAfter(call.size // 2)
    yield len(calls) - 1, f"after {calls[-1]}", KillAfter()


def kill_everywhere(scenario: Scenario) -> dict[str, Any]:
    experiment = Experiment(scenario)
    points, broken = 0, []
    for number, where, verdict in kill_points(experiment):
        experiment.host.reset()
        ran = experiment.run(At(number, verdict, changes_host))
        if not was_killed(ran):
            broken.append(f"{where}: it was not killed, but went on to {ran.printed}")
            continue
        points += 1
        broken += [
            f"killed {where}: {trouble}"
            for trouble in experiment.trouble_with(experiment.host.state())
        ]
        broken += [
            f"killed {where}: {trouble}" for trouble in experiment.trouble_with_the_next_run()
        ]
    return {"count": points, "broken": broken}
