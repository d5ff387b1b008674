# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validate the variables of the role self_apply. This plugin is private to the role."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.netops.tuning.plugins.plugin_utils import _self_apply


class ActionModule(ActionBase):
    """Runs on the controller and connects to no host."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Fail with the reasons why the role cannot work with its variables."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(_self_apply.OPTIONS)
        errors = _self_apply.find_errors(options)
        result["changed"] = False
        if errors:
            result["failed"] = True
            result["msg"] = " ".join([*errors, "Nothing was changed."])
        return result
