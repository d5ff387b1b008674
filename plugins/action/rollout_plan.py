# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a rollout: which hosts are changed, in which order and batches."""

from __future__ import annotations

import time
from typing import Any, Iterable, Mapping

from ansible import context
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts, count_text
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import (
    ROLLOUT_OPTIONS,
    RolloutAction,
)

_MAX_SIZES = 8
"""Sizes of batches that the line of the plan names."""

OPTIONS: dict[str, Any] = {
    **ROLLOUT_OPTIONS,
    "hosts": {"type": "list", "elements": "str", "required": True},
    "serial": {"type": "list", "elements": "str", "default": ["1", "5%", "25%", "100%"]},
    "canary": {"type": "list", "elements": "str", "default": []},
    "require": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(RolloutAction):
    """The action rollout_plan."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return the plan; without a host to change if a required one cannot be changed."""
        variables = self.variables_of(self.options["hosts"])
        preflights = {}
        unfit = {}
        for host, host_variables in variables.items():
            preflights[host] = _fleet.result_of(host_variables, _fleet.PREFLIGHT)
            outcome = _fleet.outcome_of(host_variables)
            if outcome.is_failure:
                unfit[host] = outcome
        hosts = _fleet.hosts_to_change(preflights, self.options["canary"])
        sizes = _fleet.batch_sizes(len(hosts), self.options["serial"])
        self._display_plan(preflights, len(hosts), sizes, unfit)
        problem = _unfit_required_hosts(self.options["require"], unfit)
        if problem:
            self.display(problem)
        if problem or context.CLIARGS.get("check"):
            hosts = []
        return {
            "hosts": hosts,
            "patterns": exact_patterns(hosts),
            "sizes": sizes,
            "planned": time.time(),
            "problem": problem,
        }

    def _display_plan(
        self,
        preflights: Mapping[str, Mapping[str, Any] | None],
        to_change: int,
        sizes: list[int],
        unfit: Mapping[str, Outcome],
    ) -> None:
        total = len(preflights)
        batches = ""
        if sizes:
            named = ", ".join(str(size) for size in sizes[:_MAX_SIZES])
            if len(sizes) > _MAX_SIZES:
                named += " ..."
            batches = f" in {count_text(len(sizes), 'batch', 'batches')} ({named})"
        already_right = total - to_change - len(unfit)
        self.display(
            f"{count_hosts(total)}: {to_change} to change{batches}, "
            f"{already_right} already right, {len(unfit)} that cannot be changed",
            [*_fleet.failure_lines(unfit), *_fleet.undone_lines(preflights)],
        )


def _unfit_required_hosts(required: Iterable[str], unfit: Mapping[str, Outcome]) -> str | None:
    """Return why nothing may be changed: hosts without which it must not be cannot be changed."""
    reasons = []
    for host in required:
        if host in unfit:
            reasons.append(f"{host}: {unfit[host].reason}")
    if not reasons:
        return None
    return (
        "nothing was changed, since hosts that rollout_require names cannot be changed: "
        f"{'; '.join(reasons)}"
    )
