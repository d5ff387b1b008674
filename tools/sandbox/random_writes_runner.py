# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare, inside a world, what writes change with what the table of couplings says of them.

    python -m sandbox.random_writes_runner LOADER FIRST COUNT

prints as ``history_runner`` does.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.couplings import (
    CHANGED,
    INHERITED,
    Influence,
    effect_of,
    influences_on,
    variable_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    ACTIONS,
    path_to_key,
)

from . import agent
from .history_runner import make_network, run_checks
from .open_keys import OpenKeys

WRITES = 60
"""How many writes of a seed are looked at."""
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
    """Return the writes of a seed that do what the table does not say."""
    rng = random.Random(seed)
    make_network()
    problems = []
    with OpenKeys() as all_keys:
        keys = [key for key in read_values(all_keys) if is_written(key)]
        set_at_random(rng, keys, read_values(all_keys))
        for key in chosen_keys(rng, keys):
            before = read_values(all_keys)
            value = random_value(rng, before[key])
            was_taken = write(key, value)
            after = read_values(all_keys)
            done = Write(key=key, value=value, was_taken=was_taken, before=before, after=after)
            problems += [f"{key} = {value}: {problem}" for problem in differences(done)]
    return {"problems": problems, "seed": seed}


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


def write(key: str, value: str) -> bool:
    """Write a value; tell whether the kernel takes it."""
    try:
        agent.set_key(key, value)
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
