# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user requests, and whether a value is as requested."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from .values import numbers_in, values_equal

Values = Mapping[str, "str | None"]


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
    ignore_missing: bool = False
    unsafe: bool = False
    at_least: bool = False
    at_most: bool = False

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
