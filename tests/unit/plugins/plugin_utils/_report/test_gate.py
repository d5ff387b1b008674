# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions on which an audit fails."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.gate import (
    FAIL_CONDITIONS,
    check_conditions,
    violations,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import ReportError
from reports.fleets import KERNEL, connections_result, info_result, report

RIGHT = Answer(info_result())
DRIFT = Answer(info_result(now=KERNEL))
HOSTS = {
    "as wanted": RIGHT,
    "drift": DRIFT,
    "overridden": Answer(info_result(other={"time": 300})),
    "failed": Answer({"failed": True, "msg": "it broke"}),
    "unreachable": Answer({"unreachable": True, "msg": "no route"}),
    "not reached": Answer(None),
    "without keepalive": Answer(info_result(connections=connections_result(40, 12))),
    "newly wrong": DRIFT,
    "mended": RIGHT,
    "new": RIGHT,
    "new and wrong": DRIFT,
}
NEW = ("new", "new and wrong")
EARLIER = {name: answer for name, answer in HOSTS.items() if name not in NEW}
EARLIER.update({"newly wrong": RIGHT, "mended": DRIFT, "gone": DRIFT})

MATCHING = {
    "drift": ["drift", "new and wrong", "newly wrong", "overridden"],
    "unprotected": ["without keepalive"],
    "unreachable": ["failed", "not reached", "unreachable"],
    "worse": ["new and wrong", "newly wrong"],
}
"""Each value of audit_fail_on, and the hosts that match."""


@pytest.mark.parametrize("condition", FAIL_CONDITIONS)
def test_the_hosts_that_match(condition):
    violating = violations(report(HOSTS, earlier=report(EARLIER)), [condition])
    assert list(violating) == [condition]
    assert [host.name for host in violating[condition]] == MATCHING[condition]


def test_without_a_condition_nothing_fails():
    assert violations(report(HOSTS), []) == {}


def test_a_fleet_that_is_as_wanted_fails_on_nothing():
    fleet = report({"web1": RIGHT})
    assert violations(fleet, list(FAIL_CONDITIONS)) == {}


@pytest.mark.parametrize("earlier_report", [None, ""])
def test_worse_needs_something_to_compare_with(earlier_report):
    with pytest.raises(ReportError, match=r"audit_fail_on: 'worse' needs .* audit_compare"):
        check_conditions(["drift", "worse"], earlier_report)


def test_conditions_that_can_be_known():
    check_conditions(["drift"], None)
    check_conditions(["worse"], "earlier.json")
