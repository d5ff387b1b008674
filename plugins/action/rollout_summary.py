# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sum up a rollout: the outcome on each host."""

from __future__ import annotations

from typing import Any, Mapping

from ansible import context
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import (
    ROLLOUT_OPTIONS,
    RolloutAction,
)

OPTIONS: dict[str, Any] = {
    **ROLLOUT_OPTIONS,
    "hosts": {"type": "list", "elements": "str", "required": True},
    "problem": {"type": "str"},
    "max_unreachable": {"type": "int", "default": 0},
}


class ActionModule(RolloutAction):
    """The action rollout_summary."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return the outcomes, and which hosts are not as wanted."""
        check_mode = bool(context.CLIARGS.get("check"))
        outcomes = self.outcomes_of(self.options["hosts"])
        if check_mode and not self.options["problem"]:
            outcomes = _fleet.as_in_check_mode(outcomes)
        counts = _fleet.count_outcomes(outcomes)
        summary = _fleet.describe_counts(counts)
        self.display(f"{count_hosts(len(outcomes))}: {summary}", _fleet.failure_lines(outcomes))
        wrong = self._wrong_hosts(outcomes)
        unreachable = {}
        failed = {}
        for host, outcome in wrong.items():
            if outcome.outcome == _fleet.UNREACHABLE:
                unreachable[host] = outcome.reason
            elif outcome.is_failure:
                failed[host] = _fleet.describe(outcome)
        reason = self.options["problem"] or summary
        is_wrong = bool(wrong or self.options["problem"])
        if is_wrong and not (unreachable or failed):
            # With --limit there is no localhost, and the run must fail all the same.
            for host, outcome in outcomes.items():
                failed[host] = _fleet.describe(outcome)
        wrong_hosts = [*unreachable, *failed]
        return {
            "outcomes": {host: outcome._asdict() for host, outcome in outcomes.items()},
            "counts": counts,
            "summary": summary,
            "wrong": is_wrong,
            "failing": ["localhost", *exact_patterns(wrong_hosts)] if is_wrong else [],
            "unreachable_hosts": unreachable,
            "failed_hosts": failed,
            "failure": f"rollout {self.options['rollout']!r}: {reason}",
        }

    def _wrong_hosts(self, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Return the hosts that are not as wanted; some may be unreachable without being wrong."""
        unreachable = {}
        wrong = {}
        for host, outcome in outcomes.items():
            if outcome.outcome == _fleet.UNREACHABLE:
                unreachable[host] = outcome
            if outcome.outcome not in _fleet.AS_WANTED:
                wrong[host] = outcome
        if len(unreachable) <= self.options["max_unreachable"]:
            for host in unreachable:
                del wrong[host]
        return wrong
