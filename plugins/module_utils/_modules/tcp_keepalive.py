# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tcp_keepalive: the three settings by their own names, over the flow of sysctl."""

from __future__ import annotations

from typing import Any, Iterable, NoReturn

from .._keepalive.profiles import (
    KEYS,
    PROFILES,
    check_limits,
    choose_values,
    dead_after,
    describe_source,
    survives_lost_probe,
)
from .._sysctl.errors import TuningError
from .._sysctl.kernel.values import parse_number
from .._sysctl.plans.plan import Plan
from .arguments import DEFAULT_HEADER
from .base import TuningModule
from .flow import change_host
from .keepalive_arguments import FROM_VARIABLES, TCP_KEEPALIVE_OPTIONS
from .settings_change import SettingsChange


def run() -> NoReturn:
    """Run the module."""
    change_host(KeepaliveChange(TuningModule(TCP_KEEPALIVE_OPTIONS)))


class KeepaliveChange(SettingsChange):
    """The change of the keepalive settings; the file is the module's own."""

    also_read = tuple(KEYS.values())

    def requested_settings(self) -> dict[str, int]:
        params = self.module.params
        prefix = params[FROM_VARIABLES]
        if prefix is not None:
            raise TuningError(
                f"{FROM_VARIABLES} {prefix!r}: the host knows no variables, "
                "only a task of tcp_keepalive itself can look them up; give the options instead"
            )
        values = choose_values(params)
        if self._sets_values:
            check_limits(params, values)  # those that the host decides are checked later
        return {KEYS[name]: value for name, value in values.items()}

    def options(self) -> dict[str, Any]:
        options = super().options()
        options["exclusive"] = options["state"] == "present"
        options["header"] = DEFAULT_HEADER
        options["kept"] = tuple(KEYS.values())
        return options

    @property
    def _sets_values(self) -> bool:
        return bool(self.module.params["state"] == "present")

    def refuse(self, plan: Plan) -> None:
        if self._sets_values:
            check_limits(self.module.params, _planned_values(plan))
        super().refuse(plan)

    def warnings(self, plan: Plan) -> Iterable[str]:
        yield from super().warnings(plan)
        idle_limit = self.module.params["idle_limit"]
        if self._sets_values and idle_limit is not None:
            yield from _warn_of_lost_probe(_planned_values(plan), idle_limit)

    def result(self, plan: Plan | None, backups: list[str]) -> dict[str, Any]:
        result = super().result(plan, backups)
        diff = result.get("diff")
        if diff and self._sets_values:
            diff[0]["after_header"] += f" # {describe_source(self.module.params)}"
        return result

    def success_result(self, plan: Plan) -> dict[str, Any]:
        return {"dead_after": _planned_dead_after(plan)}


def _warn_of_lost_probe(values: dict[str, int], idle_limit: int) -> Iterable[str]:
    time = values["time"]
    intvl = values["intvl"]
    if not survives_lost_probe(time, intvl, idle_limit):
        yield (
            f"{KEYS['time']}: if the first probe, after {time} s, is lost, the second one comes "
            f"after {time} + {intvl} = {time + intvl} s, which is not below idle_limit "
            f"{idle_limit} s; lower time or intvl"
        )


def _planned_values(plan: Plan) -> dict[str, int]:
    """Return the three values that the host will have.

    Where one is neither asked for nor known, as in an image, it is taken for the kernel's default.
    """
    values = PROFILES["kernel"]._asdict()
    for name, number in _known_values(plan).items():
        values[name] = number
    return values


def _planned_dead_after(plan: Plan) -> int | None:
    """Return after how many seconds a dead peer will be noticed, None where that is not known."""
    numbers = _known_values(plan)
    return dead_after(**numbers) if len(numbers) == len(KEYS) else None


def _known_values(plan: Plan) -> dict[str, int]:
    numbers = {}
    for name, key in KEYS.items():
        value = plan.desired.get(key) or plan.observed.runtime.get(key) or ""
        number = parse_number(value)
        if isinstance(number, int):
            numbers[name] = number
    return numbers
