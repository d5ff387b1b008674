# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of any host, with their templates resolved in the context of that host.

This file is private to this collection.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible.errors import AnsibleError

from ._messages import one_line
from ._variables import VariableError


def variables_of_play(variables: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of the named variables that the play sets, such as by ``import_playbook``.

    variables: all that a task has. ``hostvars`` has none of a play.
    """
    host_variables = variables["hostvars"].raw_get(variables["inventory_hostname"])
    play_variables = {}
    for name in names:
        if name in variables and variables[name] != host_variables.get(name):
            play_variables[name] = variables[name]
    return play_variables


class HostVariables:
    """The variables of a host as they are written, and resolved.

    play_variables: those of the play, which come before the ones of the host.
    """

    def __init__(
        self,
        host: str,
        hostvars: Any,
        templar: Any,
        play_variables: Mapping[str, Any] | None = None,
    ) -> None:
        # `hostvars[host]` would look for templates in all that the host returned.
        self.raw: Mapping[str, Any] = {**hostvars.raw_get(host), **(play_variables or {})}
        self._context = {**self.raw, "hostvars": hostvars}
        self._templar = templar

    def resolve(self, name: str) -> Any:
        """Return the value of a variable."""
        return self.resolve_all({name: self.raw[name]})[name]

    def resolve_all(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return these variables with their templates resolved."""
        resolved = {}
        for name, value in variables.items():
            if isinstance(value, (list, dict)) or (isinstance(value, str) and "{" in value):
                resolved[name] = self._template(name, value)
            else:
                resolved[name] = value
        return resolved

    def _template(self, name: str, value: Any) -> Any:
        templar = self._templar.copy_with_new_env(available_variables=self._context)
        try:
            return templar.template(value)
        except AnsibleError as error:
            reason = one_line(getattr(error, "message", error))
            raise VariableError(
                f"{name}: its template cannot be resolved: {reason}; correct it"
            ) from None
