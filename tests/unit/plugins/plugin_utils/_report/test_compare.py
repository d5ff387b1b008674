# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed since an earlier report."""

from __future__ import annotations

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from reports.fleets import GCE, KERNEL, info_result, report

ANSWERS = {
    "right": Answer(info_result()),
    "drift now": Answer(info_result(now=KERNEL)),
    "other drift now": Answer(info_result(now=(7200, 9, 25))),
    "drift at boot": Answer(info_result(ours=None)),
    "drift of all": Answer(info_result(now=GCE, ours=None)),
    "overridden": Answer(info_result(other={"time": 300})),
    "overridden by the same": Answer(info_result(ours=GCE, other={"time": 3600})),
    "failed": Answer({"failed": True, "msg": "it broke"}),
    "unreachable": Answer({"unreachable": True, "msg": "no route"}),
    "absent": None,
}
CHANGES = [
    ("right", "right", None),
    ("right", "drift now", "newly_wrong"),
    ("right", "overridden", "newly_wrong"),
    ("right", "unreachable", "newly_wrong"),
    ("drift now", "right", "mended"),
    ("overridden", "right", "mended"),
    ("unreachable", "right", "mended"),
    # still wrong: worse only if something is wrong that was not
    ("drift now", "drift now", None),
    ("drift now", "other drift now", None),
    ("other drift now", "drift now", "newly_wrong"),
    ("drift now", "drift at boot", "newly_wrong"),
    ("drift now", "drift of all", "newly_wrong"),
    ("drift of all", "drift now", None),
    ("drift now", "overridden", "newly_wrong"),
    # no answer
    ("failed", "unreachable", None),
    ("drift now", "unreachable", "newly_wrong"),
    ("unreachable", "drift now", "newly_wrong"),
    # hosts that come and go
    ("absent", "right", "new"),
    ("absent", "drift now", "new"),
]


def answers(kind):
    """Return the answer of the host web1, or none."""
    answer = ANSWERS[kind]
    return {"web1": answer} if answer else {}


@pytest.mark.parametrize(("before", "after", "change"), CHANGES)
def test_the_change_of_a_host(before, after, change):
    (host,) = report(answers(after), earlier=report(answers(before))).hosts
    assert host.change == change


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [("absent", "right", False), ("absent", "drift now", True), ("right", "drift now", True)],
)
def test_a_new_host_that_is_wrong_got_worse(before, after, worse):
    (host,) = report(answers(after), earlier=report(answers(before))).hosts
    assert host.got_worse is worse


def test_a_state_without_a_wrong_value_is_a_fault_too():
    """The desired values are in effect, but not by our file."""
    now = report({"web1": ANSWERS["overridden by the same"]})
    assert now.hosts[0].state == "overridden"
    right = report({"web1": ANSWERS["right"]})
    assert report({"web1": ANSWERS["overridden by the same"]}, earlier=right).hosts[0].got_worse


def test_a_host_is_gone_only_if_the_inventory_does_not_have_it():
    earlier = report(dict.fromkeys(["web1", "web2", "web3"], ANSWERS["drift now"]))
    now = report({"web1": ANSWERS["drift now"]}, earlier=earlier, inventory=["web1", "web2"])
    assert now.comparison.made == earlier.made
    assert now.comparison.not_asked == 1
    assert now.comparison.gone == (("web3", "drift"),)


def test_without_an_earlier_report_nothing_changed():
    now = report({"web1": ANSWERS["drift now"]})
    assert now.comparison is None
    assert now.hosts[0].change is None
    assert not now.hosts[0].got_worse
