# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as it is, and its options also from the variables of a role.

A template for each option, which Ansible compiles anew for each host, costs the controller a tenth of all that it does
for a host.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import normal
from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import FROM_VARIABLES
from ansible_collections.netops.tuning.plugins.plugin_utils import _variables


class ActionModule(normal.ActionModule):
    """Runs where the connection of the host leads."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module says."""
        prefix = self._task.args.pop(FROM_VARIABLES, None)
        if prefix is not None:
            found = _variables.options(str(prefix), task_vars or {}, self._templar)
            if not found:
                raise AnsibleActionFail(
                    f"from_variables {prefix!r}: no variable is named after an option with this before it, such as "
                    f"'{prefix}time'; set one, or leave from_variables out"
                )
            self._task.args = {**found, **self._task.args}
        told: dict[str, Any] = super().run(tmp, task_vars)
        return told
