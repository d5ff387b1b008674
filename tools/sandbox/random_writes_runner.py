# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare, inside a world, what writes do with what the collection says of them.

    python -m sandbox.random_writes_runner LOADER FIRST COUNT

prints as ``history_runner`` does. The table of couplings says which other keys they change, and
the prediction of a boot what the kernel makes of their values, as far as that is certain.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.watchdogs import (
    BOTH,
    WATCHDOGS,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.couplings import (
    CHANGED,
    INHERITED,
    Influence,
    effect_of,
    influences_on,
    variable_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.number_ranges import (
    ranges_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    ACTIONS,
    path_to_key,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.secrets import is_secret

from . import agent
from .history_runner import make_network, run_checks
from .odd_lines import NUMBERS, TEXTS
from .open_keys import OpenKeys
from .predict import expected_after_line, refusal_of_task

WRITES = 60
"""How many writes of a seed are looked at."""
ODD = 0.4
"""How many of them have odd values."""
LARGE_NUMBERS = (str(1 << 32), str(1 << 63), str(1 << 64), "-" + str(1 << 63))
SWITCH = ("0", "1")
SMALL_NUMBERS = ("0", "1", "2", "3")
OF_ONE_INTERFACE = re.compile(r"net\.ipv[46]\.(?:conf|neigh)\.(?!all\.|default\.)")
"""How the keys start of which most act on no other."""


class Write(NamedTuple):
    """A value that was written to a key, and all values by their keys before and after."""

    key: str
    value: str
    was_taken: bool
    before: Mapping[str, str]
    after: Mapping[str, str]


def check_writes(seed: int, _loader: str) -> dict[str, Any]:
    """Return the writes of a seed that do what the collection does not say."""
    rng = random.Random(seed)
    make_network()
    with OpenKeys() as all_keys:
        keys = [key for key in read_values(all_keys) if is_written(key)]
        set_at_random(rng, keys, read_values(all_keys))
        problems = list(write_and_compare(rng, chosen_keys(rng, keys), all_keys))
    return {"problems": problems, "seed": seed}


def write_and_compare(
    rng: random.Random, keys: Iterable[str], all_keys: OpenKeys, dangerous: Collection[str] = ()
) -> Iterator[str]:
    """Write keys one after the other; yield what that does and the collection does not say.

    An odd value is taken back at once, as is any value of a dangerous key.
    """
    for key in keys:
        before = read_values(all_keys)
        is_odd = rng.random() < ODD
        value = odd_value(rng, key, before[key]) if is_odd else random_value(rng, before[key])
        was_taken = write(key, value)
        after = read_values(all_keys)
        if is_odd or key in dangerous:
            write(key, before[key])
        done = Write(key=key, value=value, was_taken=was_taken, before=before, after=after)
        for problem in (*differences(done), *wrong_statements(done)):
            yield f"{key} = {value!r}: {problem}"


def read_values(all_keys: OpenKeys) -> dict[str, str]:
    values = {}
    for path, value in all_keys.values().items():
        values[path_to_key(path[len("/proc/sys/") :])] = value.decode("latin-1").rstrip("\n")
    return values


def is_written(key: str) -> bool:
    """Tell whether a key is a setting of the network namespace that it is safe to write."""
    path = agent.proc_path(key)
    return key not in ACTIONS and path != agent.OF_THE_KERNEL and os.access(path, os.W_OK)


def set_at_random(rng: random.Random, keys: list[str], values: Mapping[str, str]) -> None:
    """Write other values than the kernel's own to half of the keys."""
    for key in rng.sample(keys, len(keys) // 2):
        write(key, random_value(rng, values[key]))


def chosen_keys(rng: random.Random, keys: list[str]) -> list[str]:
    """Return keys to write, most of them such as act on others."""
    others = [key for key in keys if not OF_ONE_INTERFACE.match(key)]
    acting = [key for key in others if ".all." in key or ".default." in key]
    return [
        *rng.sample(acting, WRITES // 2),
        *rng.sample(others, WRITES // 4),
        *rng.sample(keys, WRITES // 4),
    ]


def random_value(rng: random.Random, value: str) -> str:
    """Return a small number or one near the value, or the value if it is not made of numbers."""
    fields = value.split()
    if not fields or not all(field.lstrip("-").isdecimal() for field in fields):
        return value
    if value in SWITCH and rng.random() < 0.7:
        return rng.choice(SWITCH)
    choices = [*SMALL_NUMBERS, value]
    choices.append(" ".join(str(int(field) + 1) for field in fields))
    choices.append(" ".join(str(2 * int(field) + 1) for field in fields))
    return rng.choice(choices)


def odd_value(rng: random.Random, key: str, value: str) -> str:
    """Return a text as odd as in files of others, or a number at or beyond the end of a range.

    It has no blanks around it: loaders remove them, and the kernel refuses some values with them.
    """
    fields = value.split()
    choices = [rng.choice(NUMBERS), rng.choice(TEXTS), rng.choice(LARGE_NUMBERS)]
    choices += [" ".join(fields[:-1]), f"{value} 1", f"{value} # text"]
    for index, taken in enumerate(ranges_of(key)[: len(fields)]):
        ends = (taken.lowest, taken.lowest_of_any, taken.highest, taken.highest_of_any)
        number = rng.choice(ends) + rng.choice((-1, 0, 1))
        choices.append(" ".join([*fields[:index], str(number), *fields[index + 1 :]]))
    return rng.choice(choices).strip()


def write(key: str, value: str) -> bool:
    """Write a value as loaders do; tell whether the kernel takes it."""
    try:
        agent.set_key(key, value + "\n")
    except OSError:
        return False
    return True


def differences(done: Write) -> Iterator[str]:
    """Yield what a write changes that the table does not say, and the other way round."""
    variable = variable_of(done.key)
    for key, before in done.before.items():
        after = done.after.get(key)
        if variable_of(key) == variable or after is None:
            continue
        acting = [item for item in influences_on(key) if variable_of(item.key) == variable]
        if not acting and after != before:
            yield f"{key} becomes {after!r}, was {before!r}"
        elif acting and not any(is_explained(done, key, influence) for influence in acting):
            yield f"{key} becomes {after!r}, was {before!r}, which the table has otherwise"


def wrong_statements(done: Write) -> Iterator[str]:
    """Yield what is said of the value that a write gives its key, and is not so.

    Watchdogs that are off do not show what was written to them.
    """
    before = done.before[done.key]
    after = done.after.get(done.key)
    are_off = done.key in WATCHDOGS and done.before[BOTH] == "0"
    if after is None or is_secret(done.key) or are_off:
        return
    expected = expected_after_line(done.key, done.value, done.before)
    outcome = f"{after!r}, was {before!r}, the write " + ("works" if done.was_taken else "fails")
    if expected is not None and not values_equal(done.key, after, expected):
        yield f"is {outcome}; expected {expected!r}"
    refusal = refusal_of_task(done.key, done.value, before)
    if refusal and done.was_taken and not values_equal(done.key, before, after):
        yield f"is {outcome}; a task fails with: {refusal}"


def is_explained(done: Write, key: str, influence: Influence) -> bool:
    """Tell whether a key is after a write as one that acts on it may leave it."""
    before = done.before[key]
    after = done.after[key]
    is_kept = values_equal(key, before, after)
    if not done.was_taken:
        return is_kept
    acting_before = done.before[done.key]
    acting_after = done.after[done.key]
    if influence.when == CHANGED and acting_before == acting_after:
        return is_kept
    if influence.when == INHERITED and is_kept:
        return True  # what was written before, or has an address, inherits nothing
    expected = effect_of(acting_after, influence.value, before)
    return expected is None or values_equal(key, after, expected)


if __name__ == "__main__":
    run_checks(check_writes)
