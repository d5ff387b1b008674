# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will do: the cases of cases/plan.yml, and what no such case can say."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot_files import FileProblem
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.messages import (
    plan_warnings,
    refuse_overridden,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plan import make_plan
from hosts_in_memory import OURS, ask, cases, make_host, observe, plan_for

EXPECTED = ("writes", "changes", "overridden", "missing", "warnings")
HOST = ("loader", "files", "kernel", "command_line")
CASES = cases("plan.yml")
KEY = "net.ipv4.tcp_fin_timeout"


def planned(request, host):
    plan = plan_for(request, host)
    refuse_overridden(plan)
    return plan


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_comes_of_a_request(case):
    host = make_host(**{name: case[name] for name in HOST if name in case})
    options = {
        name: value
        for name, value in case.items()
        if name not in (*EXPECTED, *HOST, "name", "refuses", "settings")
    }
    request = ask(case["settings"], **options)
    if "refuses" in case:
        with pytest.raises(TuningError) as caught:
            planned(request, host)
        assert case["refuses"] in str(caught.value)
        assert (
            caught.value.key in observe(request, host).runtime
            or caught.value.key in case["settings"]
        )
        assert caught.value.rolled_back
        return
    plan = planned(request, host)
    assert [[write.key, write.after] for write in plan.writes] == case.get("writes", [])
    assert all(write.before == host.kernel[write.key] for write in plan.writes)
    changes = {
        change.real_path: None if change.after is None else change.after.decode()
        for change in plan.files
    }
    assert changes == case.get("changes", {})
    overridden = [[key, line and line.path, line and line.number] for key, line in plan.overridden]
    assert overridden == case.get("overridden", [])
    assert list(plan.missing) == case.get("missing", [])
    told = list(plan_warnings(plan))
    assert len(told) == len(case.get("warnings", []))
    assert all(part in text for part, text in zip(case.get("warnings", []), told))
    assert plan.changed == bool(plan.writes or plan.files)


def test_attributes_that_differ_are_a_change_of_the_file():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    request = ask({KEY: "30"})
    plan = make_plan(
        request, observe(request, host)._replace(attributes=(("mode", "0644", "0600"),))
    )
    assert plan.changed
    (change,) = plan.files
    assert change.before == change.after


def test_a_key_that_has_no_value_yet_is_written():
    host = make_host("systemd", {}, {"net.ipv6.conf.lo.stable_secret": None})
    (write,) = plan_for(ask({"net.ipv6.conf.lo.stable_secret": "2001:db8::1"}), host).writes
    assert write.before is None


def test_what_cannot_be_read_is_warned_of():
    host = make_host("systemd", {}, {KEY: "30"})
    problems = (
        FileProblem("/etc/sysctl.d/a.conf", "Permission denied", matters=True),
        FileProblem("/etc/sysctl.d/b.conf", "a folder", matters=False),
    )
    boot_files = host.boot_files._replace(problems=problems)
    plan = plan_for(ask({KEY: "30"}), host._replace(boot_files=boot_files))
    assert ["/etc/sysctl.d/a.conf cannot be read" in text for text in plan_warnings(plan)] == [True]


def test_no_message_shows_a_secret():
    key = "net.ipv4.tcp_fastopen_key"
    host = make_host(
        "systemd", {"/usr/lib/sysctl.d/99-v.conf": f"{key} = hush-1\n"}, {key: "hush-2"}
    )
    with pytest.raises(TuningError) as caught:
        planned(ask({key: "hush-3"}), host)
    assert "hush" not in str(caught.value)
    assert "(secret)" in str(caught.value)


def test_a_plan_for_ten_thousand_keys_takes_one_look_at_each_file():
    settings = {f"net.ipv4.conf.if{number}.rp_filter": "1" for number in range(10_000)}
    host = make_host(
        "procps",
        {"/etc/sysctl.d/10-v.conf": "net.ipv4.conf.*.rp_filter = 0\n"},
        dict.fromkeys(settings, "0"),
    )
    plan = planned(ask(settings), host)
    assert len(plan.writes) == 10_000
