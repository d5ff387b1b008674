# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user requests, and whether a value is as requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

from ..._lazy_module import LazyModule
from ..errors import TuningError
from ..kernel.values import numbers_in, validate_value, values_equal
from ..keys import may_be_rounded

if TYPE_CHECKING:
    from ..kernel import value_checks
else:
    value_checks = LazyModule(__name__, "..kernel.value_checks")


Values = Mapping[str, "str | None"]
_NO_VALUES: Values = {}
_NO_MODULES: Mapping[str, tuple[str, ...]] = {}


class Request(NamedTuple):
    """The options of a task that changes settings; the defaults are those of the module sysctl."""

    settings: Values
    """Normalized key -> value. None only with ``present`` false."""
    path: str
    header: str
    present: bool = True
    exclusive: bool = False
    runtime: bool = True
    persistent: bool = True
    on_override: str = "fail"
    on_doubt: str = "warn"
    ignore_missing: bool = False
    unsafe: bool = False
    at_least: bool = False
    at_most: bool = False
    kept: tuple[str, ...] = ()
    """Keys that ``exclusive`` leaves in our file, besides those of ``settings``."""
    absent: Values = _NO_VALUES
    """Normalized key to remove from our file -> the value to go back to."""
    load_modules: bool = False
    key_modules: Mapping[str, tuple[str, ...]] = _NO_MODULES
    """Normalized key -> the kernel modules that bring it, as the user says."""

    def target(self, current: str | None, value: str) -> str:
        """Return the value to set where ``value`` is requested, given the current one.

        With a bound each number keeps its current value where that is within the bound.
        """
        if current is None or not self.has_bound:
            return value
        current_numbers = numbers_in(current)
        bounds = numbers_in(value)
        if not current_numbers or not bounds or len(current_numbers) != len(bounds):
            return value
        choose = max if self.at_least else min
        numbers = [choose(pair) for pair in zip(current_numbers, bounds)]
        if numbers == current_numbers:
            return current
        return " ".join(str(number) for number in numbers)

    def accepts(self, key: str, current: str | None, value: str) -> bool:
        """Tell whether the current value of a key is as requested: the one predicate for that."""
        return values_equal(key, current, self.target(current, value))

    @property
    def has_bound(self) -> bool:
        """Whether the values are minimums or maximums."""
        return self.at_least or self.at_most

    def validate(self, key: str, value: str, live: str | None) -> None:
        """Refuse a value that the kernel or the bound cannot take.

        live: the runtime value of the key, None if it is not known.
        """
        if self.has_bound and not numbers_in(value):
            value_checks.refuse_bound(key, value, None, self.at_least)
        if self.has_bound and live and not numbers_in(live):
            value_checks.refuse_bound(key, value, live, self.at_least)
        validate_value(key, value, live, self.unsafe)
        if live is not None and not self.has_bound and _may_be_changed(key, value):
            value_checks.refuse_rounded_value(key, value, live)


def _may_be_changed(key: str, value: str) -> bool:
    """Tell whether the kernel may round a value, or leave out a negative number."""
    return may_be_rounded(key) or "-" in value


def check_combination(options: Mapping[str, Any]) -> None:
    """Refuse options that have no meaning together.

    options: name -> value; an option of one module only may be left out.
    """
    if not options["runtime"] and not options["persistent"]:
        raise TuningError(
            "runtime and persistent are both false, so there is nothing to do; "
            "leave one of them true"
        )
    if options.get("at_least") and options.get("at_most"):
        raise TuningError(
            "at_least and at_most are both true: a value is either a minimum or a maximum; "
            "leave one of them out"
        )
    if options["state"] == "absent":
        for name in ("exclusive", "at_least", "at_most"):
            if options.get(name):
                raise TuningError(
                    f"{name} works only with 'state: present'; "
                    "with 'absent', settings lists the keys to remove"
                )
