# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tcp_keepalive: the three settings by their own names, over the flow of sysctl."""

from __future__ import annotations

from typing import Any, NoReturn

from .._keepalive.profiles import KEYS, choose_values, dead_after
from .._sysctl.errors import TuningError
from .._sysctl.plan import Plan
from .._sysctl.values import parse_number
from .arguments import DEFAULT_HEADER
from .base import TuningModule
from .flow import change_host
from .keepalive_arguments import FROM_VARIABLES, TCP_KEEPALIVE_OPTIONS
from .settings_change import SettingsChange


def run() -> NoReturn:
    """Run the module."""
    change_host(KeepaliveChange(TuningModule(TCP_KEEPALIVE_OPTIONS)))


class KeepaliveChange(SettingsChange):
    """The change of the three keepalive settings; the file is the module's own."""

    def requested_settings(self) -> dict[str, int]:
        params = self.module.params
        prefix = params[FROM_VARIABLES]
        if prefix is not None:
            raise TuningError(
                f"{FROM_VARIABLES} {prefix!r}: the host knows no variables, "
                "only a task of tcp_keepalive itself can look them up; give the options instead"
            )
        values = choose_values(params)
        return {KEYS[name]: value for name, value in values.items()}

    def options(self) -> dict[str, Any]:
        options = super().options()
        options["exclusive"] = options["state"] == "present"
        options["header"] = DEFAULT_HEADER
        return options

    def success_result(self, plan: Plan) -> dict[str, Any]:
        return {"dead_after": _planned_dead_after(plan)}


def _planned_dead_after(plan: Plan) -> int | None:
    """Return after how many seconds a dead peer will be noticed, None where that is not known."""
    numbers = []
    for key in KEYS.values():
        value = plan.desired.get(key) or plan.observed.runtime.get(key) or ""
        number = parse_number(value)
        if not isinstance(number, int):
            return None
        numbers.append(number)
    return dead_after(*numbers)
