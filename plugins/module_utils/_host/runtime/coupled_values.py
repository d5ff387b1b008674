# SPDX-License-Identifier: GPL-3.0-or-later

"""Runtime values of keys that act on others, or that cannot be taken back before a reboot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_module import LazyModule
from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.couplings import (
    effect_of,
    influences_on,
    variable_of,
)
from ..._sysctl.kernel.values import values_equal
from ..._sysctl.plans.effects import Effects
from ..._sysctl.plans.plan import Plan
from ..._sysctl.plans.request import Values
from ..._sysctl.secrets import quote_value
from .runtime_values import RuntimeValues, restore_values

if TYPE_CHECKING:
    from ..._sysctl.kernel import one_way
else:
    one_way = LazyModule(__name__, "..._sysctl.kernel.one_way")

_ROUNDS = 3
"""How often the values are written that a later write has turned."""


class CoupledValues(RuntimeValues):
    """The runtime values of a plan that has effects.

    A value that a later write has turned is written again. What cannot be taken back is written
    after the files, when nothing else can fail any more; so is what it acts on.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._refusals: dict[str, TuningError] = {}
        self._being_written: list[str] = []
        effects = plan.effects
        self.effects = effects or Effects(affected={}, way_back=(), irreversible=())
        self._irreversible = dict(self.effects.irreversible)
        self._last = [key for key in self.keys() if self._comes_last(key)]
        # The kernel takes a switch, but not every number: what may fail comes before.
        self._last.sort(key=lambda key: not one_way.is_checked_by_number(key))

    def _comes_last(self, key: str) -> bool:
        if not self._irreversible or key in self._irreversible:
            return key in self._irreversible
        final = {variable_of(name) for name in self._irreversible}
        return any(influence.key in final for influence in influences_on(key))

    def write_first(self) -> None:
        keys = [key for key in self.keys() if key not in self._last]
        self._write(keys)
        self._verify(keys)

    def write_last(self) -> None:
        if self._last:
            self._write(self._last)
            self._verify(self.keys())

    def restore(self) -> dict[str, str]:
        if not self.attempted:
            return {}
        before = {**self.effects.affected}
        for key in self.attempted:
            before[key] = self.plan.observed.runtime[key]
        reasons = restore_values(self.in_order(before))
        for key, reason in self._irreversible.items():
            if key not in self.attempted or self._is_refused(key):
                continue
            stays_itself = one_way.stays_until_reboot(key) or before[key] is None
            if key in reasons or not stays_itself:
                reasons[key] = f"{reason}; see to it, or reboot"
        return reasons

    def _is_refused(self, key: str) -> bool:
        return key in self._refusals

    def in_order(self, values: Values) -> Values:
        """Return values in the order in which writing them leads back."""
        in_order = {key: values[key] for key in self.effects.way_back if key in values}
        return {**in_order, **values}

    def _write(self, keys: list[str]) -> None:
        self._being_written = keys
        super()._write(keys)

    def _handle_refusal(self, refusal: TuningError) -> None:
        """Go on after a refusal if the key has its value, or a later key may give it one."""
        key = str(refusal.key)
        self._refusals[key] = refusal
        position = self._being_written.index(key)
        later = {variable_of(name) for name in self._being_written[position + 1 :]}
        may_follow = any(influence.key in later for influence in influences_on(key))
        if not may_follow and self._unwanted_value(key) is not None:
            raise refusal

    def _verify(self, keys: list[str]) -> None:
        """Read these values back, and write again those that a later write has turned."""
        for _round in range(_ROUNDS):
            turned = self._turned_keys(keys)
            if not turned:
                return
            self._write(list(turned))
        still_turned = list(self._turned_keys(keys).items())
        if still_turned:
            raise self._turned_error(*still_turned[0])

    def _turned_keys(self, keys: list[str]) -> dict[str, str]:
        """Return each key without its value, and the key whose writing took it."""
        turned = {}
        for key in keys:
            live = self._unwanted_value(key)
            if live is None:
                continue
            source = self._find_source(key, live)
            if source is None and key in self._refusals:
                raise self._refusals[key]
            if source is None:
                raise self._not_kept_error(key, live)
            turned[key] = source
        return turned

    def _find_source(self, key: str, live: str) -> str | None:
        """Return the key whose writing gave another one its live value, None if there is none."""
        kinds = {influence.key: influence.value for influence in influences_on(key)}
        for name in reversed(self.attempted):
            if name == key:
                return None
            kind = kinds.get(variable_of(name))
            if kind is None:
                continue
            desired = self.plan.desired
            value = effect_of(str(desired[name]), kind, before=desired[key])
            if value is None or values_equal(key, live, value):
                return name
        return None

    def _turned_error(self, key: str, source: str) -> TuningError:
        desired = self.plan.desired
        return TuningError(
            f"{key}: cannot be {quote_value(key, desired[key])} while {source} is set to "
            f"{quote_value(source, desired[source])}: writing {source} changes it, and the other "
            "way round; leave one of the two out",
            key,
        )


class EarlierValues(CoupledValues):
    """The earlier values to which a plan goes back, each independently.

    One that the kernel refuses does not stop the others.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.not_restored: dict[str, str] = {}
        """Key -> why it has another value now."""

    def write_first(self) -> None:
        self._restore([key for key in self.keys() if key not in self._irreversible])

    def write_last(self) -> None:
        if self._irreversible:
            self._restore(self.keys())

    def _is_refused(self, key: str) -> bool:
        return key in self.not_restored

    def _restore(self, keys: list[str]) -> None:
        self.attempted += keys
        desired = {key: self.plan.desired[key] for key in keys}
        self.not_restored = restore_values(self.in_order(desired))
