# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions on which an audit fails, so that a pipeline can stop there."""

from __future__ import annotations

from typing import Callable, Collection, Mapping

from .model import Host, Report, ReportError

FAIL_CONDITIONS: Mapping[str, Callable[[Host], bool]] = {
    "drift": lambda host: host.role_would_change_it,
    "unprotected": lambda host: host.unprotected,
    "unreachable": lambda host: host.gave_no_answer,
    "worse": lambda host: host.got_worse,
}
"""The values of audit_fail_on, and whether a host matches; without any, the audit never fails."""

NEEDS_EARLIER_REPORT = "worse"
"""The condition that only an earlier report can tell."""


def check_conditions(fail_on: Collection[str], earlier_report: str | None) -> None:
    """Refuse a condition that cannot be known: a gate that never closes must not look like one."""
    if NEEDS_EARLIER_REPORT in fail_on and not earlier_report:
        raise ReportError(
            f"audit_fail_on: {NEEDS_EARLIER_REPORT!r} needs an earlier report to compare with; "
            "name its JSON file in audit_compare"
        )


def is_violation(host: Host, fail_on: Collection[str]) -> bool:
    """Tell whether a host matches any of these conditions."""
    return any(FAIL_CONDITIONS[condition](host) for condition in fail_on)


def violations(
    report: Report, fail_on: Collection[str], max_unreachable: int = 0
) -> dict[str, list[Host]]:
    """Return the hosts that match each condition; conditions that no host matches are left out.

    max_unreachable: how many hosts may give no answer.
    """
    violating = {}
    for condition, matches in FAIL_CONDITIONS.items():
        hosts = list(filter(matches, report.hosts))
        if condition == "unreachable" and len(hosts) <= max_unreachable:
            continue
        if hosts and condition in fail_on:
            violating[condition] = hosts
    return violating
