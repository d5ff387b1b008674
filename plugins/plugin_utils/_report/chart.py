# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the fleet stands on the axis of time: numbers for the drawing, which the template makes of them."""

from __future__ import annotations

import math
from typing import Any, Iterable, NamedTuple, Sequence

from .model import Host, Report

LIMITS = (
    (240, "Azure", "Azure Load Balancer, public IP"),
    (300, "Meraki", "Cisco Meraki NAT"),
    (350, "AWS", "AWS NLB, Gateway LB, Network Firewall, EC2 Nitro v6"),
    (600, "Google VPC", "Google VPC"),
    (900, "kube-proxy", "kube-proxy with IPVS"),
)
"""Seconds after which a path forgets an idle connection. Sources: the option idle_limit of the module tcp_keepalive."""

WIDTH, LEFT, RIGHT, BINS, TALL = 960, 16, 16, 48, 76
TICKS = (
    (10, "10 s"), (30, "30 s"), (60, "1 min"), (120, "2 min"), (300, "5 min"), (600, "10 min"), (1800, "30 min"),
    (3600, "1 h"), (7200, "2 h"), (14400, "4 h"), (43200, "12 h"), (86400, "1 day"), (604800, "1 week"), (31536000, "1 year"),
)  # fmt: skip


class Bar(NamedTuple):
    x: float
    width: float
    height: float
    hosts: int
    says: str


class Axis(NamedTuple):
    """A logarithmic axis of seconds."""

    low: float
    high: float

    def x(self, seconds: float) -> float:
        share = (math.log(seconds) - math.log(self.low)) / (
            math.log(self.high) - math.log(self.low)
        )
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def bin(self, seconds: int) -> int:
        return int((self.x(max(seconds, 1)) - LEFT) / (WIDTH - LEFT - RIGHT) * BINS)


class Limit(NamedTuple):
    seconds: int
    short: str
    name: str
    x: float
    cleared: int
    """How many hosts send a probe in time."""
    share: float


def chart(report: Report) -> dict[str, Any] | None:
    """Return what is drawn, or None where no host gave numbers."""
    times = [time for time in map(_time, report.hosts) if time is not None]
    dead = [host.dead_after for host in report.hosts if host.dead_after is not None]
    if not times or not dead:
        return None
    axis = Axis(min(60, max(1, *times[:1], min(times))) * 0.8, max(9000, *times, *dead) * 1.15)
    limits = _limits(report, axis, times)
    return {
        "width": WIDTH,
        "times": _bars(axis, times, "first probe after"),
        "dead": _bars(axis, dead, "dead peer noticed after"),
        "ticks": [
            (axis.x(seconds), text) for seconds, text in TICKS if axis.low <= seconds <= axis.high
        ],
        "limits": limits,
        "asked": len(times),
        "median_time": sorted(times)[len(times) // 2],
        "median_dead": sorted(dead)[len(dead) // 2],
    }


def _time(host: Host) -> int | None:
    return host.settings["time"].now if host.settings else None


def _bars(axis: Axis, values: Sequence[int], what: str) -> list[Bar]:
    bins: dict[int, list[int]] = {}
    for value in values:
        bins.setdefault(axis.bin(value), []).append(value)
    most = max(map(len, bins.values()))
    wide = (WIDTH - LEFT - RIGHT) / BINS
    return [
        Bar(
            round(LEFT + number * wide + 1.5, 1),
            round(wide - 3, 1),
            # A single host among thousands is still to be seen.
            round(max(3.0, TALL * len(found) / most), 1),
            len(found),
            f"{len(found)} {'host' if len(found) == 1 else 'hosts'}: {what} {_range(found)} s",
        )
        for number, found in sorted(bins.items())
    ]


def _range(found: Sequence[int]) -> str:
    low, high = min(found), max(found)
    return f"{low}" if low == high else f"{low} to {high}"


def _limits(report: Report, axis: Axis, times: Sequence[int]) -> list[Limit]:
    asked = sorted({host.idle_limit for host in report.hosts if host.idle_limit is not None})
    published = {seconds for seconds, _short, _name in LIMITS}
    given = [
        (seconds, "yours", "the limit you gave") for seconds in asked if seconds not in published
    ]
    found = sorted([*LIMITS, *given])
    return [
        Limit(*each, axis.x(each[0]), *_cleared(times, each[0]))
        for each in found
        if axis.low <= each[0] <= axis.high
    ]


def _cleared(times: Iterable[int], limit: int) -> tuple[int, float]:
    found = [time < limit for time in times]
    return sum(found), round(100 * sum(found) / len(found), 1)
