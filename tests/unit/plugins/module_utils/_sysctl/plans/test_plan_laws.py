# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws of a plan, on generated hosts and requests."""

from __future__ import annotations

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    read_order,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import (
    parse_lines,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    values_equal,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.messages import (
    refuse_overridden,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import FileChange
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.restore_plan import (
    make_restore_plan,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.result import build_result
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.secrets import display_value
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import printable
from hosts_in_memory import carried_out, make_request, next_boot, observe, plan_for
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
    event("changed" if plan.changed else "unchanged")
    event("overridden" if plan.overridden else "in force")
    after = carried_out(plan, host)
    planning_again_gives_an_empty_plan(plan, after)
    the_runtime_values_are_as_requested(plan, after)
    the_boot_values_are_as_requested(plan, after)
    everything_else_stays(plan, host, after)
    the_result_describes_the_plan(plan, after)
    a_plan_without_changes_describes_the_host_before(plan, host)


def planning_again_gives_an_empty_plan(plan, after):
    again = plan_for(plan.request, after)
    assert (again.writes, again.files, again.changed) == ((), (), False)
    assert again.overridden == plan.overridden
    assert plan.request.on_override == "warn" or not again.overridden
    assert after.boot_files.contents == plan.boot_files.contents == again.boot_files.contents
    assert read_order(after.boot_files, after.loader) == read_order(plan.boot_files, after.loader)
    first_settings = build_result(plan)["settings"]
    for key, setting in build_result(again)["settings"].items():
        first = first_settings[key]
        runtime = setting["runtime"]
        assert runtime["before"] == runtime["after"] == first["runtime"]["after"]
        assert setting["persistent"]["before"] == first["persistent"]["after"]
        # A value that the kernel has taken meanwhile is certain.
        is_certain = first["boot"]["certain"] or setting["boot"]["certain"]
        assert setting["boot"] == {**first["boot"], "certain": is_certain}


def the_runtime_values_are_as_requested(plan, after):
    if not plan.request.runtime:
        return
    for key, value in plan.desired.items():
        if value is None or key not in after.kernel:
            continue
        if key in plan.removed_keys:  # it has no bound: it takes the value of the next boot
            assert values_equal(key, after.kernel[key], value)
        else:
            assert plan.request.accepts(key, after.kernel[key], value)


def the_boot_values_are_as_requested(plan, after):
    request = plan.request
    if not (request.present and request.persistent):
        return
    requested = dict(request.settings)
    if not request.exclusive:  # it also removes globs of others, whose matches are not requested
        for matching_keys in plan.observed.matches.values():
            for key in matching_keys:
                if key in plan.desired:
                    requested[key] = plan.desired[key]
    boot = next_boot(after)
    overridden = {key for key, _winner in plan.overridden}
    for key, value in requested.items():
        winner = boot.winner(key)
        boot_value = winner and winner.value
        assert (key in overridden) != request.accepts(key, boot_value, value)


def everything_else_stays(plan, host, after):
    assert {write.key for write in plan.writes} <= set(plan.desired)
    for key, value in host.kernel.items():
        assert key in plan.desired or after.kernel[key] == value
    changes = {change.real_path: change for change in plan.files}
    assert len(changes) == len(plan.files)
    assert plan.request.persistent or not changes
    for real_path, change in changes.items():
        is_ours = real_path == plan.observed.real_path
        may_comment_out = plan.request.on_override == "comment_out"
        assert is_ours or (may_comment_out and real_path.startswith("/etc/"))
        assert change.before == host.boot_files.contents.get(real_path) != change.after
    for real_path, data in host.boot_files.contents.items():
        assert real_path in changes or after.boot_files.contents[real_path] == data


def the_result_describes_the_plan(plan, after):
    result = build_result(plan)
    boot = next_boot(after)
    assert result["changed"] == bool(result["diff"])
    for key, setting in settings_of(plan, result).items():
        before = plan.observed.runtime.get(key)
        expected = None if before is None else display_value(key, after.kernel[key])
        assert setting["runtime"] == {"before": display_value(key, before), "after": expected}
        assert_boot_line(setting["boot"], boot.winner(key))


def a_plan_without_changes_describes_the_host_before(plan, host):
    result = build_result(plan)
    unchanged = build_result(plan.without_changes())
    boot = next_boot(host)
    assert not unchanged["changed"]
    assert unchanged["diff"] == []
    assert unchanged["previous"] == result["previous"]
    assert set(unchanged["settings"]) == set(result["settings"])
    for key, setting in settings_of(plan, unchanged).items():
        value = display_value(key, plan.observed.runtime.get(key))
        assert setting["runtime"] == {"before": value, "after": value}
        assert setting["persistent"]["before"] == setting["persistent"]["after"]
        assert_boot_line(setting["boot"], boot.winner(key))


def settings_of(plan, result):
    """Return the settings of a result by their keys: the result itself has printable ones."""
    keys = {**plan.request.settings, **plan.desired}
    return {key: result["settings"][printable(key)] for key in keys}


def assert_boot_line(setting_boot, winner):
    assert setting_boot["path"] == (winner and winner.path)
    assert setting_boot["line"] == (winner and winner.number)


@given(requests(), hosts())
def test_the_laws_of_a_restore_plan(request, host):
    try:
        plan = plan_for(request, host)
    except TuningError:
        assume(False)
    after = carried_out(plan, host)
    restore = restore_plan(plan, host, after)
    event("changed" if restore.changed else "unchanged")
    restored = carried_out(restore, after)
    assert restored.kernel == host.kernel
    assert restored.boot_files.contents == host.boot_files.contents
    assert restored.boot_files.contents == restore.boot_files.contents
    order = read_order(host.boot_files, host.loader)
    assert read_order(restored.boot_files, host.loader) == order
    assert read_order(restore.boot_files, host.loader) == order
    assert set(restore.missing) == {key for key in restore.desired if key not in host.kernel}
    the_result_describes_the_plan(restore, restored)
    a_plan_without_changes_describes_the_host_before(restore, after)
    again = restore_plan(plan, host, restored)
    assert (again.writes, again.files, again.changed) == ((), (), False)


def restore_plan(plan, host, now):
    """Plan to go back from the host as it is now to the host before the plan.

    As in the ledger, the path of a file is the real one: a link to it stays as it is.
    """
    runtime = {key: host.kernel.get(key) for key in plan.desired}
    changes = []
    for change in plan.files:
        path = change.real_path
        before = host.boot_files.contents.get(path)
        data = now.boot_files.contents.get(path)
        if data != before:
            changes.append(FileChange(path=path, real_path=path, before=data, after=before))
    observed = observe(make_request(runtime, path=""), now)
    return make_restore_plan(observed, runtime, changes)


@given(hosts(), st.sets(st.sampled_from(KEYS)))
def test_the_short_cut_by_bytes_finds_every_winner(host, keys):
    quick = precedence_of(host.boot_files, host.loader, keys, live=host.kernel)
    complete = next_boot(host)
    for key in keys:
        assert quick.winner(key) == complete.winner(key)


@given(hosts(), st.dictionaries(keys_and_globs, plain_values, min_size=1, max_size=3))
def test_absent_after_present_restores_a_file_that_had_none_of_our_keys(host, requested):
    options = {"on_override": "warn", "ignore_missing": True, "unsafe": True}
    try:
        plan = plan_for(make_request(requested, **options), host)
    except TuningError:
        assume(False)
    before = plan.observed.content or b""
    assume(not any(line.key in requested for line in parse_lines(before, host.loader)))
    after_present = carried_out(plan, host)
    absent = plan_for(make_request(requested, present=False, **options), after_present)
    after_absent = carried_out(absent, after_present)
    remaining = after_absent.boot_files.contents.get(plan.observed.real_path)
    if not before.strip() and not plan.observed.is_link:
        assert remaining is None
    elif before.endswith(b"\n"):
        assert remaining == before
    elif before:
        assert remaining.rstrip(b"\r\n") == before.rstrip(b"\r\n")
