# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""End a playbook with a failure of the hosts that are wrong, and of no other.

So the recap of Ansible, ARA and AWX show each host as it is.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible.plugins.action import ActionBase

OPTIONS: dict[str, Any] = {"result": {"type": "str", "required": True}}


class ActionModule(ActionBase):
    """Runs on the controller and connects to no host."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the failure of this host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        _validation, options = self.validate_argument_spec(OPTIONS)
        step = _result_of_judgement(options["result"], variables)
        host = str(variables["inventory_hostname"])
        if host in step["unreachable_hosts"]:
            return {**result, "unreachable": True, "msg": step["unreachable_hosts"][host]}
        # Only localhost is no host of the playbook: there the whole has failed.
        message = step["failed_hosts"].get(host, step["failure"])
        return {**result, "failed": True, "changed": False, "msg": message}


def _result_of_judgement(name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the result of the step that judged all hosts, which is a fact of localhost."""
    # `hostvars[host]` would look for templates in all that the host returned.
    judgement: Mapping[str, Any] = variables["hostvars"].raw_get("localhost")[name]
    return judgement
