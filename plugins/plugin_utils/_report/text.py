# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for a terminal: one line a host that needs attention, and a total."""

from __future__ import annotations

from typing import Callable, Collection, Iterator, Mapping, Sequence

from .model import Host, Report

FAILURES: Mapping[str, Callable[[Host], bool]] = {
    "drift": lambda host: host.state in ("drift", "overridden"),
    "unprotected": lambda host: host.unprotected,
    "unreachable": lambda host: host.state in ("failed", "unreachable", "not_reached"),
}
"""What a run can be told to fail on."""


def words(state: str) -> str:
    return state.replace("_", " ")


def to_text(report: Report, fail_on: Collection[str] = ()) -> str:
    """Return the lines."""
    asked_for = {host.name for names in violations(report, fail_on).values() for host in names}
    listed = [host for host in report.hosts if host.needs_attention or host.name in asked_for]
    lines = list(_lines(listed))
    return "\n".join([report.title, "", *lines, *([""] if lines else []), *total(report)])


def _lines(hosts: Sequence[Host]) -> Iterator[str]:
    cells = [(shown(host.name), words(host.state), words(host.outcome or "")) for host in hosts]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for host, row in zip(hosts, cells):
        padded = [f"{cell:{width}}" for cell, width in zip(row, widths) if width]
        yield "  ".join(["", *padded, _finding(host)]).rstrip()


def _finding(host: Host) -> str:
    return shown("; ".join(host.findings))


def total(report: Report) -> Iterator[str]:
    """Yield what all the hosts come to."""
    summary = report.summary
    counted = ", ".join(
        f"{number} {words(state)}" for state, number in summary.states.items() if number
    )
    yield f"  {_hosts(summary.hosts)}{': ' if counted else ''}{counted}"
    if summary.outcomes:
        yield "  " + ", ".join(
            f"{number} {words(outcome)}" for outcome, number in summary.outcomes.items()
        )
    if summary.asked_for_connections:
        seen = summary.connections
        yield (
            f"  {seen.established} connections: {seen.without_keepalive} without keepalive on {_hosts(summary.unprotected)}, "
            f"{seen.stale} under an older time on {_hosts(summary.stale)}"
        )
    if summary.differing:
        yield f"  {_hosts(summary.differing)} with network namespaces that have other values"
    if summary.idle_limit_missed:
        yield f"  {_hosts(summary.idle_limit_missed)} whose first probe comes too late for the idle limit"


def _hosts(number: int) -> str:
    return f"{number} host{'s' * (number != 1)}"


def shown(text: str) -> str:
    """Return a text that cannot move the cursor or colour the terminal of who reads it."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def violations(report: Report, fail_on: Collection[str]) -> dict[str, list[Host]]:
    """Return the hosts for each reason to fail that there is."""
    found = {
        reason: [host for host in report.hosts if FAILURES[reason](host)]
        for reason in FAILURES
        if reason in fail_on
    }
    return {reason: hosts for reason, hosts in found.items() if hosts}
