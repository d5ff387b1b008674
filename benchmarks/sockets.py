# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs tcp_keepalive_info to read many connections, as a multiple of what ss takes, in CPU seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sandbox.connections import by_ss, crowd
from sandbox.play import collections_path
from sandbox.world import World

from .bench import HEADING, Options, Row, Run, Table, payload, race, row

READING = Path(__file__).with_name("reading.py")


def rows(world: World, options: Options, number: int) -> Iterator[Row]:
    with ExitStack() as ended:
        for holder in crowd(world, number // 2, 1):
            ended.enter_context(holder)
        argv = [options.python, "-I", "-S", str(READING), collections_path(), str(options.pairs)]
        ran = world.run(argv, timeout=3600)
        if ran.rc != 0:
            raise SystemExit(ran.stderr)
        told = json.loads(ran.stdout)
        theirs = by_ss(world)
        if {name: told["counts"][name] for name in theirs} != theirs or theirs[
            "established"
        ] != number:
            raise SystemExit(f"{told['counts']} is not what ss counts: {theirs}")
    taken = told["taken"]
    what = f"{number:,} connections"
    yield row(f"{what} by sock_diag, to ss -tnoH", taken["sock_diag"], taken["ss"], at_most=0.6)
    yield row("  with their processes, to ss -tnoHp", taken["processes"], taken["ss -p"])
    yield row("  by /proc/net/tcp, to ss -tnoH", taken["proc"], taken["ss"])


def whole(world: World, options: Options) -> Row:
    """Time the module as a whole where there is little to tell."""
    runs = []
    for name, module in (
        ("ours", "netops.tuning.tcp_keepalive_info"),
        ("empty", "bench.bench.empty"),
    ):
        world.write(f"/srv/{name}", payload(module, options.python))
        runs.append([Run(name, [options.python], '"changed": false', f"/srv/{name}")])
    costs = race(world, runs, options.pairs)
    return row(
        "the module where there is none, to an empty module", costs["ours"].cpu, costs["empty"].cpu
    )


def run(options: Options) -> list[Table]:
    with World() as world:
        world.run(["ip", "link", "set", "lo", "up"])
        told = [
            whole(world, options),
            *rows(world, options, 40_000),
            *rows(world, options, 100_000),
        ]
    return [Table("tcp_keepalive_info, CPU", HEADING, told)]
