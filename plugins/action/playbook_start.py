# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check all variables of a playbook, and its host patterns, before any host is asked."""

from __future__ import annotations

from typing import Any, Mapping

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars
from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns
from ansible_collections.netops.tuning.plugins.plugin_utils._host_patterns import (
    HostPatterns,
    restrict,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._playbook_checks import (
    check_playbook,
    check_values,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._playbooks import (
    PLAYBOOKS,
    Playbook,
    read_variables,
    with_names_of_parts,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import ROLE_NAMES
from ansible_collections.netops.tuning.plugins.plugin_utils._templates import (
    HostVariables,
    variables_of_play,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import (
    VariableError,
    as_list,
    check_names,
)

OPTIONS: dict[str, Any] = {
    "playbook": {"type": "str", "required": True, "choices": list(PLAYBOOKS)},
}
PATTERNS_OF_ROLLOUT = ("rollout_canary", "rollout_require")


class ActionModule(ActionBase):
    """Runs on the controller and connects to no host."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the values of the variables by their names, and the names of the hosts."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(OPTIONS)
        try:
            result.update(self._start(options["playbook"], task_vars or {}), changed=False)
        except VariableError as error:
            result.update(failed=True, msg=str(error))
        return result

    def _start(self, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        playbook = PLAYBOOKS[name]
        given = load_extra_vars(self._loader)
        for names in (*playbook.names, ROLE_NAMES):
            # Who runs this playbook gives a variable with this prefix to this playbook.
            check_names(given, names._replace(reserved=True))
        check_values(given)
        patterns = HostPatterns(self._loader, variables["groups"])
        hosts = []
        first_host = variables["inventory_hostname"]
        if playbook.hosts:
            hosts = self._hosts(playbook.hosts, patterns, variables)
            first_host = hosts[0]
        host_variables = self._variables_of(first_host, playbook, variables)
        for names in playbook.names:
            check_names(host_variables.raw, names)
        values = read_variables(playbook, host_variables.raw, host_variables.resolve)
        if context.CLIARGS.get("subset"):
            values = with_names_of_parts(values)
        values.update(check_playbook(name, values, host_variables.resolve))
        if name == "rollout":
            values.update(_find_hosts_of_rollout(patterns, values, hosts))
            values["hosts_of_report"] = hosts if values["rollout_report_dir"] else []
            values["patterns_of_report"] = exact_patterns(values["hosts_of_report"])
        return {"hosts": hosts, "patterns": exact_patterns(hosts), **values}

    def _variables_of(
        self, host: str, playbook: Playbook, variables: Mapping[str, Any]
    ) -> HostVariables:
        """Return the variables of a host, and those with our prefixes that the play sets."""
        names = []
        for name in variables:
            if any(own_names.has_prefix(name) for own_names in playbook.names):
                names.append(name)
        play_variables = variables_of_play(variables, names)
        return HostVariables(host, variables["hostvars"], self._templar, play_variables)

    def _hosts(
        self, variable: str, patterns: HostPatterns, variables: Mapping[str, Any]
    ) -> list[str]:
        """Return the hosts that the playbook is for."""
        pattern = as_list(self._templar.template(variables.get(variable))) or ["all"]
        matching_hosts = patterns.find(variable, pattern)
        return restrict(variable, matching_hosts, variables["ansible_play_hosts_all"])


def _find_hosts_of_rollout(
    patterns: HostPatterns, values: Mapping[str, Any], hosts: list[str]
) -> dict[str, list[str]]:
    """Return the canaries, and the hosts without which nothing is changed."""
    named: dict[str, list[str]] = {}
    for variable in PATTERNS_OF_ROLLOUT:
        named[variable] = []
        if values[variable]:
            named[variable] = patterns.find(variable, values[variable])
    canaries = [host for host in named["rollout_canary"] if host in hosts]
    if named["rollout_canary"] and not canaries:
        raise VariableError("rollout_canary: none of its hosts is in this rollout; correct it")
    strangers = [host for host in named["rollout_require"] if host not in hosts]
    if strangers:
        raise VariableError(
            f"rollout_require: {strangers[0]} is not a host of this rollout; "
            "take it out, or correct rollout_hosts or --limit"
        )
    return {**named, "rollout_canary": canaries}
