# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as one HTML file that loads nothing from a network.

The page holds a short row for each host as JSON, for the table. The details of the hosts are
compressed in packs (gzip, base64), which the page unpacks when a host is opened. This makes the
page of 10,000 hosts ten times smaller.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import jinja2
from markupsafe import Markup

from .chart import make_chart
from .data import host_to_dict
from .model import OUTCOMES, SETTING_NAMES, STATES, Host, Report
from .text import label

PAGE_FOLDER = Path(__file__).parent / "page"
HOSTS_PER_PACK = 100
NARROWEST_SEGMENT = 1.5
"""In per cent of the bar: one host among thousands must stay visible."""

STATE_DESCRIPTIONS = {
    "as_wanted": "the three values are right now, and will be after the next boot",
    "drift": "a value is not the desired one, now or after the next boot",
    "overridden": "another file wins over ours at the next boot",
    "failed": "it was reached, but gave no values",
    "unreachable": "no connection to it",
    "not_reached": "the run ended before its turn",
}


class StateSegment(NamedTuple):
    """A part of the bar of states. Its start and width are in per cent."""

    state: str
    label: str
    description: str
    hosts: int
    start: float
    width: float


def to_html(report: Report) -> str:
    """Return the page."""
    script = (PAGE_FOLDER / "report.js").read_text(encoding="utf-8")
    style = (PAGE_FOLDER / "report.css").read_text(encoding="utf-8")
    template = _environment().get_template("report.html")
    return template.render(
        report=report,
        summary=report.summary,
        states=_state_segments(report),
        made=_readable_time(report.made),
        chart=make_chart(report),
        script=script,
        style=style,
        policy=_content_security_policy(script, style),
        rows=_script_json(_table_data(report)),
        packs=list(_packs(report)),
        outcomes=bool(report.summary.outcomes),
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _grouped
    environment.filters["duration"] = duration
    environment.filters["label"] = label
    return environment


def _grouped(number: int) -> str:
    """Return a number with spaces between groups of three digits."""
    return f"{number:,}".replace(",", " ")


def duration(seconds: int) -> str:
    """Return a duration in hours, minutes and seconds."""
    if seconds < 120:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _readable_time(timestamp: str) -> str:
    moment = dt.datetime.fromisoformat(timestamp)
    return f"{moment.day} {moment:%B %Y, %H:%M} {moment.tzname()}"


def _state_segments(report: Report) -> list[StateSegment]:
    """Return the parts of the bar, for the states that have hosts."""
    widths = {}
    for state, hosts in report.summary.states.items():
        if hosts:
            widths[state] = max(NARROWEST_SEGMENT, 100 * hosts / report.summary.hosts)
    # The narrowest ones were widened, so all of them are scaled to fit again.
    scale = 100 / sum(widths.values()) if widths else 1
    segments, start = [], 0.0
    for state, width in widths.items():
        segment = StateSegment(
            state=state,
            label=label(state),
            description=STATE_DESCRIPTIONS[state],
            hosts=report.summary.states[state],
            start=round(start, 3),
            width=round(width * scale, 3),
        )
        segments.append(segment)
        start += width * scale
    return segments


def _content_security_policy(script: str, style: str) -> str:
    """Allow the script and the style of the page, by their digests, and nothing else."""
    directives = [
        "default-src 'none'",
        f"script-src 'sha256-{_digest(script)}'",
        f"style-src 'sha256-{_digest(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(directives)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _script_json(data: Any) -> Markup:
    """Return JSON that cannot end the script element that holds it.

    It is pure ASCII, so that it has no line separators of JavaScript (U+2028, U+2029) either.
    """
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _table_data(report: Report) -> dict[str, Any]:
    return {
        "states": [[state, label(state)] for state in STATES],
        "outcomes": list(map(label, OUTCOMES)),
        "hosts": list(map(_table_row, report.hosts)),
        "hostsPerPack": HOSTS_PER_PACK,
    }


def _table_row(host: Host) -> list[Any]:
    """Return what the table shows of a host, in the order in which report.js reads it."""
    settings = [host.settings[name] for name in SETTING_NAMES] if host.settings else []
    commands = dict.fromkeys(process.command for process in host.processes)
    return [
        host.name,
        STATES.index(host.state),
        OUTCOMES.index(host.outcome) if host.outcome else -1,
        [setting.now for setting in settings],
        [setting.boot for setting in settings],
        host.dead_after,
        _connection_numbers(host),
        _flags(host),
        host.findings[0] if host.findings else "",
        " ".join(commands),
    ]


def _connection_numbers(host: Host) -> list[int] | None:
    if host.connections is None:
        return None
    return [
        host.connections.established,
        host.connections.without_keepalive,
        host.connections.stale,
    ]


def _flags(host: Host) -> int:
    """Return the conditions that the page filters by, one in each bit."""
    flags = 0
    if host.unprotected:
        flags |= 1
    if host.has_stale_connections:
        flags |= 2
    if host.differing_namespaces:
        flags |= 4
    if host.misses_idle_limit:
        flags |= 8
    if host.undone_settings:
        flags |= 16
    return flags


def _packs(report: Report) -> Iterator[str]:
    """Yield the details of all hosts, some hosts at a time, as compressed JSON."""
    for start in range(0, len(report.hosts), HOSTS_PER_PACK):
        hosts = report.hosts[start : start + HOSTS_PER_PACK]
        details = json.dumps(list(map(host_to_dict, hosts)))
        yield base64.b64encode(gzip.compress(details.encode(), mtime=0)).decode()
