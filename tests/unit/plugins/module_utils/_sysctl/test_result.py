# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run tells its user, word for word."""

from __future__ import annotations

import json

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plan import make_plan
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.result import (
    build_result,
    build_settings,
)
from hosts_in_memory import OURS, ask, make_host, observe, plan_for

KEY, SECRET = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_fastopen_key"
NOTHING = {"before": None, "after": None}


def test_every_field_of_a_change():
    files = {OURS: f"# mine\n{KEY}  =  40\n", "/etc/sysctl.d/99-v.conf": f"\n{KEY} = 60\n"}
    host = make_host("systemd", files, {KEY: "50"})
    assert build_result(plan_for(ask({KEY: "30"}, on_override="warn"), host)) == {
        "changed": True,
        "changed_keys": [KEY],
        "changed_files": [OURS],
        "settings": {
            KEY: {
                "value": "30",
                "runtime": {"before": "50", "after": "30"},
                "persistent": {"before": "40", "after": "30"},
                "boot": {"value": "60", "path": "/etc/sysctl.d/99-v.conf", "line": 2},
            }
        },
        "previous": {KEY: "50"},
        "overridden": [{"key": KEY, "value": "60", "path": "/etc/sysctl.d/99-v.conf", "line": 2}],
        "missing": [],
        "path": OURS,
        "loader": "systemd",
        "diff": [
            {"before_header": "/proc/sys", "after_header": "/proc/sys", "before": f"{KEY} = 50\n", "after": f"{KEY} = 30\n"},
            {"before_header": OURS, "after_header": OURS, "before": f"# mine\n{KEY}  =  40\n", "after": f"# mine\n{KEY}  =  30\n"},
        ],
    }  # fmt: skip


def test_a_run_without_changes_has_no_diff():
    host = make_host("procps", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    told = build_result(plan_for(ask({KEY: "30"}), host))
    assert (told["changed"], told["diff"], told["loader"]) == (False, [], "procps")
    assert told["settings"][KEY]["boot"] == {"value": "30", "path": OURS, "line": 1}


def test_a_glob_and_each_key_that_it_matches_have_an_entry():
    glob, match = "net.ipv4.conf.*.rp_filter", "net.ipv4.conf.lo.rp_filter"
    told = build_settings(plan_for(ask({glob: "2"}), make_host("systemd", {}, {match: "0"})))
    boot = {"value": "2", "path": OURS, "line": 2}
    assert told == {
        glob: {
            "value": "2",
            "runtime": NOTHING,
            "persistent": {"before": None, "after": "2"},
            "boot": boot,
        },
        match: {
            "value": "2",
            "runtime": {"before": "0", "after": "2"},
            "persistent": NOTHING,
            "boot": boot,
        },
    }


def test_a_missing_key_has_no_runtime_value():
    told = build_result(plan_for(ask({KEY: "30"}, ignore_missing=True), make_host()))
    assert told["settings"][KEY]["runtime"] == NOTHING
    assert (told["missing"], told["previous"]) == ([KEY], {})


def test_a_path_that_is_not_read_has_no_line_to_show():
    told = build_result(
        plan_for(
            ask({KEY: "30"}, path="/srv/x", on_override="warn"),
            make_host("systemd", {}, {KEY: "30"}),
        )
    )
    assert told["overridden"] == [{"key": KEY, "value": None, "path": None, "line": None}]


def test_a_removed_file_ends_as_nothing():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    (diff,) = build_result(plan_for(ask({KEY: None}, present=False), host))["diff"]
    assert diff == {
        "before_header": OURS,
        "after_header": "/dev/null",
        "before": f"{KEY} = 30\n",
        "after": "",
    }


def test_attributes_stand_in_the_header():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    request = ask({KEY: "30"})
    plan = make_plan(
        request, observe(request, host)._replace(attributes=(("mode", "0644", "0600"),))
    )
    (diff,) = build_result(plan)["diff"]
    assert (diff["before_header"], diff["after_header"]) == (
        f"{OURS} mode=0644",
        f"{OURS} mode=0600",
    )


def test_no_secret_is_told():
    kept = f"#{SECRET} = hush-1\n{SECRET} = hush-2\r\nnet/ipv6/conf/lo/stable_secret=hush-3\n# about {SECRET}\n{KEY} = 7\n"
    files = {OURS: kept, "/etc/sysctl.d/99-v.conf": f"{SECRET} = hush-4"}
    host = make_host("systemd", files, {SECRET: "hush-5"})
    plan = plan_for(ask({SECRET: "hush-6"}, on_override="comment_out"), host)
    for told in (json.dumps(build_result(plan)), json.dumps(build_result(plan.undone()))):
        assert "hush" not in told
        assert "(secret)" in told
    ours = build_result(plan)["diff"][1]
    assert f"{KEY} = 7\n" in ours["before"]
    assert f"# about {SECRET}\n" in ours["after"]


def test_what_is_no_text_is_told_as_text():
    files = {
        OURS: b"# \xff\n\xfe.x = \xe4\n",
        "/etc/sysctl.d/99-v.conf": b"net.ipv4.tcp_fin_timeout = \xff\n",
    }
    host = make_host("systemd", files, {KEY: "30", "\udcfe.x": "\udcff"})
    told = build_result(plan_for(ask({KEY: "30"}, exclusive=True, on_override="comment_out"), host))
    assert "\ufffd" in json.dumps(told, ensure_ascii=False)
    json.dumps(told, ensure_ascii=False).encode("utf-8")
