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
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import OUTCOMES
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import (
    format_duration,
    label,
    some_names,
)
from markupsafe import Markup

from .chart import LAYOUTS, make_chart
from .data import host_to_dict
from .groups import KINDS
from .model import (
    CHANGES,
    SETTING_NAMES,
    STATES,
    Group,
    Host,
    Report,
)

PAGE_FOLDER = Path(__file__).parent / "page"
HOSTS_PER_PACK = 100
NARROWEST_SEGMENT = 1.5
"""In per cent of the bar: one host among thousands must stay visible."""

MOST_CAUSES = 3
MOST_NAMES = 4
"""A group shows so many causes, and so many of its hosts."""
MOST_WANTED = 3
"""The page shows so many sets of wanted values."""
MOST_ROWS_WITHOUT_SCRIPT = 1000

STATE_DESCRIPTIONS = {
    "as_wanted": "the three values are right now, and will be after the next boot",
    "drift": "a value is not the wanted one, now or after the next boot",
    "overridden": "another file wins over ours at the next boot",
    "failed": "the host was reached, but gave no values",
    "unreachable": "there was no connection to the host",
    "not_reached": "the run ended before the host was asked",
}


class StateSegment(NamedTuple):
    """A part of the bar of states. Its start and width are in per cent."""

    state: str
    label: str
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
        headline=headline(report),
        wanted=report.summary.wanted,
        most_wanted=MOST_WANTED,
        states=_state_segments(report),
        state_descriptions=STATE_DESCRIPTIONS,
        changes=_changes(report),
        most_gone=MOST_NAMES,
        groups=list(map(_group_card, report.groups)),
        most_causes=MOST_CAUSES,
        made=_readable_time(report.made),
        charts=list(filter(None, (make_chart(report, layout) for layout in LAYOUTS))),
        wrong_hosts=_wrong_hosts(report),
        most_rows=MOST_ROWS_WITHOUT_SCRIPT,
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
    environment.filters["duration"] = format_duration
    environment.filters["time"] = _readable_time
    environment.filters["label"] = label
    return environment


def headline(report: Report) -> str:
    """Return how many hosts are as wanted, as a sentence."""
    hosts = report.summary.hosts
    right = report.summary.states["as_wanted"]
    if not hosts:
        return "No hosts were audited"
    if hosts == 1:
        return "The host is as wanted" if right else "The host is not as wanted"
    if right == hosts:
        return f"All {_grouped(hosts)} hosts are as wanted"
    verb = "is" if right == 1 else "are"
    return f"{_grouped(right)} of {_grouped(hosts)} hosts {verb} as wanted"


def _wrong_hosts(report: Report) -> list[Host]:
    """Return the hosts that need attention; those with the wanted values come last."""
    hosts = [host for host in report.hosts if host.needs_attention]
    return sorted(hosts, key=lambda host: host.state == "as_wanted")


class ChangeButton(NamedTuple):
    """A button that shows the hosts with one of CHANGES."""

    number: int
    label: str
    hosts: int
    names: str


def _changes(report: Report) -> list[ChangeButton]:
    """Return the changes that have hosts."""
    buttons = []
    for number, change in enumerate(CHANGES):
        names = [host.name for host in report.changed_hosts(change)]
        if names:
            button = ChangeButton(
                number=number,
                label=label(change),
                hosts=len(names),
                names=some_names(names, MOST_NAMES),
            )
            buttons.append(button)
    return buttons


class GroupCard(NamedTuple):
    """What the page shows of a group of hosts."""

    group: Group
    description: str
    names: str
    other_causes: int
    """How many hosts have a cause that is not shown."""


def _group_card(group: Group) -> GroupCard:
    return GroupCard(
        group=group,
        description=KINDS[group.kind],
        names=some_names(group.hosts, MOST_NAMES),
        other_causes=sum(cause.hosts for cause in group.causes[MOST_CAUSES:]),
    )


def _grouped(number: int) -> str:
    """Return a number with spaces between groups of three digits."""
    return f"{number:,}".replace(",", " ")


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
    segments = []
    start = 0.0
    for state, width in widths.items():
        segment = StateSegment(
            state=state,
            label=label(state),
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
    group_of = {}
    for index, group in enumerate(report.groups):
        group_of.update(dict.fromkeys(group.hosts, index))
    return {
        "states": [[state, label(state)] for state in STATES],
        "outcomes": list(map(label, OUTCOMES)),
        "changes": list(map(label, CHANGES)),
        "hosts": [_table_row(host, group_of.get(host.name, -1)) for host in report.hosts],
        "hostsPerPack": HOSTS_PER_PACK,
    }


def _table_row(host: Host, group: int) -> list[Any]:
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
        group,
        CHANGES.index(host.change) if host.change else -1,
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
