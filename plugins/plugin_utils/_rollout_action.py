# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of a rollout have in common: they run on the controller, over all hosts."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ._fleet import Outcome, outcome_of

ROLLOUT_OPTIONS: dict[str, Any] = {
    "rollout": {"type": "str", "required": True},
    "terminal": {"type": "bool", "default": True},
}
"""The options of every step."""


class RolloutAction(ActionBase):
    """A step of a rollout for all hosts of a play; it needs no connection.

    A subclass declares its options in ``argument_spec``, and returns its result in ``decide``.
    """

    _requires_connection = False
    argument_spec: Mapping[str, Mapping[str, Any]]

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the step."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.variables = task_vars or {}
        _validation, self.options = self.validate_argument_spec(dict(self.argument_spec))
        result.update(self.decide(), changed=False)
        return result

    def decide(self) -> dict[str, Any]:
        """Return what the step comes to."""
        raise NotImplementedError

    def variables_of(self, hosts: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Return the variables of these hosts.

        ``hostvars[host]`` would look for templates in all that the host returned.
        """
        hostvars = self.variables["hostvars"]
        return {host: hostvars.raw_get(host) for host in hosts}

    def outcomes_of(self, hosts: Iterable[str]) -> dict[str, Outcome]:
        """Return the outcome on each of these hosts so far."""
        variables = self.variables_of(hosts)
        return {host: outcome_of(host_variables) for host, host_variables in variables.items()}

    def display(self, line: str, details: Iterable[str] = ()) -> None:
        """Show a line of this rollout to a person, and details below it."""
        if self.options["terminal"]:
            lines = [f"rollout {self.options['rollout']!r}: {line}"]
            lines.extend(f"  {detail}" for detail in details)
            show_lines(lines)


def show_lines(lines: Iterable[str]) -> None:
    """Show lines to a person; standard output belongs to the callback, which may write JSON."""
    Display().display("\n".join(lines), stderr=True)
