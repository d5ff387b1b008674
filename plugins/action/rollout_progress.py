# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the progress of a rollout after a batch, and decide whether it goes on."""

from __future__ import annotations

import time
from typing import Any

from ansible import context
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import format_duration
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import (
    ROLLOUT_OPTIONS,
    RolloutAction,
)

COUNTDOWN_STEP = 10
"""Seconds between two lines of the countdown."""
DEFAULT_FORKS = 5
EXACT_ESTIMATE = 600
"""Seconds: a longer estimate is given in whole minutes."""

OPTIONS: dict[str, Any] = {
    **ROLLOUT_OPTIONS,
    "max_failures": {"type": "int", "default": 0},
    "max_unreachable": {"type": "int", "default": 0},
    "soak": {"type": "int", "default": 0},
}


class ActionModule(RolloutAction):
    """The action rollout_progress."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return whether to stop; wait before the next batch if there is one."""
        outcomes = self.outcomes_of(self.variables["rollout_plan"]["hosts"])
        ended = {}
        for host, outcome in outcomes.items():
            if outcome.outcome != _fleet.NOT_REACHED:
                ended[host] = outcome
        this_batch = {}
        for host in self.variables["ansible_play_batch"]:
            if host in outcomes:
                this_batch[host] = outcomes[host]
        counts = _fleet.describe_counts(_fleet.count_outcomes(ended))
        self.display(
            f"{len(ended)} of {count_hosts(len(outcomes))}, {counts}; {self._elapsed(len(ended))}",
            _fleet.failure_lines(this_batch),
        )
        failures = _fleet.count_failures(ended, self.options["max_unreachable"])
        stop = failures > self.options["max_failures"]
        remaining = len(outcomes) - len(ended)
        if stop and remaining:
            self.display(
                f"stops here: {failures} failed, and rollout_max_failures is "
                f"{self.options['max_failures']}; {count_hosts(remaining)} not touched"
            )
        elif remaining:
            self._wait()
        return {"stop": stop}

    def _elapsed(self, ended: int) -> str:
        """Return the time since the plan, and an estimate of the time that is left."""
        plan = self.variables["rollout_plan"]
        elapsed = time.time() - plan["planned"]
        forks = int(context.CLIARGS.get("forks") or DEFAULT_FORKS)
        share = _fleet.share_done(plan["sizes"], ended, forks)
        text = f"{format_duration(elapsed)} so far"
        if 0 < share < 1:
            to_go = elapsed * (1 - share) / share
            if to_go > EXACT_ESTIMATE:
                to_go = 60 * round(to_go / 60)
            text += f", about {format_duration(to_go)} to go"
        return text

    def _wait(self) -> None:
        """Wait the soak time, with a line now and then, since the terminal shows nothing else."""
        remaining = float(self.options["soak"])
        end = time.monotonic() + remaining
        while remaining > 0:
            self.display(f"the next batch starts in {format_duration(remaining)}")
            time.sleep(min(remaining, COUNTDOWN_STEP))
            remaining = end - time.monotonic()
