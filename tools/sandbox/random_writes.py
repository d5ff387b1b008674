# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated writes to keys of the network, each from a state that other writes have left.

    python -m sandbox.random_writes COUNT [FIRST]

checks so many of them, and prints those that change other keys than the table of couplings says,
or to other values, and those of whose value the kernel makes another one than is said of a line
that has it. `make couplings` measures from the state in which the kernel starts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from .histories import run_generated
from .world import World


def check_random_writes(
    world: World, first: int, count: int, python: str
) -> Iterator[dict[str, Any]]:
    """Check the writes of these seeds in a world; yield those that do not do what is expected."""
    seeds = range(first, first + count)
    yield from run_generated(world, "sandbox.random_writes_runner", seeds, python)


def main() -> None:
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with World() as world:
        problems = list(check_random_writes(world, first, count, sys.executable))
    for writes in problems:
        print(json.dumps(writes))
    print(f"{count} times random writes, {len(problems)} not as expected")


if __name__ == "__main__":
    main()
