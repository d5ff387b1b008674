# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The outcome on a host, from the results of its tasks, and the summary of all hosts."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome
from ansible_collections.netops.tuning.plugins.plugin_utils._variables import VariableError
from hypothesis import given
from hypothesis import strategies as st

TCP_KEEPALIVE, SYSCTL = _fleet.MODULES

WILL_CHANGE = {"changed_keys": ["a.b"], "changed_files": [], "changed": False}
WILL_NOT_CHANGE = {"changed_keys": [], "changed_files": [], "changed": False}
CHANGED = {"changed": True}
UNCHANGED = {"changed": False}
VERIFIED = {"changed": False}
RESTORED = {"changed": True}
PARTLY_RESTORED = {"changed": True, "not_restored": [{"key": "kernel.kexec_load_disabled"}]}
FAILED = {"failed": True, "changed": False, "msg": "why"}
LOST = {"unreachable": True, "msg": "gone"}
SKIPPED = {"skipped": True, "changed": False}
FAILED_TASK = {
    "ansible_failed_task": {"name": "Health check"},
    "ansible_failed_result": {"failed": True, "msg": "503"},
}
"""What Ansible notes for a rescue section."""


class Results(NamedTuple):
    """The results of the steps of a rollout on one host; None where a step did not run."""

    preflight: dict | None = None
    applied: dict | None = None
    verified: dict | None = None
    restored: dict | None = None


def variables_of(module, results):
    """Return the variables of a host; the tasks of the other module were skipped."""
    variables = dict(FAILED_TASK)
    steps = [
        ("rollout_preflight", results.preflight),
        ("rollout_applied", results.applied),
        ("rollout_verified", results.verified),
    ]
    for step, result in steps:
        if result:
            for name in _fleet.MODULES:
                variables[f"{step}_{name}"] = SKIPPED
            variables[f"{step}_{module}"] = result
    if results.restored:
        variables["rollout_restored"] = results.restored
    return variables


# --- the outcome on a host ---


@pytest.mark.parametrize("module", _fleet.MODULES)
@pytest.mark.parametrize(
    ("results", "name", "reason"),
    [
        # the preflight
        (Results(), "not_reached", "not asked"),
        (Results(preflight=LOST), "unreachable", "gone"),
        (Results(preflight=FAILED), "failed", "nothing was changed: why"),
        (Results(preflight=WILL_NOT_CHANGE), "already_right", ""),
        (Results(preflight=WILL_CHANGE), "not_reached", ""),
        # the change
        (Results(WILL_CHANGE, applied=SKIPPED), "not_reached", ""),
        (
            Results(WILL_CHANGE, applied=LOST),
            "unreachable",
            "lost while it was changed, so it is as before or as wanted: gone",
        ),
        (Results(WILL_CHANGE, applied=UNCHANGED, verified=SKIPPED), "already_right", ""),
        # the verification
        (Results(preflight=WILL_CHANGE, applied=CHANGED, verified=VERIFIED), "done", ""),
        (Results(preflight=WILL_CHANGE, applied=CHANGED, verified=None), "failed", "not verified"),
        (
            Results(preflight=WILL_CHANGE, applied=CHANGED, verified=LOST),
            "unreachable",
            "lost before that was verified: gone",
        ),
        # the way back
        (
            Results(WILL_CHANGE, applied=FAILED, restored=SKIPPED),
            "failed",
            "Health check: 503",
        ),
        (
            Results(preflight=WILL_CHANGE, applied=CHANGED, verified=FAILED, restored=RESTORED),
            "put_back",
            "Health check: 503",
        ),
        (
            Results(
                preflight=WILL_CHANGE,
                applied=CHANGED,
                verified=FAILED,
                restored=PARTLY_RESTORED,
            ),
            "failed",
            "put back, except kernel.kexec_load_disabled; Health check: 503",
        ),
        (
            Results(preflight=WILL_CHANGE, applied=CHANGED, verified=FAILED, restored=FAILED),
            "failed",
            "NOT put back: why",
        ),
        (
            Results(preflight=WILL_CHANGE, applied=CHANGED, verified=FAILED, restored=LOST),
            "unreachable",
            "lost before it was put back: gone",
        ),
    ],
)
def test_the_outcome_follows_from_the_results_of_the_steps(module, results, name, reason):
    outcome = _fleet.outcome_of(variables_of(module, results))
    assert outcome.outcome == name
    assert reason in outcome.reason
    assert outcome.is_failure == (name in ("put_back", "failed", "unreachable"))


