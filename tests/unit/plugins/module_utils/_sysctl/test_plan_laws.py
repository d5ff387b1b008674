# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws of a plan, on generated hosts and requests."""

from __future__ import annotations

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot_files import read_order
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.messages import (
    refuse_overridden,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.precedence import precedence_of
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.result import build_result
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.secrets import display_value
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.sysctl_d import parse_lines
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.values import values_equal
from hosts_in_memory import ask, boot_rules, carried_out, plan_for
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from unit.generated import KEYS, hosts, keys_and_globs, plain_values, requests


@settings(max_examples=600)
@given(requests(), hosts())
def test_the_laws_of_a_plan(request, host):
    try:
        plan = plan_for(request, host)
        refuse_overridden(plan)
    except TuningError:
        event("refused")
        return
    event(
        f"{'changed' if plan.changed else 'unchanged'}, {'overridden' if plan.overridden else 'in force'}"
    )
    after = carried_out(plan, host)
    planning_again_gives_an_empty_plan(plan, after)
    each_key_has_its_value_and_will_have_it(plan, after)
    what_was_not_asked_for_stays(plan, host, after)
    the_result_says_what_the_plan_does(plan, after)
    the_plan_undone_describes_what_was_found(plan, host)


def planning_again_gives_an_empty_plan(plan, after):
    again = plan_for(plan.request, after)
    assert (again.writes, again.files, again.changed) == ((), (), False)
    assert again.overridden == plan.overridden
    assert plan.request.on_override == "warn" or not again.overridden
    assert after.boot_files.contents == plan.boot_files.contents == again.boot_files.contents
    assert read_order(after.boot_files, after.loader) == read_order(plan.boot_files, after.loader)
    told, now = build_result(plan)["settings"], build_result(again)["settings"]
    for key, setting in now.items():
        assert (
            setting["runtime"]["before"]
            == setting["runtime"]["after"]
            == told[key]["runtime"]["after"]
        )
        assert setting["persistent"]["before"] == told[key]["persistent"]["after"]
        assert setting["boot"] == told[key]["boot"]


def each_key_has_its_value_and_will_have_it(plan, after):
    request, observed = plan.request, plan.observed
    for key, value in plan.desired.items():
        assert (
            not request.runtime
            or value is None
            or key not in after.kernel
            or values_equal(key, after.kernel[key], value)
        )
    if not (request.present and request.persistent):
        return
    rules = boot_rules(after)
    matched = {
        key: plan.desired[key]
        for keys in observed.matches.values()
        for key in keys
        if key in plan.desired
    }
    if request.exclusive:  # some of these globs may be other people's, which go
        matched = {}
    lost = {key for key, _unused in plan.overridden}
    for key, value in {**request.settings, **matched}.items():
        winner = rules.winner(key)
        assert (key in lost) != values_equal(key, winner and winner.value, value)


def what_was_not_asked_for_stays(plan, host, after):
    assert {write.key for write in plan.writes} <= set(plan.desired)
    assert all(
        after.kernel[key] == value for key, value in host.kernel.items() if key not in plan.desired
    )
    changed = {change.real_path: change for change in plan.files}
    assert len(changed) == len(plan.files)
    assert plan.request.persistent or not changed
    for real, change in changed.items():
        own = real == plan.observed.real_path
        assert own or (plan.request.on_override == "comment_out" and real.startswith("/etc/"))
        assert change.before == host.boot_files.contents.get(real) != change.after
    for real, data in host.boot_files.contents.items():
        assert real in changed or after.boot_files.contents[real] == data


def the_result_says_what_the_plan_does(plan, after):
    told = build_result(plan)
    rules = boot_rules(after)
    assert told["changed"] == bool(told["diff"])
    for key, setting in told["settings"].items():
        live = plan.observed.runtime.get(key)
        assert setting["runtime"] == {
            "before": live,
            "after": display_value(key, None if live is None else after.kernel[key]),
        }
        winner = rules.winner(key)
        assert (setting["boot"]["path"], setting["boot"]["line"]) == (
            winner and winner.path,
            winner and winner.number,
        )


def the_plan_undone_describes_what_was_found(plan, host):
    told = build_result(plan.undone())
    rules = boot_rules(host)
    assert not told["changed"]
    assert told["diff"] == []
    assert told["previous"] == build_result(plan)["previous"]
    assert set(told["settings"]) == set(build_result(plan)["settings"])
    for key, setting in told["settings"].items():
        found = plan.observed.runtime.get(key)
        assert setting["runtime"] == {"before": found, "after": found}
        assert setting["persistent"]["before"] == setting["persistent"]["after"]
        winner = rules.winner(key)
        assert (setting["boot"]["path"], setting["boot"]["line"]) == (
            winner and winner.path,
            winner and winner.number,
        )


@given(hosts(), st.sets(st.sampled_from(KEYS)))
def test_the_short_cut_by_bytes_finds_every_winner(host, keys):
    quick, whole = precedence_of(host.boot_files, host.loader, keys), boot_rules(host)
    assert {key: quick.winner(key) for key in keys} == {key: whole.winner(key) for key in keys}


@given(hosts(), st.dictionaries(keys_and_globs, plain_values, min_size=1, max_size=3))
def test_absent_after_present_restores_a_file_that_had_none_of_our_keys(host, wanted):
    options = {"on_override": "warn", "ignore_missing": True, "unsafe": True}
    try:
        plan = plan_for(ask(wanted, **options), host)
    except TuningError:
        assume(False)
    before = plan.observed.content
    assume(not any(line.key in wanted for line in parse_lines(before or b"", host.loader)))
    after = carried_out(plan, host)
    gone = carried_out(plan_for(ask(wanted, present=False, **options), after), after)
    left = gone.boot_files.contents.get(plan.observed.real_path)
    if not (before or b"").strip() and not plan.observed.is_link:
        assert left is None
    elif before and before.endswith(b"\n"):
        assert left == before
    elif before:
        assert left.rstrip(b"\r\n") == before.rstrip(b"\r\n")
