# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a host, read from what its tasks registered, and what is said of all of them."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from hypothesis import given
from hypothesis import strategies as st

WOULD = {"changed_keys": ["a.b"], "changed_files": [], "changed": False}
WOULD_NOT = {"changed_keys": [], "changed_files": [], "changed": False}
CHANGED, FAILS, LOST = (
    {"changed": True},
    {"failed": True, "changed": False, "msg": "why"},
    {"unreachable": True, "msg": "gone"},
)
FINE, SKIPPED = {"changed": False}, {"skipped": True, "changed": False}
RESTORED = {"changed": True}
FAILED_TASK = {
    "ansible_failed_task": {"name": "Health check"},
    "ansible_failed_result": {"failed": True, "msg": "503"},
}
TCP_KEEPALIVE, SYSCTL = _fleet.MODULES


def variables_of(module, preflight, applied, verified, restored):
    """Return what the tasks of a host register; those of the other module are skipped."""
    registered = dict(FAILED_TASK)
    for step, result in (("preflight", preflight), ("applied", applied), ("verified", verified)):
        if result:
            for name in _fleet.MODULES:
                registered[f"rollout_{step}_{name}"] = result if name == module else SKIPPED
    if restored:
        registered["rollout_restored"] = restored
    return registered


@pytest.mark.parametrize("module", _fleet.MODULES)
@pytest.mark.parametrize(
    ("preflight", "applied", "verified", "restored", "name", "reason"),
    [
        (None, None, None, None, "not_reached", "not asked"),
        (LOST, None, None, None, "unreachable", "gone"),
        (FAILS, None, None, None, "failed", "nothing was changed: why"),
        (WOULD_NOT, None, None, None, "already_right", ""),
        (WOULD, None, None, None, "not_reached", ""),
        (WOULD, SKIPPED, None, None, "not_reached", ""),
        (WOULD, CHANGED, FINE, None, "done", ""),
        (WOULD, CHANGED, None, None, "failed", "not verified"),
        (WOULD, CHANGED, FAILS, RESTORED, "put_back", "Health check: 503"),
        (WOULD, CHANGED, LOST, None, "unreachable", "lost before that was verified: gone"),
        (
            WOULD,
            LOST,
            None,
            None,
            "unreachable",
            "lost while it was changed, so it is as before or as wanted: gone",
        ),
        (WOULD, FAILS, None, SKIPPED, "failed", "Health check: 503"),
        (WOULD, CHANGED, FAILS, FAILS, "failed", "NOT put back: why"),
        (WOULD, CHANGED, FAILS, LOST, "unreachable", "lost before it was put back: gone"),
        (WOULD, FINE, SKIPPED, None, "already_right", ""),
    ],
)
def test_outcome_of_a_host(module, preflight, applied, verified, restored, name, reason):
    outcome = _fleet.outcome_of(variables_of(module, preflight, applied, verified, restored))
    assert outcome.outcome == name
    assert reason in outcome.reason
    assert outcome.is_failure == (name in ("put_back", "failed", "unreachable"))


def setting(value, runtime, persistent):
    return {
        "value": value,
        "runtime": dict(zip(("before", "after"), runtime)),
        "persistent": dict(zip(("before", "after"), persistent)),
    }


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"a.b": setting("1", "21", "11")}, "a.b is 2 instead of 1"),
        ({"a.b": setting("1", "11", "21")}, "/etc/x.conf says 2 for a.b instead of 1"),
        ({"a.b": setting("1", "11", "11")}, "the file differs"),
    ],
)
def test_a_failed_verification_names_what_differs(settings, reason):
    verified = {"failed": True, "path": "/etc/x.conf", "settings": settings, **WOULD}
    variables = variables_of(TCP_KEEPALIVE, WOULD, CHANGED, verified, RESTORED)
    variables["ansible_failed_task"] = {"name": "Verify"}
    variables["ansible_failed_result"] = verified
    outcome = _fleet.outcome_of(variables)
    assert outcome.outcome == "put_back"
    assert outcome.reason == f"Verify: it was set, but does not hold: {reason}"


