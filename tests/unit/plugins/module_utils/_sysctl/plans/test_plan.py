# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans: the cases of cases/plan.yml, and what no such case can express."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.doubts import FileProblem
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.messages import (
    plan_warnings,
    refuse_overridden,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import (
    FileChange,
    RuntimeWrite,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import make_plan
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.restore_plan import (
    make_restore_plan,
)
from hosts_in_memory import OURS, load_cases, make_host, make_request, observe, plan_for

PLAN_FIELDS = ("writes", "changes", "overridden", "missing", "warnings")
HOST_FIELDS = ("loader", "files", "kernel", "command_line")
CASES = load_cases("plan.yml")
KEY = "net.ipv4.tcp_fin_timeout"


def accepted_plan(request, host):
    """Return the plan, or raise the error of one that must not be carried out."""
    plan = plan_for(request, host)
    refuse_overridden(plan)
    return plan


def host_of(case):
    fields = {name: case[name] for name in HOST_FIELDS if name in case}
    return make_host(**fields)


def request_of(case):
    other_fields = {*PLAN_FIELDS, *HOST_FIELDS, "name", "refuses", "settings"}
    options = {name: value for name, value in case.items() if name not in other_fields}
    return make_request(case["settings"], **options)


def ids_of(cases):
    return [case["name"] for case in cases]


REFUSED_CASES = [case for case in CASES if "refuses" in case]
PLANNED_CASES = [case for case in CASES if "refuses" not in case]


@pytest.mark.parametrize("case", REFUSED_CASES, ids=ids_of(REFUSED_CASES))
def test_a_request_that_is_refused(case):
    host, request = host_of(case), request_of(case)
    with pytest.raises(TuningError) as caught:
        accepted_plan(request, host)
    assert case["refuses"] in str(caught.value)
    assert caught.value.key in {*observe(request, host).runtime, *case["settings"]}
    assert caught.value.rolled_back


@pytest.mark.parametrize("case", PLANNED_CASES, ids=ids_of(PLANNED_CASES))
def test_the_plan_of_a_request(case):
    host = host_of(case)
    plan = accepted_plan(request_of(case), host)
    assert [[write.key, write.after] for write in plan.writes] == case.get("writes", [])
    assert all(write.before == host.kernel[write.key] for write in plan.writes)
    changes = {}
    for change in plan.files:
        changes[change.real_path] = None if change.after is None else change.after.decode()
    assert changes == case.get("changes", {})
    overridden = []
    for key, line in plan.overridden:
        overridden.append([key, line and line.path, line and line.number])
    assert overridden == case.get("overridden", [])
    assert list(plan.missing) == case.get("missing", [])
    warnings = list(plan_warnings(plan))
    expected_warnings = case.get("warnings", [])
    assert len(warnings) == len(expected_warnings)
    for warning, expected in zip(warnings, expected_warnings):
        assert expected in warning
    assert plan.changed == bool(plan.writes or plan.files)


def test_attributes_that_differ_are_a_change_of_the_file():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    request = make_request({KEY: "30"})
    observed = observe(request, host)._replace(attributes=(("mode", "0644", "0600"),))
    plan = make_plan(request, observed)
    assert plan.changed
    (change,) = plan.files
    assert change.before == change.after


def test_a_key_without_a_value_is_written():
    key = "net.ipv6.conf.lo.stable_secret"
    host = make_host("systemd", {}, {key: None})
    (write,) = plan_for(make_request({key: "2001:db8::1"}), host).writes
    assert write.before is None


def test_a_warning_of_a_file_that_cannot_be_read():
    host = make_host("systemd", {}, {KEY: "30"})
    problems = (
        FileProblem(path="/etc/sysctl.d/a.conf", reason="Permission denied", matters=True),
        FileProblem(path="/etc/sysctl.d/b.conf", reason="a folder", matters=False),
    )
    boot_files = host.boot_files._replace(problems=problems)
    plan = plan_for(make_request({KEY: "30"}), host._replace(boot_files=boot_files))
    (warning,) = plan_warnings(plan)
    assert "/etc/sysctl.d/a.conf cannot be read" in warning


def test_no_message_shows_a_secret():
    key = "net.ipv4.tcp_fastopen_key"
    files = {"/usr/lib/sysctl.d/99-v.conf": f"{key} = hush-1\n"}
    host = make_host("systemd", files, {key: "hush-2"})
    with pytest.raises(TuningError) as caught:
        accepted_plan(make_request({key: "hush-3"}), host)
    assert "hush" not in str(caught.value)
    assert "(secret)" in str(caught.value)


def test_a_plan_for_ten_thousand_keys_reads_each_file_once():
    settings = {f"net.ipv4.conf.if{number}.rp_filter": "1" for number in range(10_000)}
    files = {"/etc/sysctl.d/10-v.conf": "net.ipv4.conf.*.rp_filter = 0\n"}
    host = make_host("procps", files, dict.fromkeys(settings, "0"))
    plan = accepted_plan(make_request(settings), host)
    assert len(plan.writes) == 10_000


def test_a_restore_plan_goes_back_to_earlier_values_and_files():
    other, missing = "net.ipv4.tcp_a", "net.ipv4.tcp_gone"
    files = {OURS: f"{KEY} = 30\n", "/etc/sysctl.d/10-v.conf": f"{KEY} = 50\n"}
    host = make_host("systemd", files, {KEY: "30", other: "1"})
    runtime = {KEY: "60", other: "0x1", missing: "5"}
    removal = FileChange(path=OURS, real_path=OURS, before=f"{KEY} = 30\n".encode(), after=None)
    observed = observe(make_request(runtime, path=""), host)
    plan = make_restore_plan(observed, runtime, [removal])
    assert plan.writes == (RuntimeWrite(KEY, before="30", after="60"),)
    assert plan.files == (removal,)
    assert plan.missing == (missing,)
    assert plan.precedence.winner(KEY).value == "50"


def test_a_restore_plan_ignores_values_that_are_not_known():
    host = make_host("systemd", {}, {KEY: "30"})
    runtime = {KEY: None}
    plan = make_restore_plan(observe(make_request(runtime, path=""), host), runtime, [])
    assert not plan.changed
    assert plan.missing == ()


TWELVE_KEYS = [f"net.core.key{number}" for number in range(12)]
LATER = "/etc/sysctl.d/99-later.conf"


def test_warnings_about_many_overridden_keys_end_with_their_number():
    lines = "".join(f"{key} = 2\n" for key in TWELVE_KEYS)
    host = make_host(files={LATER: lines}, kernel=dict.fromkeys(TWELVE_KEYS, "2"))
    request = make_request(dict.fromkeys(TWELVE_KEYS, "1"), on_override="warn")
    warnings = list(plan_warnings(plan_for(request, host)))
    assert [warning.partition(": ")[0] for warning in warnings[:10]] == TWELVE_KEYS[:10]
    assert warnings[10] == "the next boot overrides 12 of the keys in all: see 'overridden'"


def test_warnings_about_many_removed_keys_end_with_their_number():
    lines = "".join(f"{key} = 2\n" for key in TWELVE_KEYS)
    kernel = {**dict.fromkeys(TWELVE_KEYS, "2"), KEY: "60"}
    host = make_host(files={OURS: lines}, kernel=kernel)
    request = make_request({KEY: "30"}, exclusive=True)
    warnings = list(plan_warnings(plan_for(request, host)))
    assert [warning.partition(": ")[0] for warning in warnings[:-1]] == TWELVE_KEYS[:10]
    assert warnings[-1] == "no file gives 12 of the removed keys a value at boot: see 'settings'"
