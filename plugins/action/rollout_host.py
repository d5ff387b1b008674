# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollout does on one host, step by step; each is the module sysctl_ledger, run there."""

from __future__ import annotations

from typing import Any, Mapping

from ansible import context
from ansible.plugins.action import ActionBase
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet, _role_options

OPTIONS = {
    "step": {
        "type": "str",
        "choices": ["preflight", "apply", "verify", "put_back"],
        "required": True,
    },
    "rollout": {"type": "str", "required": True},
    "via": {"type": "str", "choices": ["tcp_keepalive", "sysctl"], "default": "tcp_keepalive"},
    "options": {"type": "dict"},
}
MODULE = "netops.tuning.sysctl_ledger"


class ActionModule(ActionBase):
    """Runs where the connection of the host leads."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what came of the step."""
        told: dict[str, Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        _checked, self._options = self.validate_argument_spec(OPTIONS)
        told.update(getattr(self, f"_{self._options['step']}")())
        return told

    def _preflight(self) -> dict[str, Any]:
        told = self._applied(check=True)
        told["would_change"] = bool(told.get("changed"))
        if not context.CLIARGS.get("check"):
            told["changed"] = False  # it is still to come
        return told

    def _apply(self) -> dict[str, Any]:
        return self._applied(check=False)

    def _verify(self) -> dict[str, Any]:
        told = self._applied(check=True)
        if told.pop("changed", False) and not told.get("failed"):
            told.update(
                failed=True,
                msg=f"it was set, but does not hold: {', '.join(_unlike(told)) or 'the file differs'}",
            )
        told.pop("diff", None)
        return {**told, "changed": False}

    def _put_back(self) -> dict[str, Any]:
        failed = self._variables.get("ansible_failed_result") or {}
        task = getattr(self._variables.get("ansible_failed_task"), "name", None) or _name_of(
            self._variables
        )
        told: dict[str, Any] = {"changed": False, "put_back": False}
        applied = self._variables.get(_fleet.APPLIED) or {}
        if applied.get("changed") or applied.get("rolled_back") is False:
            told.update(self._ask(check=False, state="restored"), put_back=True)
        told["why"] = f"{task}: {_fleet.one_line(failed.get('msg') or 'it failed')}"
        return told

    def _applied(self, check: bool) -> dict[str, Any]:
        options = self._options["options"]
        if options is None:
            options = self._role_options() if self._options["via"] == "tcp_keepalive" else {}
        return self._ask(check, state="applied", via=self._options["via"], options=options)

    def _role_options(self) -> dict[str, Any]:
        return _role_options.options_from_variables(
            _role_options.ROLE_PREFIX,
            _role_options.MODULE_OPTIONS,
            self._variables,
            self._templar.template,
        )

    def _ask(self, check: bool, **args: Any) -> dict[str, Any]:
        self._task.check_mode = check or self._task.check_mode
        args["rollout"] = self._options["rollout"]
        told: dict[str, Any] = self._execute_module(
            MODULE, module_args=args, task_vars=self._variables
        )
        told.pop("invocation", None)
        return told


def _unlike(told: Mapping[str, Any]) -> list[str]:
    """Say what is not as it was set."""
    found = []
    for key, setting in (told.get("settings") or {}).items():
        if setting["runtime"]["before"] != setting["runtime"]["after"]:
            found.append(f"{key} is {setting['runtime']['before']} instead of {setting['value']}")
        elif setting["persistent"]["before"] != setting["persistent"]["after"]:
            found.append(
                f"{told['path']} says {setting['persistent']['before']} for {key} instead of {setting['value']}"
            )
    return found


def _name_of(variables: Mapping[str, Any]) -> str:
    task = variables.get("ansible_failed_task") or {}
    return str(task.get("name", "")) if isinstance(task, Mapping) else ""
