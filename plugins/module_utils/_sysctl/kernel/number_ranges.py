# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers that a key takes: those from a smallest to a largest one.

The ranges are in ``measured_ranges.py``. Imported only for a number that is not the runtime value
of its key.
"""

from __future__ import annotations

import re
from functools import lru_cache
from os import uname
from typing import NamedTuple

from .measured_ranges import NEWEST, OLDEST, RANGES


class NumberRange(NamedTuple):
    """The numbers that a key takes; kernels differ."""

    lowest: int
    highest: int
    """All kernels take the numbers between these two."""
    lowest_of_any: int
    highest_of_any: int
    """No kernel takes others than those between these two."""

    def describe(self) -> str:
        """Return the numbers as a text for a message."""
        lowest = self.lowest_of_any
        highest = self.highest_of_any
        return f"{lowest}" if lowest == highest else f"{lowest} to {highest}"


def ranges_of(key: str) -> tuple[NumberRange, ...]:
    """Return the range of each number of a key, one if it is that of all, () if none is known."""
    return _ranges_of_pattern(pattern_of(key))


def pattern_of(key: str) -> str:
    """Return a key with ``*`` for the interface, which does not matter to its range."""
    segments = key.split(".")
    if len(segments) > 4 and segments[2] in ("conf", "neigh"):
        segments[3] = "*"
    return ".".join(segments)


@lru_cache(maxsize=1024)
def _ranges_of_pattern(pattern: str) -> tuple[NumberRange, ...]:
    for label, patterns in RANGES.items():
        if pattern in patterns.split():
            return tuple(_read_range(text) for text in label.split(","))
    return ()


def _read_range(text: str) -> NumberRange:
    certain, _bar, of_any = text.partition("|")
    lowest, highest = certain.split()
    lowest_of_any, highest_of_any = (of_any or certain).split()
    return NumberRange(
        lowest=int(lowest),
        highest=int(highest),
        lowest_of_any=int(lowest_of_any),
        highest_of_any=int(highest_of_any),
    )


def range_at(ranges: tuple[NumberRange, ...], index: int) -> NumberRange:
    """Return the range of one of the numbers of a key."""
    return ranges[index] if len(ranges) > 1 else ranges[0]


def first_refused(key: str, numbers: list[int], live: str | None) -> tuple[int, NumberRange] | None:
    """Return the index of the first number that a key does not take, and what it takes.

    None: it takes all of them, or that is not known.
    live: the runtime value; None: the kernel may be another one than that of this machine.
    """
    ranges = ranges_of(key)
    if not ranges or not (live is None or _is_measured(uname().release)):
        return None
    for index, number in enumerate(numbers):
        taken = range_at(ranges, index)
        if not taken.lowest_of_any <= number <= taken.highest_of_any:
            return index, taken
    return None


def takes_surely(key: str, numbers: list[int]) -> bool:
    """Tell whether every kernel is known to take these numbers: not if no range is known."""
    ranges = ranges_of(key)
    if not ranges:
        return not numbers
    for index, number in enumerate(numbers):
        taken = range_at(ranges, index)
        if not taken.lowest <= number <= taken.highest:
            return False
    return True


def _is_measured(release: str) -> bool:
    """Tell whether a kernel is between the oldest and the newest one that were measured."""
    return OLDEST <= _version_of(release) <= NEWEST


def kernel_version() -> tuple[int, ...]:
    """Return the version of the running kernel, such as (6, 12)."""
    return _version_of(uname().release)


@lru_cache(maxsize=8)
def _version_of(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:2])
