# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs timed in turn on a throw-away host, and the ratios of what they cost."""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sandbox.agent import proc_path
from sandbox.world import World

from .bench import Row

STOPWATCH = Path(__file__).with_name("stopwatch.py")
DAY = 24 * 3600
NOTHING: Mapping[str, str] = MappingProxyType({})


# --- runs ---


class Run(NamedTuple):
    """A command to time."""

    name: str
    argv: Sequence[str]
    expect: str = ""
    """Must be in its output."""
    stdin: str = ""
    """A file."""
    write: Mapping[str, str] = NOTHING
    """Path -> text, written before the run."""
    remove: Sequence[str] = ()
    """Files removed before the run."""

    def from_scratch(self, keys: Iterable[str], *files: str) -> Run:
        """Return the same run, which starts with other values of keys and without files."""
        return self._replace(write={proc_path(key): "1" for key in keys}, remove=files)


class Service(NamedTuple):
    """A server that each run needs; its CPU time counts."""

    argv: Sequence[str]
    port: int


class Cost(NamedTuple):
    """What each run of a command cost."""

    cpu: list[float]
    """Seconds, of all processes."""
    wall: list[float]
    """Seconds."""
    instructions: list[float]
    """In thousand millions; empty without Valgrind."""


class RaceOptions(NamedTuple):
    """How a race is run."""

    pairs: int
    services: Sequence[Service] = ()
    warm_up: bool = True
    env: Mapping[str, str] = NOTHING


def race(world: World, sides: Sequence[Sequence[Run]], options: RaceOptions) -> Mapping[str, Cost]:
    """Run the sides in turn, in an order that changes from pair to pair; return cost by name.

    Nothing of our own environment reaches them.
    """
    job = {
        "pairs": options.pairs,
        "warm_up": int(options.warm_up),
        "sides": [_runs_to_dicts(side) for side in sides],
        "services": [service._asdict() for service in options.services],
    }
    command = [sys.executable, "-I", "-S", str(STOPWATCH)]
    finished = world.run(command, stdin=json.dumps(job), env=options.env, timeout=DAY)
    if finished.rc != 0:
        raise SystemExit(finished.stderr)
    return {name: _cost(results) for name, results in json.loads(finished.stdout).items()}


def _runs_to_dicts(runs: Iterable[Run]) -> list[dict[str, Any]]:
    return [{**run._asdict(), "write": dict(run.write)} for run in runs]


def _cost(results: Iterable[Mapping[str, Any]]) -> Cost:
    cost = Cost(cpu=[], wall=[], instructions=[])
    for result in results:
        cost.cpu.append(result["cpu"])
        cost.wall.append(result["wall"])
        for count in re.findall(r"Collected : (\d+)", result["stderr"]):
            cost.instructions.append(int(count) / 1e9)
    return cost


# --- ratios ---


class Goal(NamedTuple):
    """What a ratio should be."""

    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"{self.at_most:.2f}"
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return ""

    def verdict(self, *values: float) -> str:
        """Return whether all values meet the goal."""
        if self == NO_GOAL:
            return ""
        for value in values:
            if self.at_most is not None and value > self.at_most:
                return "MISSED"
            if self.at_least is not None and value < self.at_least:
                return "MISSED"
        return "met"


NO_GOAL = Goal()


class Ratios(NamedTuple):
    """The ratios of two costs, pair by pair."""

    values: Sequence[float]

    @classmethod
    def of(cls, numerators: Iterable[float], denominators: Iterable[float]) -> Ratios:
        return cls([ours / other for ours, other in zip(numerators, denominators)])

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def _decimals(self) -> int:
        return 3 if self.median < 2 else 1

    def __str__(self) -> str:
        return f"{self.median:.{self._decimals}f}"

    @property
    def quartiles(self) -> str:
        first = last = self.values[0]
        if len(self.values) > 1:
            first, _median, last = statistics.quantiles(self.values, n=4, method="inclusive")
        return f"{first:.{self._decimals}f} .. {last:.{self._decimals}f}"


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f}"


HEADING = ("", "ratio", "quartiles", "goal", "", "pairs", "ours, ms", "other, ms")


def ratio_row(
    label: str, ours: Sequence[float], other: Sequence[float], goal: Goal = NO_GOAL
) -> Row:
    """Return a row below HEADING: ours relative to the other."""
    ratios = Ratios.of(ours, other)
    return (
        label,
        str(ratios),
        ratios.quartiles,
        str(goal),
        goal.verdict(ratios.median),
        str(len(ratios.values)),
        milliseconds(ours),
        milliseconds(other),
    )
