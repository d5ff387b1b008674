# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sum up a rollout: the outcome on each host."""

from __future__ import annotations

from typing import Any, Mapping

from ansible import context
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import RolloutAction

OPTIONS: dict[str, Any] = {"rollout": {"type": "str", "required": True}}


class ActionModule(RolloutAction):
    """The action rollout_summary."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return the outcomes, and whether a host is not as wanted."""
        outcomes = self.outcomes_of(self.variables["ansible_play_hosts_all"])
        counts = _fleet.count_outcomes(outcomes)
        summary = _fleet.describe_counts(counts)
        self.display(f"{len(outcomes)} hosts: {summary}", _fleet.failure_lines(outcomes))
        return {
            "outcomes": {host: outcome._asdict() for host, outcome in outcomes.items()},
            "counts": counts,
            "summary": summary,
            "wrong": _is_wrong(outcomes),
        }


def _is_wrong(outcomes: Mapping[str, Outcome]) -> bool:
    """Tell whether a host failed or was not reached; in check mode no host is to be reached."""
    check_mode = bool(context.CLIARGS.get("check"))
    for outcome in outcomes.values():
        if outcome.is_failure:
            return True
        if outcome.outcome == _fleet.NOT_REACHED and not check_mode:
            return True
    return False
