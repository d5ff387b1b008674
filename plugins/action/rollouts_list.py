# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the rollouts that the ledgers of the hosts know."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible.plugins.action import ActionBase
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import (
    KnownRollout,
    merge_ledgers,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import show_lines

OPTIONS: dict[str, Any] = {
    "hosts": {"type": "list", "elements": "str", "required": True},
    "results": {"type": "str", "default": "rollouts_found"},
    "terminal": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Runs on the controller and connects to no host."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the rollouts, oldest first."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(OPTIONS)
        hostvars = (task_vars or {})["hostvars"]
        ledgers: dict[str, list[Mapping[str, Any]]] = {}
        for host in options["hosts"]:
            result_of_host = hostvars.raw_get(host).get(options["results"]) or {}
            ledgers[host] = result_of_host.get("rollouts") or []
        rollouts = merge_ledgers(ledgers)
        if options["terminal"]:
            show_lines(_lines(rollouts))
        described = [rollout._asdict() for rollout in rollouts]
        result.update(changed=False, rollouts=described)
        return result


def _lines(rollouts: list[KnownRollout]) -> Iterator[str]:
    """Yield a line for each rollout."""
    if not rollouts:
        yield "No host knows a rollout."
    for rollout in rollouts:
        undone = f", rolled back on {rollout.undone}" if rollout.undone else ""
        yield f"{rollout.at}  {rollout.rollout}: on {count_hosts(rollout.hosts)}{undone}"
