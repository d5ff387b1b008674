# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the options of a rollout before any host is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._modules.arguments import SYSCTL_OPTIONS
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._rollout_action import (
    RolloutAction,
    RolloutError,
)

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
NOT_FOR_ROLLOUTS = ("root", "rollout", "runtime", "persistent")
MODULE_OPTIONS = tuple(name for name in SYSCTL_OPTIONS if name not in NOT_FOR_ROLLOUTS)

OPTIONS: dict[str, Any] = {
    "rollout": {"type": "str", "required": True},
    "serial": {"type": "list", "elements": "str", "default": ["1", "5%", "25%", "100%"]},
    "max_failures": {"type": "int", "default": 0},
    "soak": {"type": "int", "default": 0},
    "health_check": {"type": "str"},
    "module": {"type": "str", "choices": list(_fleet.MODULES), "default": "tcp_keepalive"},
    "module_options": {"type": "dict"},
}


class ActionModule(RolloutAction):
    """The action rollout_start."""

    argument_spec = OPTIONS

    def decide(self) -> dict[str, Any]:
        """Return the health check, or refuse options that cannot be meant."""
        options = self.options
        problem = _fleet.check_options(options)
        if not problem:
            problem = _fleet.check_module_options(
                options["module"], options["module_options"], MODULE_OPTIONS
            )
        if problem:
            raise RolloutError(problem)
        return {"health_check": _health_check_file(options["health_check"])}


def _health_check_file(health_check: str | None) -> str | None:
    """Return the file of tasks that are the health check."""
    if not health_check:
        return None
    if re.match("https?://", health_check):
        return str(PLAYBOOKS / "tasks/health_url.yml")
    path = Path(health_check).expanduser().absolute()
    if not path.is_file():
        raise RolloutError(
            f"rollout_health_check: there is no file {path}; "
            "give a file of tasks, or a URL that starts with http"
        )
    return str(path)
