# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for a terminal: the hosts that need attention, a total, and what to run next."""

from __future__ import annotations

from typing import Collection, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.netops.tuning.plugins.plugin_utils._messages import (
    escape_control_characters,
    label,
    some_names,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_hosts, count_text

from .gate import is_violation
from .model import CHANGES, Comparison, Host, Report, Summary

MOST_WANTED = 5
"""So many sets of wanted values are listed."""
MOST_GROUPS = 8
"""So many groups of hosts are listed with their command: all of them fit a screen."""


class Row(NamedTuple):
    """The cells of a host."""

    name: str
    state: str
    outcome: str
    findings: str


def to_text(report: Report, fail_on: Collection[str] = ()) -> str:
    """Return the lines; hosts that match a condition to fail on are listed too."""
    lines = [report.title, ""]
    if report.comparison:
        lines += _change_lines(report, report.comparison)
        lines.append("")
    listed = [host for host in report.hosts if _is_listed(host, fail_on)]
    if listed:
        lines += _host_lines(listed)
        lines.append("")
    lines += _total_lines(report)
    lines += _command_lines(report)
    return "\n".join(lines)


def _is_listed(host: Host, fail_on: Collection[str]) -> bool:
    return host.needs_attention or is_violation(host, fail_on)


def _change_lines(report: Report, comparison: Comparison) -> Iterator[str]:
    """Yield what changed since the earlier report."""
    yield f"  since {comparison.made}:"
    changes = {}
    for change in CHANGES:
        changes[change] = [host.name for host in report.changed_hosts(change)]
    changes["gone"] = [host.name for host in comparison.gone]
    width = max(map(len, changes))
    for change, names in changes.items():
        if names:
            yield f"    {label(change):{width}}  {some_names(names)}"
    if not any(changes.values()):
        yield "    no host changed"
    if comparison.not_asked:
        yield f"    {count_hosts(comparison.not_asked)} of it not asked this time"


def _host_lines(hosts: Sequence[Host]) -> Iterator[str]:
    """Yield name, state, outcome and findings of each host, in columns."""
    rows = list(map(_row, hosts))
    name_width = max(len(row.name) for row in rows)
    state_width = max(len(row.state) for row in rows)
    outcome_width = max(len(row.outcome) for row in rows)
    for row in rows:
        line = f"  {row.name:{name_width}}  {row.state:{state_width}}"
        if outcome_width:
            line += f"  {row.outcome:{outcome_width}}"
        yield f"{line}  {row.findings}".rstrip()


def _row(host: Host) -> Row:
    return Row(
        name=escape_control_characters(host.name),
        state=label(host.state),
        outcome=label(host.outcome or ""),
        findings=escape_control_characters("; ".join(host.findings)),
    )


def _total_lines(report: Report) -> Iterator[str]:
    """Yield the numbers of all hosts together."""
    summary = report.summary
    states = {state: number for state, number in summary.states.items() if number}
    separator = ": " if states else ""
    yield f"  {count_hosts(summary.hosts)}{separator}{_numbers(states)}"
    yield from _wanted_lines(summary)
    if summary.outcomes:
        yield f"  {_numbers(summary.outcomes)}"
    if summary.asked_for_connections:
        connections = summary.connections
        unprotected = count_hosts(summary.unprotected)
        stale = count_hosts(summary.stale)
        yield (
            f"  {count_text(connections.established, 'connection')}: "
            f"{connections.without_keepalive} without keepalive on {unprotected}, "
            f"{connections.stale} with an older timer on {stale}"
        )
    if summary.differing:
        yield f"  {count_hosts(summary.differing)} with network namespaces that have other values"
    if summary.undone:
        yield f"  {count_hosts(summary.undone)} on which the last boot did not keep a value"
    if summary.idle_limit_missed:
        hosts = count_hosts(summary.idle_limit_missed)
        yield f"  {hosts} whose first probe comes too late for the idle limit"


def _wanted_lines(summary: Summary) -> Iterator[str]:
    """Yield which values are wanted, and where they come from."""
    for wanted in summary.wanted[:MOST_WANTED]:
        time, probes, intvl = wanted.values
        values = f"time {time}, probes {probes}, intvl {intvl}"
        yield escape_control_characters(
            f"  wanted on {count_hosts(wanted.hosts)}: {values} ({wanted.origin})"
        )
    others = len(summary.wanted) - MOST_WANTED
    if others > 0:
        yield f"  and {others} other sets of values"
    if summary.as_managed:
        yield f"  as managed, by their own file only: {count_hosts(summary.as_managed)}"


def _command_lines(report: Report) -> Iterator[str]:
    """Yield a line for each group of hosts that a command helps, as the page shows it."""
    groups = [group for group in report.groups if group.command]
    if groups:
        yield ""
    for group in groups[:MOST_GROUPS]:
        what, command = group.command or ("", "")
        hosts = count_hosts(len(group.hosts))
        yield escape_control_characters(f"  {hosts} {label(group.kind)}. {what}: {command}")
    others = len(groups) - MOST_GROUPS
    if others > 0:
        yield f"  and {count_text(others, 'other group')}, with their commands in the HTML report"


def _numbers(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {label(state)}" for state, number in numbers.items())
