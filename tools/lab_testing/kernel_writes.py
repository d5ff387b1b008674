# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare, in a virtual machine, what writes to keys of the kernel do with what is said of them.

    python3 -m lab_testing.kernel_writes FIRST COUNT

prints a line of JSON for each seed. Each starts from the values that the machine has booted with.
The keys that have a value which stays until a reboot are written once all seeds are through.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Collection, Iterable
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.couplings import way_back
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.one_way import (
    stays_until_reboot,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import path_to_key
from couplings.dangerous import (
    DANGEROUS_FOR_LONG,
    NEVER_READ,
    WRITTEN_LAST,
    is_counter,
    why_range_is_not_sought,
)
from couplings.measure import (
    is_virtual_machine,
    keys_of_kernel,
    keys_of_namespaces,
    load_modules,
    stop_device_manager,
)
from couplings.namespaces import device_of
from couplings.proc_sys import ROOT
from sandbox.open_keys import OpenKeys
from sandbox.random_writes_runner import (
    WRITES,
    read_values,
    set_at_random,
    write,
    write_and_compare,
)

TIMES_LAST = 6
"""How often each key is written of which values stay."""


def is_left_out(path: str) -> bool:
    """Tell whether a key is not watched: it changes by itself, or belongs to a device."""
    key = path_to_key(path[len(ROOT) :])
    return key in NEVER_READ or is_counter(key) or bool(device_of(key))


def keys_to_write(watched: Collection[str]) -> list[str]:
    """Return those of the watched keys that may be written, if only for a moment.

    They are those of the whole kernel, and of its first namespaces but for the network.
    """
    of_namespaces = [key for key in keys_of_namespaces() if not key.startswith("net.")]
    keys = []
    for key in (*keys_of_kernel(), *of_namespaces):
        if key in watched and not why_range_is_not_sought(key):
            keys.append(key)
    return keys


def stays(key: str) -> bool:
    """Tell whether a key has a value that stays until a reboot."""
    return key in WRITTEN_LAST or stays_until_reboot(key)


def check_seed(seed: int, keys: list[str], all_keys: OpenKeys) -> dict[str, Any]:
    """Return the writes of a seed that do what the collection does not say; put all back."""
    rng = random.Random(seed)
    booted = read_values(all_keys)
    harmless = [key for key in keys if key not in DANGEROUS_FOR_LONG]
    set_at_random(rng, harmless, booted)
    chosen = rng.sample(keys, WRITES)
    problems = list(write_and_compare(rng, chosen, all_keys, DANGEROUS_FOR_LONG))
    put_back(harmless, booted)
    return {"problems": problems, "seed": seed}


def put_back(keys: Iterable[str], values: dict[str, str]) -> None:
    """Write earlier values again, twice: keys act on each other, and limit each other."""
    for _time in range(2):
        for key in way_back({key: values[key] for key in keys}):
            write(key, values[key])


def main() -> None:
    if not is_virtual_machine():
        sys.exit("keys of a whole kernel are written in a virtual machine of the lab only")
    first, count = (int(argument) for argument in sys.argv[1:])
    load_modules()
    stop_device_manager()
    with OpenKeys(ROOT.rstrip("/"), is_left_out) as all_keys:
        written = keys_to_write(read_values(all_keys))
        keys = [key for key in written if not stays(key)]
        for seed in range(first, first + count):
            print(json.dumps(check_seed(seed, keys, all_keys)), flush=True)
        last = [key for key in written if stays(key)] * TIMES_LAST
        problems = list(write_and_compare(random.Random(first), last, all_keys))
        print(json.dumps({"problems": problems, "seed": f"last, {first}"}), flush=True)


if __name__ == "__main__":
    main()
