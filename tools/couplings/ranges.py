# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Seeks the smallest and the largest number that each key takes, and prints them: a line of JSON.

usage: python3 -m couplings.ranges [KEY...]

It writes all keys of the kernel, so it runs in a virtual machine of the lab only. The keys of
namespaces can be measured elsewhere, see ``measure_ranges_of_namespaces``.

A key gets its old value back after each number that it took. Some numbers between the smallest and
the largest one are tried too: a key that does not take all of them has gaps, and so no range. Nor
has one that does not take the value that it has.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Callable, Collection, Dict, Iterable, List, Tuple

from . import namespaces
from .dangerous import WRITTEN_LAST, why_range_is_not_sought
from .measure import (
    in_fresh_namespaces,
    is_virtual_machine,
    keys_of_namespaces,
    load_modules,
    stop_device_manager,
)
from .proc_sys import all_keys, is_readable, is_writable, read_or_error, write

Range = Tuple[int, int]
"""The smallest and the largest number."""
Ranges = Dict[str, List[Range]]
"""Key -> the range of each of its numbers; none for a key with gaps."""

HIGHEST = (1 << 64) - 1
"""The kernel reads no larger number."""
TRIED_BETWEEN = 12


def numbers_of(value: str) -> list[int]:
    """Return the numbers of a value, nothing if it has others."""
    try:
        return [int(field) for field in value.split()]
    except ValueError:
        return []


def last_taken(takes: Callable[[int], bool], taken: int, limit: int) -> int:
    """Return the last number on the way to a limit that is taken; the first one is.

    No number may be taken after one that is not.
    """
    if takes(limit):
        return limit
    refused = limit
    while abs(refused - taken) > 1:
        number = (taken + refused) // 2
        if takes(number):
            taken = number
        else:
            refused = number
    return taken


def between(lowest: int, highest: int) -> list[int]:
    """Return some numbers of a range, of all sizes, the same ones at every run."""
    numbers = random.Random(f"{lowest} {highest}")
    length = highest - lowest
    if length <= TRIED_BETWEEN:
        return list(range(lowest, highest + 1))
    chosen = []
    for _number in range(TRIED_BETWEEN // 2):
        distance = numbers.randrange(1 << numbers.randrange(1, length.bit_length()))
        chosen += [lowest + distance, highest - distance]
    return chosen


class Key:
    """A key that takes numbers."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.live = read_or_error(key)
        self.numbers = numbers_of(self.live)

    def ranges(self) -> list[Range]:
        """Return the range of each number, nothing if there are gaps."""
        ranges = []
        for position, live in enumerate(self.numbers):
            if not self._takes(position, live):
                return []
            lowest, highest = self._range_at(position)
            numbers = [] if self.key in WRITTEN_LAST else between(lowest, highest)
            if not all(self._takes(position, number) for number in numbers):
                return []
            ranges.append((lowest, highest))
        return ranges

    def _range_at(self, position: int) -> Range:
        def takes(number: int) -> bool:
            return self._takes(position, number)

        live = self.numbers[position]
        lowest = last_taken(takes, live, -HIGHEST)
        return lowest, last_taken(takes, live, HIGHEST)

    def _takes(self, position: int, number: int) -> bool:
        """Tell whether the key takes a number, and write its old value again.

        Linux before 6.1 reports no error for some numbers that it does not take.
        """
        numbers = list(self.numbers)
        numbers[position] = number
        error = write(self.key, " ".join(str(field) for field in numbers))
        if error:
            return False
        read = numbers_of(read_or_error(self.key))
        is_unchanged = read == self.numbers and number != self.numbers[position]
        if not is_unchanged:
            write(self.key, self.live)
        return not is_unchanged


def measure_ranges(keys: Iterable[str]) -> Ranges:
    """Return the ranges of those of these keys that take numbers."""
    ranges = {}
    for name in keys:
        key = Key(name)
        if key.numbers:
            ranges[name] = key.ranges()
    return ranges


def keys_of_kernel() -> list[str]:
    """Return all keys to measure, those that stay until a reboot last."""
    first = []
    for key in all_keys():
        is_of_interest = namespaces.device_of(key) in ("", namespaces.WRITTEN)
        if is_of_interest and key not in WRITTEN_LAST and is_readable(key) and is_writable(key):
            first.append(key)
    last = [key for key in WRITTEN_LAST if is_writable(key)]
    return [*first, *last]


def measure_ranges_of_namespaces(wanted: Collection[str]) -> Ranges:
    """Return the ranges of the keys of fresh namespaces; wanted: default all."""
    keys = [key for key in keys_of_namespaces() if is_wanted(key, wanted)]
    return dict(in_fresh_namespaces(lambda: measure_ranges(keys)))


def is_wanted(key: str, wanted: Collection[str]) -> bool:
    """Tell whether the range of a key is sought."""
    return not why_range_is_not_sought(key) and (not wanted or key in wanted)


def main() -> None:
    if not is_virtual_machine():
        sys.exit("keys of a whole kernel are written in a virtual machine of the lab only")
    load_modules()
    stop_device_manager()
    namespaces.add_devices()
    wanted = sys.argv[1:]
    keys = [key for key in keys_of_kernel() if is_wanted(key, wanted)]
    print(json.dumps(measure_ranges(keys)))


if __name__ == "__main__":
    main()
