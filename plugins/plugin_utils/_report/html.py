# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as one HTML file that asks nothing of a network.

A short row of each host is in the page as JSON, for the table. What is said of a host when it is opened is packed, some
hosts together (gzip, base64), and unpacked only then: the page of 10,000 hosts stays a tenth of what it would be.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any, Iterator

import jinja2
from markupsafe import Markup

from .chart import chart
from .data import plain
from .model import NAMES, OUTCOMES, STATES, Host, Report

PAGE = Path(__file__).parent / "page"
TOGETHER = 100
"""Hosts that are packed together."""

WORDS = {
    "as_wanted": ("as wanted", "the three values are right now, and will be after the next boot"),
    "drift": ("drift", "a value is not the one asked for, now or after the next boot"),
    "overridden": ("overridden", "another file wins over ours at the next boot"),
    "failed": ("failed", "it was reached, but could not tell"),
    "unreachable": ("unreachable", "no connection to it"),
    "not_reached": ("not reached", "the run ended before its turn"),
}
FLAGS = ("unprotected", "stale", "namespaces", "idle_limit")


def to_html(report: Report) -> str:
    """Return the page."""
    script, style = (
        (PAGE / name).read_text(encoding="utf-8") for name in ("report.js", "report.css")
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = lambda number: f"{number:,}".replace(",", " ")
    environment.filters["duration"] = duration
    return environment.get_template("report.html").render(
        report=report,
        summary=report.summary,
        words=WORDS,
        states=_states(report),
        made=_readable(report.made),
        chart=chart(report),
        script=script,
        style=style,
        policy=_policy(script, style),
        rows=_embedded(_index(report)),
        packs=list(_packs(report)),
        outcomes=bool(report.summary.outcomes),
    )


def _states(report: Report) -> list[tuple[str, int, float, float]]:
    """Return state, hosts, and from where and how wide in per cent its part of the bar is; those that occur.

    One host of thousands is still to be seen: no part is narrower than one per cent and a half.
    """
    numbers = {state: number for state, number in report.summary.states.items() if number}
    widths = {
        state: max(1.5, 100 * number / report.summary.hosts) for state, number in numbers.items()
    }
    told, start = [], 0.0
    for state, number in numbers.items():
        width = 100 * widths[state] / sum(widths.values())
        told.append((state, number, round(start, 3), round(width, 3)))
        start += width
    return told


def duration(seconds: int) -> str:
    """Say seconds as a person would."""
    if seconds < 120:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _readable(made: str) -> str:
    moment = dt.datetime.fromisoformat(made)
    return f"{moment.day} {moment:%B %Y, %H:%M} {moment.tzname()}"


def _policy(script: str, style: str) -> str:
    """Allow our own script and style, by what is in them, and nothing else at all."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return f"default-src 'none'; script-src 'sha256-{digest(script)}'; style-src 'sha256-{digest(style)}'; base-uri 'none'; form-action 'none'"


def _embedded(told: Any) -> Markup:
    """Return JSON that cannot end the element it is in; ASCII, so that no line separator is in it either."""
    text = json.dumps(told, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _index(report: Report) -> dict[str, Any]:
    return {
        "states": [[state, WORDS[state][0]] for state in STATES],
        "outcomes": [outcome.replace("_", " ") for outcome in OUTCOMES],
        "hosts": [_row(host) for host in report.hosts],
        "together": TOGETHER,
    }


def _row(host: Host) -> list[Any]:
    seen = host.connections
    settings = [host.settings[name] for name in NAMES] if host.settings else []
    flags = (
        host.unprotected,
        bool(seen and seen.stale),
        host.differing > 0,
        host.clears_idle_limit is False,
    )
    return [
        host.name,
        STATES.index(host.state),
        OUTCOMES.index(host.outcome) if host.outcome else -1,
        [setting.now for setting in settings],
        [setting.boot for setting in settings],
        host.dead_after,
        [seen.established, seen.without_keepalive, seen.stale] if seen else None,
        sum(flag << place for place, flag in enumerate(flags)),
        host.findings[0] if host.findings else "",
        " ".join(dict.fromkeys(each.command for each in host.processes)),
    ]


def _packs(report: Report) -> Iterator[str]:
    for first in range(0, len(report.hosts), TOGETHER):
        told = json.dumps([plain(host) for host in report.hosts[first : first + TOGETHER]])
        yield base64.b64encode(gzip.compress(told.encode(), mtime=0)).decode()
