# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts on a time axis: numbers that the template of the page draws."""

from __future__ import annotations

import math
import statistics
from typing import Iterable, NamedTuple, Sequence

from ansible_collections.netops.tuning.plugins.plugin_utils._idle_limits import IDLE_LIMITS
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts

from .model import Report

TICKS = (
    (10, "10 s"),
    (30, "30 s"),
    (60, "1 min"),
    (120, "2 min"),
    (300, "5 min"),
    (600, "10 min"),
    (1800, "30 min"),
    (3600, "1 h"),
    (7200, "2 h"),
    (14400, "4 h"),
    (43200, "12 h"),
    (86400, "1 day"),
    (604800, "1 week"),
    (31536000, "1 year"),
)
"""Seconds, and how a tick of the axis shows them."""


class Layout(NamedTuple):
    """The sizes of a drawing, in its own units."""

    name: str
    width: int
    margin: int
    bins: int
    label_rows: int
    """In how many rows the names of the idle limits are, below each other."""
    label_step: int
    """The height of such a row."""
    tick_gap: int
    """The least distance of two ticks of the axis."""

    @property
    def plot_width(self) -> int:
        return self.width - 2 * self.margin

    @property
    def bin_width(self) -> float:
        return self.plot_width / self.bins

    @property
    def top(self) -> int:
        """Return the height of the names of the idle limits."""
        return 6 + self.label_rows * self.label_step


LAYOUTS = (
    Layout(
        name="wide",
        width=960,
        margin=16,
        bins=48,
        label_rows=3,
        label_step=20,
        tick_gap=40,
    ),
    Layout(
        name="narrow",
        width=354,
        margin=6,
        bins=16,
        label_rows=6,
        label_step=16,
        tick_gap=38,
    ),
)
"""The drawings for a desk and for a phone: the page shows the one that fits."""
HIGHEST_BAR = 76
LOWEST_BAR = 3.0
BAR_GAP = 3
NAME_WIDTH = 110
"""Room for the name of an idle limit."""


class Axis(NamedTuple):
    """A logarithmic axis of seconds."""

    low: float
    high: float
    layout: Layout

    def x(self, seconds: float) -> float:
        position = math.log(seconds) - math.log(self.low)
        length = math.log(self.high) - math.log(self.low)
        return round(self.layout.margin + position / length * self.layout.plot_width, 1)

    def bin(self, seconds: int) -> int:
        """Return the number of the bin; a value below 1 s has no logarithm and counts as 1 s."""
        position = self.x(max(seconds, 1)) - self.layout.margin
        return int(position / self.layout.bin_width)

    def shows(self, seconds: int) -> bool:
        return self.low <= seconds <= self.high


class Bar(NamedTuple):
    """A bar of a histogram."""

    x: float
    width: float
    height: float
    hosts: int
    description: str


class Tick(NamedTuple):
    """A labelled position on the axis."""

    x: float
    label: str


class Limit(NamedTuple):
    """An idle limit, and the hosts that send a probe before it."""

    seconds: int
    short: str
    name: str
    x: float
    y: int
    """The base line of its name."""
    name_x: float
    is_left: bool
    """Whether the name is to the left of the line, since there is no room to its right."""
    cleared: int
    """The number of hosts."""
    share: float
    """The hosts in per cent of all."""


class Chart(NamedTuple):
    """Two histograms on one axis, with idle limits."""

    layout: Layout
    times: Sequence[Bar]
    """By the time until the first probe."""
    dead: Sequence[Bar]
    """By the time until a dead peer is noticed."""
    ticks: Sequence[Tick]
    limits: Sequence[Limit]
    hosts: int
    """The number of hosts in the drawing."""
    median_time: int
    median_dead: int