def setting(value, runtime, persistent):
    """Return the result for one key; runtime and persistent are pairs: before and after."""
    return {
        "value": value,
        "runtime": {"before": runtime[0], "after": runtime[1]},
        "persistent": {"before": persistent[0], "after": persistent[1]},
    }


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {"a.b": setting("1", runtime=("2", "1"), persistent=("1", "1"))},
            "a.b is 2 instead of 1",
        ),
        (
            {"a.b": setting("1", runtime=("1", "1"), persistent=("2", "1"))},
            "/etc/x.conf says 2 for a.b instead of 1",
        ),
        (
            {"a.b": setting("1", runtime=("1", "1"), persistent=("1", "1"))},
            "the file differs",
        ),
    ],
)
def test_a_failed_verification_names_the_differences(settings, reason):
    verified = {"failed": True, "path": "/etc/x.conf", "settings": settings, **WILL_CHANGE}
    results = Results(preflight=WILL_CHANGE, applied=CHANGED, verified=verified, restored=RESTORED)
    variables = variables_of(TCP_KEEPALIVE, results)
    variables["ansible_failed_task"] = {"name": "Verify"}
    variables["ansible_failed_result"] = verified
    outcome = _fleet.outcome_of(variables)
    assert outcome.outcome == "put_back"
    assert outcome.reason == f"Verify: it was set, but does not hold: {reason}"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ({"msg": "non-zero return code", "stderr": "no\nroute"}, "non-zero return code: no route"),
        ({"msg": "non-zero return code", "stdout": "503"}, "non-zero return code: 503"),
        ({"msg": "rc 1: no route", "stderr": "no route\n"}, "rc 1: no route"),
        ({"msg": "rc 1", "stderr": "x" * 400}, f"rc 1: ... {'x' * 300}"),
        ({"stderr": "", "stdout": ""}, "it failed"),
    ],
)
def test_a_failed_health_check_shows_what_the_program_said(failure, reason):
    variables = variables_of(
        TCP_KEEPALIVE,
        Results(preflight=WILL_CHANGE, applied=CHANGED, verified=None, restored=RESTORED),
    )
    variables["ansible_failed_result"] = {"failed": True, **failure}
    assert _fleet.outcome_of(variables).reason == f"Health check: {reason}"


# --- the options of a rollout ---


@pytest.mark.parametrize(
    ("module", "options", "problem"),
    [
        (TCP_KEEPALIVE, None, None),
        (TCP_KEEPALIVE, {"time": 60}, "rollout_options are for rollout_via=sysctl"),
        (SYSCTL, {"settings": {"a.b": 1}, "path": "/x"}, None),
        (SYSCTL, {"settings": {"a.b": 1}, "pth": "/x"}, "rollout_options: 'pth' is not an option"),
        (SYSCTL, {"settings": {}}, "rollout_options: settings is missing"),
        (SYSCTL, None, "rollout_options: settings is missing"),
        (SYSCTL, "settings", "rollout_options: 'settings' is not a dictionary"),
    ],
)
def test_the_options_of_the_module_are_checked(module, options, problem):
    names = ["settings", "path"]
    if problem is None:
        _fleet.check_module_options(module, options, names, {})
        return
    with pytest.raises(VariableError, match=f"^{problem}"):
        _fleet.check_module_options(module, options, names, {})


def test_the_options_that_can_be_rolled_out_are_listed_by_name():
    with pytest.raises(VariableError, match=r"give some of header, path, settings$"):
        _fleet.check_module_options(SYSCTL, {"pth": "/x"}, ["settings", "path", "header"], {})


@pytest.mark.parametrize("size", ["5 %", "0", "-1", "0%", "101%", "x", "1.5", None])
def test_a_wrong_size_of_a_batch_is_refused(size):
    serial = ["1", size] if size else []
    with pytest.raises(VariableError, match=f"^rollout_serial: '{size or ''}' is not a batch size"):
        _fleet.check_serial(serial)


