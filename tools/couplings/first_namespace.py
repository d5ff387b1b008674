# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures which keys of a fresh namespace follow those of the first one, and prints JSON.

usage: python3 -m couplings.first_namespace

It runs in a virtual machine of the lab only, since it writes the keys of the first namespaces, all
together, and reads those of fresh ones before and after. ``kernel_defaults.py`` starts it there.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict

from .dangerous import is_counter, why_not_written
from .measure import (
    in_fresh_namespaces,
    is_virtual_machine,
    keys_of_these_namespaces,
    load_modules,
)
from .namespaces import device_of, unshare
from .proc_sys import is_readable, is_writable, read_or_error, write
from .trial_values import trial_values

Values = Dict[str, str]
TRIALS = 5
"""Values that a key is tried with, besides the one that it has."""
INHERIT = "net.core.devconf_inherit_init_net"


def keys_here() -> list[str]:
    """Return the keys of the namespaces of this process, without those of devices but lo."""
    shown = []
    for key in keys_of_these_namespaces():
        if device_of(key) in ("", "lo") and is_readable(key) and not is_counter(key):
            shown.append(key)
    return shown


def fresh_values() -> Values:
    """Return the keys that can be written in fresh namespaces, with their values there."""
    return dict(in_fresh_namespaces(_writable_values, enter=unshare))


def _writable_values() -> Values:
    return {key: read_or_error(key) for key in keys_here() if is_writable(key)}


def measure() -> dict[str, Any]:
    """Return the keys of fresh namespaces, and those that follow the first ones."""
    fresh = fresh_values()
    first = {key: read_or_error(key) for key in fresh if is_readable(key)}
    other = {}
    for key, value in fresh.items():
        if first.get(key) != value:
            other[key] = [first.get(key), value]
    result: dict[str, Any] = {
        "kernel": os.uname().release,
        "keys": sorted(fresh),
        "other_value_at_boot": other,
        "follows": follows(fresh),
    }
    usual = set(result["follows"])
    for value in ("1", "2", "3"):
        if not write(INHERIT, value):
            now = set(follows(fresh_values(), only="net.ipv"))
            result[f"also_with_{value}"] = sorted(now - usual)
            result[f"not_with_{value}"] = sorted(key for key in usual - now if key[:7] == "net.ipv")
    return result


def follows(fresh: Values, only: str = "") -> list[str]:
    """Return the keys of a fresh namespace that are not as before once the first ones differ."""
    before = {key: read_or_error(key) for key in keys_here() if key.startswith(only)}
    written = []
    for key in before:
        if key != INHERIT and is_writable(key) and not why_not_written(key):
            written.append(key)
    changed: set[str] = set()
    for number in range(1, TRIALS + 1):
        for key in written:
            values = trial_values(key, before[key])
            if number < len(values):
                write(key, values[number])
        now = fresh_values()
        changed.update(key for key, value in fresh.items() if now.get(key) != value)
        for key in [*written, *written]:  # twice: a write may undo an earlier one
            write(key, before[key])
    return sorted(changed)


def main() -> None:
    if not is_virtual_machine():
        sys.exit("the first namespaces are written in a virtual machine of the lab only")
    load_modules()
    measured = measure()
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
