# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of tcp_keepalive_info for many connections, relative to ss(8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sandbox.connections import by_ss, crowd
from sandbox.play import collections_path
from sandbox.world import World

from .bench import EMPTY_MODULE, Options, Row, Table, payload
from .race import HEADING, Goal, RaceOptions, Run, race, ratio_row

READING = Path(__file__).with_name("reading.py")
INFO_MODULE = "netops.tuning.tcp_keepalive_info"


def rows_for_connections(world: World, options: Options, number: int) -> Iterator[Row]:
    """Compare the engine with ss on a host with so many connections."""
    with ExitStack() as stack:
        for holder in crowd(world, number // 2, 1):
            stack.enter_context(holder)
        measured = _read_connections(world, options)
        _check_counts(measured["counts"], by_ss(world), number)
    seconds = measured["seconds"]
    yield ratio_row(
        f"{number:,} connections with sock_diag, relative to ss -tnoH",
        seconds["sock_diag"],
        seconds["ss"],
        Goal(at_most=0.6),
    )
    yield ratio_row(
        "  with their processes, relative to ss -tnoHp", seconds["processes"], seconds["ss -p"]
    )
    yield ratio_row("  with /proc/net/tcp, relative to ss -tnoH", seconds["proc"], seconds["ss"])


def _read_connections(world: World, options: Options) -> dict[str, Any]:
    argv = [options.python, "-I", "-S", str(READING), collections_path(), str(options.pairs)]
    finished = world.run(argv, timeout=3600)
    if finished.rc != 0:
        raise SystemExit(finished.stderr)
    measured: dict[str, Any] = json.loads(finished.stdout)
    return measured


def _check_counts(ours: dict[str, int], of_ss: dict[str, int], number: int) -> None:
    same = {name: ours[name] for name in of_ss} == of_ss
    if not same or of_ss["established"] != number:
        raise SystemExit(f"the counts {ours} are not those of ss: {of_ss}")


def row_for_whole_module(world: World, options: Options) -> Row:
    """Measure the whole module on a host without connections."""
    sides = []
    for name, module in (("ours", INFO_MODULE), ("empty", EMPTY_MODULE)):
        path = f"/srv/{name}"
        world.write(path, payload(module, options.python))
        module_run = Run(name=name, argv=[options.python], expect='"changed": false', stdin=path)
        sides.append([module_run])
    costs = race(world, sides, RaceOptions(options.pairs))
    label = "the module without connections, relative to an empty module"
    return ratio_row(label, costs["ours"].cpu, costs["empty"].cpu)


def run(options: Options) -> list[Table]:
    with World() as world:
        world.run(["ip", "link", "set", "lo", "up"])
        rows = [row_for_whole_module(world, options)]
        for number in (40_000, 100_000):
            rows += rows_for_connections(world, options, number)
    return [Table("CPU time of tcp_keepalive_info", HEADING, rows)]