# --- the order of the hosts and the batches ---


def test_only_hosts_that_will_change_are_planned_and_canaries_come_first():
    preflights = {
        "a": WILL_CHANGE,
        "b": WILL_NOT_CHANGE,
        "c": WILL_CHANGE,
        "d": FAILED,
        "e": WILL_CHANGE,
    }
    assert _fleet.hosts_to_change(preflights, []) == ["a", "c", "e"]
    assert _fleet.hosts_to_change(preflights, ["e", "b", "d", "x"]) == ["e", "a", "c"]


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
def test_the_sizes_of_the_batches(hosts, serial, sizes):
    assert _fleet.batch_sizes(hosts, serial) == sizes


NUMBERS = st.integers(1, 50)
PERCENTAGES = st.integers(1, 100).map("{}%".format)


@given(
    hosts=st.integers(0, 500),
    serial=st.lists(NUMBERS | PERCENTAGES, min_size=1, max_size=5),
)
def test_the_sizes_are_those_of_ansible(hosts, serial):
    """The loop is that of PlaybookExecutor._get_serialized_batches."""
    helpers = pytest.importorskip(
        "ansible.utils.helpers", reason="no controller runs on this Python"
    )
    sizes = []
    remaining = hosts
    while remaining > 0:
        index = min(len(sizes), len(serial) - 1)
        size = min(remaining, helpers.pct_to_int(serial[index], hosts))
        sizes.append(size)
        remaining -= size
    assert _fleet.batch_sizes(hosts, [str(size) for size in serial]) == sizes


# --- progress and summary ---


@pytest.mark.parametrize(
    ("ended", "share"),
    [
        (0, 0),
        (1, 1 / 21),
        (11, 2 / 21),
        (61, 7 / 21),
        (200, 1),
    ],
)
def test_the_share_of_the_time_that_is_over(ended, share):
    """With ten forks the batches take 1, 1, 5 and 14 turns."""
    assert _fleet.share_done([1, 10, 50, 139], ended, 10) == share


def test_the_share_is_zero_without_batches():
    assert _fleet.share_done([], 0, 5) == 0


def test_the_summary_counts_the_outcomes_and_names_the_hosts_that_failed():
    not_reached = [f"n{number}" for number in range(25)]
    outcomes = {f"h{number}": Outcome("done") for number in range(3)}
    outcomes.update({host: Outcome("not_reached") for host in not_reached})
    outcomes["b"] = Outcome("unreachable", "gone")
    outcomes["c"] = Outcome("put_back", "503")
    outcomes["d"] = Outcome("unreachable", "gone")

    counts = _fleet.count_outcomes(outcomes)
    assert counts == {"done": 3, "put_back": 1, "unreachable": 2, "not_reached": 25}
    description = _fleet.describe_counts(counts)
    assert description == "3 done, 1 put back, 2 unreachable, 25 not reached"
    assert list(_fleet.failure_lines(outcomes)) == [
        "put back     c: 503",
        "unreachable  b, d: gone",
        f"not reached  {', '.join(not_reached[:20])} and 5 more",
    ]


def test_the_preflight_names_what_the_last_boot_did_not_keep():
    undone = {**WILL_CHANGE, "undone": [{"key": "a.b"}, {"key": "c.d"}]}
    preflights = {"web1": undone, "web2": WILL_CHANGE, "web3": undone, "web4": FAILED, "web5": None}
    (line,) = _fleet.undone_lines(preflights)
    assert line.startswith("web1, web3: undone since the last boot: a.b, c.d; ")


# --- the ledgers of the hosts ---


def ledger_entry(name, time, undone=False):
    return {"rollout": name, "at": time, "undone": undone}


def test_the_rollouts_of_all_hosts_are_merged():
    ledgers = {
        "a": [ledger_entry("old", "2026-01-02"), ledger_entry("new", "2026-03-01")],
        "b": [ledger_entry("old", "2026-01-01", undone=True)],
        "c": [],
    }
    assert _fleet.merge_ledgers(ledgers) == [
        _fleet.KnownRollout(rollout="old", at="2026-01-01", hosts=2, undone=1),
        _fleet.KnownRollout(rollout="new", at="2026-03-01", hosts=1, undone=0),
    ]
