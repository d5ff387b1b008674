# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a rollout: which hosts are changed, in which order and batches."""

from __future__ import annotations

import time
from typing import Any, Mapping

from ansible import context
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import (
    RolloutAction,
    RolloutError,
)

_MAX_SIZES = 8
"""Sizes of batches that the line of the plan names."""

OPTIONS: dict[str, Any] = {
    "rollout": {"type": "str", "required": True},
    "serial": {"type": "list", "elements": "str", "default": ["1", "5%", "25%", "100%"]},
    "canary": {"type": "list", "elements": "str", "default": []},
    "require": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(RolloutAction):
    """The action rollout_plan."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return the plan; fail if a required host cannot be changed."""
        variables = self.variables_of(self.variables["ansible_play_hosts_all"])
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
        self._check_required(variables, unfit)
        if context.CLIARGS.get("check"):
            hosts = []
        return {"hosts": hosts, "sizes": sizes, "planned": time.time()}

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
            batches = f" in {len(sizes)} batches ({named})"
        already_right = total - to_change - len(unfit)
        self.display(
            f"{total} hosts: {to_change} to change{batches}, {already_right} already right, "
            f"{len(unfit)} that cannot be changed",
            [*_fleet.failure_lines(unfit), *_fleet.undone_lines(preflights)],
        )

    def _check_required(self, variables: Mapping[str, Any], unfit: Mapping[str, Outcome]) -> None:
        """Stop the rollout if a host without which nothing is to be changed cannot be changed."""
        reasons = []
        for host in self.options["require"]:
            if host in unfit:
                reasons.append(f"{host}: {unfit[host].reason}")
            elif host not in variables:
                reasons.append(f"{host}: no host of this rollout")
        if reasons:
            raise RolloutError(
                "nothing was changed, since hosts that rollout_require names are not fit: "
                f"{'; '.join(reasons)}"
            )
