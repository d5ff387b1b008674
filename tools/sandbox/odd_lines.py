# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated files of others, with odd lines for any key of the network, then a boot.

    python -m sandbox.odd_lines COUNT [FIRST]

checks so many of them with each loader, and prints those of which sysctl_info says something for
certain that the boot contradicts.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .histories import OTHER_FILES, run_generated
from .world import World

NUMBERS = (
    *("0", "1", "2", "3", "5", "10", "64", "99", "100", "101", "500", "999", "1000", "1001"),
    *("1280", "1500", "9000", "30000", "30500", "65535", "65536", "100000"),
    *("-1", "-2", "-0", "+5", "00", "010", "08", "0x10", "0X1F", "1e3", "3.5"),
    *("2147483647", "2147483648", "-2147483648", "-2147483649"),
    *("4294967295", "4294967296", "9223372036854775807", "18446744073709551615", "9" * 25),
)
TEXTS = (
    *("", "abc", "yes", "on", "true", "none", "NONE", "reno", "bbr", "default", "kernel"),
    *('"1"', "1 # text", "1#text", "1;2", "1 2", "2 1", "1,2", "3-5,7", "7,3-5,", "1 2 3 4"),
    *("1\t2", "1 abc", "1 -1", "- 1", "0 0", "4096 8192 16384", "1024 65536", "0 4294967295"),
    *("ff", "00000003", "2001:db8::1"),
)


class OddLines(NamedTuple):
    """Files of others, and the keys that they are about."""

    seed: int
    live: dict[str, str]
    """Key -> a text that is written to it before sysctl_info looks."""
    files: dict[str, str]
    """Path -> text."""
    keys: list[str]


def make_odd_lines(seed: int, keys: Sequence[str]) -> OddLines:
    """Return the lines of a seed. They are the same ones on a kernel with the same keys."""
    rng = random.Random(seed)
    chosen = rng.sample(keys, rng.randint(1, 6))
    if rng.random() < 0.5:
        chosen.extend(_relatives(rng, chosen[0], keys))
    live = {key: _text(rng) for key in chosen if rng.random() < 0.5}
    files = {}
    for path in OTHER_FILES:
        if rng.random() < 0.6:
            files[path] = "".join(_line(rng, chosen) for _number in range(rng.randint(1, 5)))
    return OddLines(seed=seed, live=live, files=files, keys=chosen)


def _relatives(rng: random.Random, key: str, keys: Sequence[str]) -> list[str]:
    """Return keys of the same name in other folders, and of similar names in the same one."""
    folder, _dot, name = key.rpartition(".")
    relatives = []
    for other in keys:
        other_folder, _dot, other_name = other.rpartition(".")
        is_similar = other_folder == folder and other_name[:5] == name[:5]
        if other != key and (is_similar or other_name == name):
            relatives.append(other)
    return rng.sample(relatives, min(len(relatives), 3))


def _line(rng: random.Random, keys: Sequence[str]) -> str:
    key = rng.choice(keys)
    if rng.random() < 0.05:
        return f"-{key}\n"
    if rng.random() < 0.1:
        key = _as_glob(rng, key)
    return f"{key} = {_text(rng)}\n"


def _as_glob(rng: random.Random, key: str) -> str:
    segments = key.split(".")
    segments[rng.randrange(2, len(segments))] = "*"
    return ".".join(segments)


def _text(rng: random.Random) -> str:
    return rng.choice(NUMBERS if rng.random() < 0.7 else TEXTS)


def check_odd_lines(world: World, first: int, count: int, python: str) -> Iterator[dict[str, Any]]:
    """Check the lines of these seeds in a world; yield those of which something wrong is said."""
    yield from run_generated(world, "sandbox.odd_lines_runner", range(first, first + count), python)


def main() -> None:
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for loader in ("systemd", "procps"):
        with World(loader=loader) as world:
            problems = list(check_odd_lines(world, first, count, sys.executable))
        for lines in problems:
            print(loader, json.dumps(lines))
        print(f"{loader}: {count} times odd lines, {len(problems)} not as expected")


if __name__ == "__main__":
    main()