def make_chart(report: Report, layout: Layout = LAYOUTS[0]) -> Chart | None:
    """Return the chart of a report, or None if no host has values."""
    times = _times(report)
    dead = _dead_after(report)
    if not times or not dead:
        return None
    axis = _axis(times, dead, layout)
    return Chart(
        layout=layout,
        times=_bars(axis, times, "first probe after"),
        dead=_bars(axis, dead, "dead peer noticed after"),
        ticks=_ticks(axis),
        limits=_limits(report, axis, times),
        hosts=len(times),
        median_time=statistics.median_high(times),
        median_dead=statistics.median_high(dead),
    )


def _times(report: Report) -> list[int]:
    times = []
    for host in report.hosts:
        time = host.settings["time"].now if host.settings else None
        if time is not None:
            times.append(time)
    return times


def _dead_after(report: Report) -> list[int]:
    return [host.dead_after for host in report.hosts if host.dead_after is not None]


def _axis(times: Sequence[int], dead: Sequence[int], layout: Layout) -> Axis:
    """Return an axis with room for all values, from one minute to 2.5 hours at least."""
    lowest = min(60, max(1, min(times)))
    highest = max(9000, *times, *dead)
    return Axis(low=lowest * 0.8, high=highest * 1.15, layout=layout)


def _bars(axis: Axis, values: Iterable[int], description: str) -> list[Bar]:
    """Return a bar for each bin that has hosts; `description` says what the values are."""
    bins: dict[int, list[int]] = {}
    for value in values:
        bins.setdefault(axis.bin(value), []).append(value)
    most_hosts = max(map(len, bins.values()))
    bars = []
    for number, members in sorted(bins.items()):
        hosts = len(members)
        chart_bar = Bar(
            x=round(axis.layout.margin + number * axis.layout.bin_width + BAR_GAP / 2, 1),
            width=round(axis.layout.bin_width - BAR_GAP, 1),
            # One host among thousands must stay visible.
            height=round(max(LOWEST_BAR, HIGHEST_BAR * hosts / most_hosts), 1),
            hosts=hosts,
            description=f"{count_hosts(hosts)}: {description} {_range(members)} s",
        )
        bars.append(chart_bar)
    return bars


def _range(values: Sequence[int]) -> str:
    low = min(values)
    high = max(values)
    if low == high:
        return str(low)
    return f"{low} to {high}"


def _ticks(axis: Axis) -> list[Tick]:
    """Return the ticks for which there is room."""
    ticks: list[Tick] = []
    for seconds, label in TICKS:
        x = axis.x(seconds)
        if axis.shows(seconds) and (not ticks or x - ticks[-1].x >= axis.layout.tick_gap):
            ticks.append(Tick(x=x, label=label))
    return ticks


def _published_limits() -> list[tuple[int, str, str]]:
    """Return seconds, short name and name of each limit; networks that share one share a line."""
    names_by_limit: dict[tuple[int, str], list[str]] = {}
    for limit in IDLE_LIMITS:
        names_by_limit.setdefault((limit.seconds, limit.short), []).append(limit.name)
    limits = []
    for (seconds, short), names in names_by_limit.items():
        limits.append((seconds, short, "; ".join(names)))
    return limits


def _limits(report: Report, axis: Axis, times: Sequence[int]) -> list[Limit]:
    """Return the published idle limits and those of the user, in order."""
    candidates = _published_limits()
    published = {seconds for seconds, _short, _name in candidates}
    of_user = {host.idle_limit for host in report.hosts if host.idle_limit is not None}
    candidates += [(seconds, "yours", "the limit you gave") for seconds in of_user - published]
    limits: list[Limit] = []
    for seconds, short, name in sorted(candidates):
        if axis.shows(seconds):
            cleared = sum(time < seconds for time in times)
            x = axis.x(seconds)
            row = len(limits) % axis.layout.label_rows
            is_left = x > axis.layout.width - NAME_WIDTH
            limit = Limit(
                seconds=seconds,
                short=short,
                name=name,
                x=x,
                y=14 + axis.layout.label_step * row,
                name_x=x - 5 if is_left else x + 5,
                is_left=is_left,
                cleared=cleared,
                share=round(100 * cleared / len(times), 1),
            )
            limits.append(limit)
    return limits
