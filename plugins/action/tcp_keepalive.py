# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module tcp_keepalive. With from_variables, its options come from the variables of a role.

A role with a template for each option would work too, but Ansible compiles every template again for
every host: measured on a fleet, the controller then needs 1.5 times the CPU.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import normal
from ansible_collections.netops.tuning.plugins.module_utils._modules.keepalive_arguments import (
    FROM_VARIABLES,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import one_line
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import (
    MODULE_OPTIONS,
    ROLE_NAMES,
    ROLE_PREFIX,
    options_from_variables,
    role_default,
    with_profile_of_role,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._variable_names import name_variables
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import (
    VariableError,
    check_names,
)


class ActionModule(normal.ActionModule):
    """Runs the module on the host, as any task would."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the module."""
        prefix = self._task.args.pop(FROM_VARIABLES, None)
        if prefix is not None:
            variables = task_vars or {}
            options = self._options_from_variables(str(prefix), variables)
            self._task.args = self._combined(str(prefix), options, variables)
        result: dict[str, Any] = super().run(tmp, task_vars)
        if prefix is not None and "msg" in result:
            result["msg"] = name_variables(str(result["msg"]), str(prefix), MODULE_OPTIONS)
        return result

    def _combined(
        self, prefix: str, options: dict[str, Any], variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the options of the module.

        Those of the task itself win, then what the variables say, then module_defaults, and last
        the defaults of the role, which nobody has asked for.
        """
        own = _names_in_task(self._task.get_ds())
        own_args = {}
        module_defaults = {}
        for name, value in self._task.args.items():
            if name in own:
                own_args[name] = value
            else:
                module_defaults[name] = value
        given = options
        if module_defaults:
            host = variables["inventory_hostname"]
            of_host = variables["hostvars"].raw_get(host)
            given = {}
            for name, value in options.items():
                if prefix + name in of_host or value != role_default(name):
                    given[name] = value
        return {**options, **module_defaults, **given, **own_args}

    def _options_from_variables(self, prefix: str, variables: dict[str, Any]) -> dict[str, Any]:
        names = ROLE_NAMES._replace(prefix=prefix, reserved=prefix == ROLE_PREFIX)
        try:
            check_names(variables, names)
        except VariableError as error:
            raise AnsibleActionFail(str(error)) from None
        options = options_from_variables(prefix, MODULE_OPTIONS, variables, self._resolve)
        # The prefix of our own role is no typo: without variables its defaults hold.
        if prefix == ROLE_PREFIX:
            return with_profile_of_role(options)
        if not options:
            raise AnsibleActionFail(
                f"from_variables {prefix!r}: no variable is named after an option with this "
                f"prefix, such as '{prefix}time'; set one, or leave from_variables out"
            )
        return options

    def _resolve(self, variables: Mapping[str, Any]) -> Any:
        """Return variables with their templates resolved; an error names its variable."""
        try:
            return self._templar.template(variables)
        except AnsibleError:
            for name, value in variables.items():
                self._resolve_one(name, value)
            raise

    def _resolve_one(self, name: str, value: Any) -> None:
        try:
            self._templar.template(value)
        except AnsibleError as error:
            reason = one_line(getattr(error, "message", error))
            raise AnsibleActionFail(
                f"{name}: its template cannot be resolved: {reason}; correct it"
            ) from None


def _names_in_task(task: Any) -> set[str]:
    """Return the names of the options that the task itself gives, as it is in YAML."""
    names: set[str] = set()
    if not isinstance(task, Mapping):
        return names
    for key, value in task.items():
        is_action = str(key).rpartition(".")[2] == "tcp_keepalive"
        if isinstance(value, Mapping) and (is_action or key in ("args", "action")):
            names.update(map(str, value))
    return names


def main() -> None:
    """Run the module, for ansible-lint: it takes this file for the module, and checks options so.

    Without this function it skips the tasks of a module that has an action plugin.
    """
    # Ansible itself never calls this, and runs of the action do not pay for it.
    from ansible_collections.netops.tuning.plugins.module_utils._modules import (  # noqa: PLC0415
        tcp_keepalive,
    )

    tcp_keepalive.run()
