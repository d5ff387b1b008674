# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated histories of a host: files of others, a few tasks over coupled keys, then a boot.

    python -m sandbox.histories COUNT [FIRST]

checks so many of them with each loader, and prints those that do not end as expected.
"""

from __future__ import annotations

import json
import os
import random
import sys
from itertools import product
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import ansible

from .world import World

INTERFACES = ("br0", "br1")

_CONF = ("all", "default", "lo", *INTERFACES)
_IPV4_SETTINGS = ("forwarding", "accept_redirects", "rp_filter", "promote_secondaries")
_IPV6_SETTINGS = ("forwarding", "disable_ipv6", "accept_redirects")

VALUES = {
    "net.ipv4.ip_local_port_range": ("32768 60999", "20000 60999", "1000 2000", "45000"),
    "net.ipv4.ip_unprivileged_port_start": ("0", "1024", "25000", "40000"),
    "net.ipv4.ipfrag_low_thresh": ("1000", "3145728", "5000000"),
    "net.ipv4.ipfrag_high_thresh": ("2000", "4194304", "8000000"),
    "net.ipv4.icmp_ratelimit": ("1000", "999", "-1"),
    "net.ipv4.ip_default_ttl": ("64", "255", "256", "0"),
    "net.ipv4.tcp_retries2": ("15", "8", "300", "-1"),
    "net.ipv4.tcp_rmem": ("4096 131072 6291456", "8192 0 6291456", "0 1 2", "16384"),
    "net.ipv4.neigh.lo.proxy_delay": ("80", "101"),
    "net.ipv4.neigh.lo.retrans_time_ms": ("1000", "1001"),
    "net.ipv6.conf.br0.mtu": ("1280", "1400"),
}
"""Keys that limit each other, have a range or are rounded, with values to give them."""
MORE_VALUES = {
    "net.ipv6.conf.all.force_forwarding": ("0", "1"),
    "net.ipv6.conf.br0.force_forwarding": ("0", "1"),
    "net.ipv6.conf.lo.force_forwarding": ("0", "1"),
    "net.ipv6.conf.all.addr_gen_mode": ("0", "1", "4"),
    "net.ipv6.conf.br0.addr_gen_mode": ("0", "1", "2"),
    "net.ipv6.conf.all.ignore_routes_with_linkdown": ("0", "1"),
    "net.ipv6.conf.br1.ignore_routes_with_linkdown": ("0", "1"),
    "net.ipv4.neigh.br0.base_reachable_time": ("30", "10"),
    "net.ipv4.neigh.br0.base_reachable_time_ms": ("30000", "10000", "1234"),
    "net.ipv4.neigh.br0.locktime": ("100", "10", "-1"),
    "net.ipv6.route.gc_min_interval": ("0", "1"),
    "net.ipv6.route.gc_min_interval_ms": ("500", "1000"),
}
"""More of them, for the histories from FIRST_WITH_MORE on."""
FIRST_WITH_MORE = 100_000_000
"""Earlier ones stay what they are: some are cases of a test."""

_IPV4_KEYS = [f"net.ipv4.conf.{name}.{key}" for key, name in product(_IPV4_SETTINGS, _CONF)]
_IPV6_KEYS = [f"net.ipv6.conf.{name}.{key}" for key, name in product(_IPV6_SETTINGS, _CONF)]
KEYS = (
    "net.ipv4.ip_forward",
    *_IPV4_KEYS,
    *_IPV6_KEYS,
    "net.ipv4.tcp_fin_timeout",
    *VALUES,
)
"""The keys of a history: most of them act on others of them."""

GLOBS = (
    "net.ipv4.conf.*.forwarding",
    "net.ipv4.conf.*.rp_filter",
    "net.ipv4.conf.br*.accept_redirects",
    "net.ipv6.conf.*.disable_ipv6",
    "net.ipv6.conf.*.forwarding",
)

OTHER_FILES = ("/etc/sysctl.d/10-a.conf", "/etc/sysctl.d/92-b.conf", "/usr/lib/sysctl.d/99-z.conf")
OUR_PATHS = ("/etc/sysctl.d/90-ansible.conf", "/etc/sysctl.d/95-more.conf")

REFUSED = {"net.ipv4.ip_default_ttl": "999"}
"""A setting that the kernel refuses, and only when it is written."""


class History(NamedTuple):
    """What happens on a host before it boots."""

    seed: int
    files: dict[str, str]
    """Path -> text of the files of others."""
    tasks: list[dict[str, Any]]
    """The options of each task of the module sysctl."""
    passes_previous_back: bool = False
    """What the last task returns as `previous` is passed back to it as settings."""
    is_rolled_back: bool = False
    """The tasks run once more, from the start, as a rollout that is then rolled back."""


def keys_of(seed: int) -> tuple[str, ...]:
    """Return the keys that the history of a seed may be about."""
    return (*KEYS, *MORE_VALUES) if seed >= FIRST_WITH_MORE else KEYS


def make_history(seed: int) -> History:
    """Return the history of a seed, always the same one."""
    rng = random.Random(seed)
    related = rng.sample(keys_of(seed), rng.randint(4, 12))
    if rng.random() < 0.7:
        related += ["net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"]
    files = {}
    for path in OTHER_FILES:
        if rng.random() < 0.4:
            files[path] = "".join(_line(rng, related) for _number in range(rng.randint(1, 5)))
    tasks = [_task(rng, related) for _number in range(rng.randint(1, 4))]
    passes_previous_back = rng.random() < 0.5
    is_rolled_back = rng.random() < 0.5
    return History(
        seed=seed,
        files=files,
        tasks=tasks,
        passes_previous_back=passes_previous_back,
        is_rolled_back=is_rolled_back,
    )


def _line(rng: random.Random, keys: list[str]) -> str:
    if rng.random() < 0.1:
        return f"-{rng.choice(keys)}\n"
    key = _key(rng, keys)
    return f"{key} = {_value(rng, key)}\n"


def _key(rng: random.Random, keys: list[str]) -> str:
    return rng.choice(GLOBS if rng.random() < 0.1 else keys)


def _value(rng: random.Random, key: str) -> str:
    values = VALUES.get(key) or MORE_VALUES.get(key) or ("0", "1")
    return rng.choice(values)


def _task(rng: random.Random, keys: list[str]) -> dict[str, Any]:
    settings = {}
    for _number in range(rng.randint(1, 4)):
        key = _key(rng, keys)
        settings[key] = _value(rng, key)
    task: dict[str, Any] = {
        "settings": settings,
        "path": rng.choice(OUR_PATHS),
        "on_override": rng.choice(["warn", "warn", "fail", "comment_out"]),
    }
    if rng.random() < 0.15:
        settings.update(REFUSED)
    elif rng.random() < 0.15:
        task["state"] = "absent"
    elif rng.random() < 0.15:
        task["exclusive"] = True
    return task


def check_histories(
    world: World, first: int, count: int, python: str = sys.executable
) -> Iterator[dict[str, Any]]:
    """Run the histories of these seeds in a world; yield those that do not end as expected.

    python: the interpreter that runs the tasks.
    """
    yield from run_generated(world, "sandbox.history_runner", range(first, first + count), python)


def import_paths() -> str:
    """Return the PYTHONPATH of a Python that imports these tools and the collection."""
    project = Path(__file__).parents[2]
    library = Path(ansible.__file__).parents[1]
    paths = (project / "tools", project / ".build" / "src", library)
    return os.pathsep.join(str(path) for path in paths)


def run_generated(world: World, module: str, seeds: range, python: str) -> Iterator[dict[str, Any]]:
    """Run a module that checks what it generates from seeds; yield what is not as expected."""
    answer = world.run(
        [python, "-m", module, world.loader, str(seeds.start), str(len(seeds))],
        env={"PYTHONPATH": import_paths()},
        timeout=60 * len(seeds),
    )
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    if not lines or lines[-1] != {"checked": len(seeds)}:
        raise AssertionError(answer.stdout + answer.stderr)
    yield from lines[:-1]


def main() -> None:
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for loader in ("systemd", "procps"):
        with World(loader=loader) as world:
            problems = list(check_histories(world, first, count))
        for history in problems:
            print(loader, json.dumps(history))
        print(f"{loader}: {count} histories, {len(problems)} not as expected")


if __name__ == "__main__":
    main()