@pytest.mark.parametrize(
    ("module", "options", "problem"),
    [
        (TCP_KEEPALIVE, None, None),
        (TCP_KEEPALIVE, {"time": 60}, "rollout_options are for rollout_via=sysctl"),
        (SYSCTL, {"settings": {"a.b": 1}, "path": "/x"}, None),
        (SYSCTL, {"settings": {"a.b": 1}, "pth": "/x"}, "rollout_options: 'pth' is no option"),
        (SYSCTL, {"settings": {}}, "rollout_options: settings is missing"),
        (SYSCTL, None, "rollout_options: settings is missing"),
    ],
)
def test_options_of_the_module_are_checked(module, options, problem):
    reason = _fleet.check_module_options(module, options, ["settings", "path"])
    assert str(reason).startswith(str(problem))


OPTIONS = {"rollout": "a", "serial": ["1", "5%", "100%"], "max_failures": 0, "soak": 0}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, None),
        ({"rollout": " "}, "rollout_name is empty"),
        *(
            ({"serial": ["1", size]}, f"rollout_serial: '{size}'")
            for size in ("5 %", "0", "-1", "0%", "101%", "x", "1.5")
        ),
        ({"serial": []}, "rollout_serial: ''"),
        ({"max_failures": -1}, "rollout_max_failures is -1"),
        ({"soak": -5}, "rollout_soak is -5"),
    ],
)
def test_what_cannot_be_meant(options, problem):
    assert str(_fleet.check_options({**OPTIONS, **options}) or None).startswith(str(problem))


def test_a_message_is_one_line_without_what_ansible_puts_before_it():
    assert _fleet.one_line("Task failed: one\n  two ") == "one two"


def test_canaries_come_first_and_only_those_that_change():
    told = {"a": WOULD, "b": WOULD_NOT, "c": WOULD, "d": FAILS, "e": WOULD}
    assert _fleet.hosts_to_change(told, []) == ["a", "c", "e"]
    assert _fleet.hosts_to_change(told, ["e", "b", "d", "x"]) == ["e", "a", "c"]


@pytest.mark.parametrize(
    ("hosts", "serial", "sizes"),
    [
        (200, ["1", "5%", "25%", "100%"], [1, 10, 50, 139]),
        (5, ["1", "5%", "25%", "100%"], [1, 1, 1, 2]),
        (7, ["2"], [2, 2, 2, 1]),
        (7, ["3", "30%"], [3, 2, 2]),
        (0, ["1"], []),
    ],
)
def test_the_sizes_of_batches(hosts, serial, sizes):
    assert _fleet.batch_sizes(hosts, serial) == sizes


@given(
    st.integers(0, 500),
    st.lists(st.integers(1, 50) | st.integers(1, 100).map("{}%".format), min_size=1, max_size=5),
)
def test_they_are_those_that_ansible_makes(hosts, serial):
    helpers = pytest.importorskip(
        "ansible.utils.helpers", reason="no controller runs on this Python"
    )
    sizes, left = [], hosts
    while left > 0:  # PlaybookExecutor._get_serialized_batches
        sizes.append(min(left, helpers.pct_to_int(serial[min(len(sizes), len(serial) - 1)], hosts)))
        left -= sizes[-1]
    assert _fleet.batch_sizes(hosts, [str(size) for size in serial]) == sizes


@pytest.mark.parametrize(
    ("ended", "share"), [(0, 0), (1, 1 / 21), (11, 2 / 21), (61, 7 / 21), (200, 1)]
)
def test_how_much_of_the_time_is_over(ended, share):
    """Ten at once: the canary takes as long as the ten after it, and they a fifth of the fifty that come then."""
    assert _fleet.share_done([1, 10, 50, 139], ended, 10) == share


def test_of_nothing_nothing_is_over():
    assert _fleet.share_done([], 0, 5) == 0


def test_what_is_said_of_all():
    outcomes = {f"h{number}": Outcome("done") for number in range(3)}
    outcomes.update({f"n{number}": Outcome("not_reached") for number in range(25)})
    outcomes.update(
        b=Outcome("unreachable", "gone"),
        c=Outcome("put_back", "503"),
        d=Outcome("unreachable", "gone"),
    )
    assert _fleet.count_outcomes(outcomes) == {
        "done": 3,
        "put_back": 1,
        "unreachable": 2,
        "not_reached": 25,
    }
    assert (
        _fleet.describe_counts(_fleet.count_outcomes(outcomes))
        == "3 done, 1 put back, 2 unreachable, 25 not reached"
    )
    assert list(_fleet.failure_lines(outcomes)) == [
        "put back     c: 503",
        "unreachable  b, d: gone",
        f"not reached  {', '.join(f'n{number}' for number in range(20))} and 5 more",
    ]
