# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts on a time axis: numbers that the template of the page draws."""

from __future__ import annotations

import math
import statistics
from typing import Iterable, NamedTuple, Sequence

from .model import Report

IDLE_LIMITS = (
    (240, "Azure", "Azure Load Balancer, public IP"),
    (300, "Meraki", "Cisco Meraki NAT"),
    (350, "AWS", "AWS NLB, Gateway LB, Network Firewall, EC2 Nitro v6"),
    (600, "Google VPC", "Google VPC"),
    (900, "kube-proxy", "kube-proxy with IPVS"),
)
"""Seconds after which a path drops an idle connection, a short name and a full name.

Sources: the option idle_limit of the module tcp_keepalive.
"""

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

# In units of the drawing.
WIDTH = 960
MARGIN = 16
PLOT_WIDTH = WIDTH - 2 * MARGIN
HIGHEST_BAR = 76
LOWEST_BAR = 3.0
BAR_GAP = 3

BINS = 48
BIN_WIDTH = PLOT_WIDTH / BINS


class Axis(NamedTuple):
    """A logarithmic axis of seconds."""

    low: float
    high: float

    def x(self, seconds: float) -> float:
        position = math.log(seconds) - math.log(self.low)
        length = math.log(self.high) - math.log(self.low)
        return round(MARGIN + position / length * PLOT_WIDTH, 1)

    def bin(self, seconds: int) -> int:
        """Return the number of the bin; a value below 1 s has no logarithm and counts as 1 s."""
        return int((self.x(max(seconds, 1)) - MARGIN) / BIN_WIDTH)

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
    cleared: int
    """The number of hosts."""
    share: float
    """The hosts in per cent of all."""


class Chart(NamedTuple):
    """Two histograms on one axis, with idle limits."""

    width: int
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


def make_chart(report: Report) -> Chart | None:
    """Return the chart of a report, or None if no host has values."""
    times, dead = _times(report), _dead_after(report)
    if not times or not dead:
        return None
    axis = _axis(times, dead)
    return Chart(
        width=WIDTH,
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


def _axis(times: Sequence[int], dead: Sequence[int]) -> Axis:
    """Return an axis with room for all values, from one minute to 2.5 hours at least."""
    lowest = min(60, max(1, min(times)))
    highest = max(9000, *times, *dead)
    return Axis(low=lowest * 0.8, high=highest * 1.15)


def _bars(axis: Axis, values: Iterable[int], description: str) -> list[Bar]:
    """Return a bar for each bin that has hosts; `description` says what the values are."""
    bins: dict[int, list[int]] = {}
    for value in values:
        bins.setdefault(axis.bin(value), []).append(value)
    most_hosts = max(map(len, bins.values()))
    bars = []
    for number, members in sorted(bins.items()):
        hosts = len(members)
        noun = "host" if hosts == 1 else "hosts"
        chart_bar = Bar(
            x=round(MARGIN + number * BIN_WIDTH + BAR_GAP / 2, 1),
            width=round(BIN_WIDTH - BAR_GAP, 1),
            # One host among thousands must stay visible.
            height=round(max(LOWEST_BAR, HIGHEST_BAR * hosts / most_hosts), 1),
            hosts=hosts,
            description=f"{hosts} {noun}: {description} {_range(members)} s",
        )
        bars.append(chart_bar)
    return bars


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    if low == high:
        return str(low)
    return f"{low} to {high}"


def _ticks(axis: Axis) -> list[Tick]:
    return [Tick(axis.x(seconds), label) for seconds, label in TICKS if axis.shows(seconds)]


def _limits(report: Report, axis: Axis, times: Sequence[int]) -> list[Limit]:
    """Return the published idle limits and those of the user, in order."""
    published = {limit[0] for limit in IDLE_LIMITS}
    of_user = {host.idle_limit for host in report.hosts if host.idle_limit is not None}
    candidates = list(IDLE_LIMITS)
    candidates += [(seconds, "yours", "the limit you gave") for seconds in of_user - published]
    limits = []
    for seconds, short, name in sorted(candidates):
        if axis.shows(seconds):
            cleared = sum(time < seconds for time in times)
            limit = Limit(
                seconds=seconds,
                short=short,
                name=name,
                x=axis.x(seconds),
                cleared=cleared,
                share=round(100 * cleared / len(times), 1),
            )
            limits.append(limit)
    return limits
