# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for a terminal: a line for each host that needs attention, and a total."""

from __future__ import annotations

from typing import Callable, Collection, Iterator, Mapping, NamedTuple, Sequence

from .model import Host, Report

FAIL_CONDITIONS: Mapping[str, Callable[[Host], bool]] = {
    "drift": lambda host: host.role_would_change_it,
    "unprotected": lambda host: host.unprotected,
    "unreachable": lambda host: host.gave_no_answer,
}
"""The conditions that an audit may fail on."""


class Row(NamedTuple):
    """The cells of a host."""

    name: str
    state: str
    outcome: str
    findings: str


def to_text(report: Report, fail_on: Collection[str] = ()) -> str:
    """Return the lines; hosts that match a condition to fail on are listed too."""
    lines = [report.title, ""]
    listed = [host for host in report.hosts if _is_listed(host, fail_on)]
    if listed:
        lines += _host_lines(listed)
        lines.append("")
    lines += _total_lines(report)
    return "\n".join(lines)


def _is_listed(host: Host, fail_on: Collection[str]) -> bool:
    if host.needs_attention:
        return True
    return any(FAIL_CONDITIONS[condition](host) for condition in fail_on)


def violations(report: Report, fail_on: Collection[str]) -> dict[str, list[Host]]:
    """Return the hosts that match each condition; conditions that no host matches are left out."""
    violating = {}
    for condition, matches in FAIL_CONDITIONS.items():
        hosts = list(filter(matches, report.hosts))
        if hosts and condition in fail_on:
            violating[condition] = hosts
    return violating


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
        name=printable(host.name),
        state=label(host.state),
        outcome=label(host.outcome or ""),
        findings=printable("; ".join(host.findings)),
    )


def _total_lines(report: Report) -> Iterator[str]:
    """Yield the numbers of all hosts together."""
    summary = report.summary
    states = {state: number for state, number in summary.states.items() if number}
    separator = ": " if states else ""
    yield f"  {_hosts(summary.hosts)}{separator}{_numbers(states)}"
    if summary.outcomes:
        yield f"  {_numbers(summary.outcomes)}"
    if summary.asked_for_connections:
        connections = summary.connections
        yield (
            f"  {connections.established} connections: "
            f"{connections.without_keepalive} without keepalive on {_hosts(summary.unprotected)}, "
            f"{connections.stale} with an older timer on {_hosts(summary.stale)}"
        )
    if summary.differing:
        yield f"  {_hosts(summary.differing)} with network namespaces that have other values"
    if summary.idle_limit_missed:
        hosts = _hosts(summary.idle_limit_missed)
        yield f"  {hosts} whose first probe comes too late for the idle limit"


def _numbers(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {label(state)}" for state, number in numbers.items())


def _hosts(number: int) -> str:
    return "1 host" if number == 1 else f"{number} hosts"


def label(state: str) -> str:
    """Return a state or an outcome as users read it."""
    return state.replace("_", " ")


def printable(text: str) -> str:
    """Escape what would move the cursor or change the colours of a terminal."""
    result = ""
    for character in text:
        if character.isprintable():
            result += character
        else:
            quoted = ascii(character)
            result += quoted[1:-1]
    return result
