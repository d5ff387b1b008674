# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a module, every field of it."""

from __future__ import annotations

import json

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.coupled_request import (
    value_after_writes,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.effects import Effects
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import make_plan
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.result import (
    build_result,
    build_settings,
)
from hosts_in_memory import OURS, make_host, make_request, observe, plan_for

KEY, SECRET = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_fastopen_key"
SYSTEMD = "systemd-sysctl"
NOTHING = {"before": None, "after": None}


def part_of_diff(header, before, after):
    """Return what --diff shows of one file."""
    return {"before_header": header, "after_header": header, "before": before, "after": after}


def test_every_field_of_a_change():
    files = {OURS: f"# mine\n{KEY}  =  40\n", "/etc/sysctl.d/99-v.conf": f"\n{KEY} = 60\n"}
    host = make_host("systemd", files, {KEY: "50"})
    plan = plan_for(make_request({KEY: "30"}, on_override="warn"), host)
    assert build_result(plan) == {
        "changed": True,
        "changed_keys": [KEY],
        "changed_files": [OURS],
        "settings": {
            KEY: {
                "value": "30",
                "runtime": {"before": "50", "after": "30"},
                "persistent": {"before": "40", "after": "30"},
                "boot": {
                    "value": "60",
                    "path": "/etc/sysctl.d/99-v.conf",
                    "line": 2,
                    "by": SYSTEMD,
                    "certain": True,
                },
            }
        },
        "previous": {KEY: "50"},
        "overridden": [
            {"key": KEY, "value": "60", "path": "/etc/sysctl.d/99-v.conf", "line": 2, "by": SYSTEMD}
        ],
        "doubts": [],
        "undone": [],
        "missing": [],
        "irreversible": [],
        "path": OURS,
        "loader": "systemd",
        "diff": [
            part_of_diff("/proc/sys", f"{KEY} = 50\n", f"{KEY} = 30\n"),
            part_of_diff(OURS, f"# mine\n{KEY}  =  40\n", f"# mine\n{KEY}  =  30\n"),
        ],
    }


def test_a_run_without_changes_has_no_diff():
    host = make_host("procps", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    result = build_result(plan_for(make_request({KEY: "30"}), host))
    assert (result["changed"], result["diff"], result["loader"]) == (False, [], "procps")
    assert result["settings"][KEY]["boot"] == {
        "value": "30",
        "path": OURS,
        "line": 1,
        "by": "procps",
        "certain": True,
    }


def test_a_glob_and_each_key_that_it_matches_have_an_entry():
    glob, match = "net.ipv4.conf.*.rp_filter", "net.ipv4.conf.lo.rp_filter"
    host = make_host("systemd", {}, {match: "0"})
    plan = plan_for(make_request({glob: "2"}), host)
    boot = {"value": "2", "path": OURS, "line": 2, "by": SYSTEMD, "certain": True}
    assert build_settings(plan) == {
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
    request = make_request({KEY: "30"}, ignore_missing=True)
    result = build_result(plan_for(request, make_host()))
    assert result["settings"][KEY]["runtime"] == NOTHING
    assert (result["missing"], result["previous"]) == ([KEY], {})


def test_a_path_that_no_loader_reads_has_no_winning_line():
    request = make_request({KEY: "30"}, path="/srv/x", on_override="warn")
    result = build_result(plan_for(request, make_host("systemd", {}, {KEY: "30"})))
    assert result["overridden"] == [
        {"key": KEY, "value": None, "path": None, "line": None, "by": None}
    ]


def test_the_diff_of_a_removed_file():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    plan = plan_for(make_request({KEY: None}, present=False), host)
    (diff,) = build_result(plan)["diff"]
    assert diff == {
        "before_header": OURS,
        "after_header": "/dev/null",
        "before": f"{KEY} = 30\n",
        "after": "",
    }


def test_the_diff_shows_attributes_in_its_headers():
    host = make_host("systemd", {OURS: f"{KEY} = 30\n"}, {KEY: "30"})
    request = make_request({KEY: "30"})
    observed = observe(request, host)._replace(attributes=(("mode", "0644", "0600"),))
    (diff,) = build_result(make_plan(request, observed))["diff"]
    assert diff["before_header"] == f"{OURS} mode=0644"
    assert diff["after_header"] == f"{OURS} mode=0600"


def test_no_result_shows_a_secret():
    lines = [
        f"#{SECRET} = hush-1\n",
        f"{SECRET} = hush-2\r\n",
        "net/ipv6/conf/lo/stable_secret=hush-3\n",
        f"{KEY} = 8\r{SECRET} = hush-7\n",
        f"# about {SECRET}\n",
        f"{KEY} = 7\n",
    ]
    files = {OURS: "".join(lines), "/etc/sysctl.d/99-v.conf": f"{SECRET} = hush-4"}
    host = make_host("systemd", files, {SECRET: "hush-5"})
    plan = plan_for(make_request({SECRET: "6-6-6-6666"}, on_override="comment_out"), host)
    for result in (build_result(plan), build_result(plan.without_changes())):
        text = json.dumps(result)
        assert "hush" not in text
        assert "6-6-6-6666" not in text
        assert "(secret)" in text
    ours = build_result(plan)["diff"][1]
    assert f"{KEY} = 7\n" in ours["before"]
    assert f"# about {SECRET}\n" in ours["after"]


def test_a_result_is_utf_8_whatever_the_files_contain():
    files = {
        OURS: b"# \xff\n\xfe.x = \xe4\n",
        "/etc/sysctl.d/99-v.conf": b"net.ipv4.tcp_fin_timeout = \xff\n",
    }
    host = make_host("systemd", files, {KEY: "30", "\udcfe.x": "\udcff"})
    request = make_request({KEY: "30"}, exclusive=True, on_override="comment_out")
    result = build_result(plan_for(request, host))
    text = json.dumps(result, ensure_ascii=False)
    assert "\ufffd" in text
    text.encode("utf-8")


def test_a_key_that_leaves_our_file_and_that_another_write_changes():
    forward, redirects = "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"
    files = {OURS: f"{redirects} = 0\n{forward} = 1\n"}
    live = {forward: "1", redirects: "0"}
    plan = plan_for(make_request({forward: "0"}, exclusive=True), make_host("systemd", files, live))
    plan = plan._replace(effects=Effects(live, way_back=(), irreversible=()))
    settings = build_settings(plan)
    assert settings[redirects]["runtime"] == {"before": "0", "after": "1"}
    assert settings[forward]["runtime"] == {"before": "1", "after": "0"}


@pytest.mark.parametrize(
    ("key", "writes", "after"),
    [
        ("net.ipv4.conf.all.accept_redirects", {"net.ipv4.ip_forward": "1"}, "0"),
        ("net.ipv4.conf.all.accept_redirects", {"net.ipv4.ip_forward": "0"}, "1"),
        ("net.ipv4.conf.eth0.forwarding", {"net.ipv4.ip_forward": "1"}, "1"),
        ("net.ipv4.neigh.eth0.retrans_time", {"net.ipv4.neigh.eth0.retrans_time_ms": "1"}, None),
        # An interface that was written to before does not inherit.
        ("net.ipv4.conf.eth0.rp_filter", {"net.ipv4.conf.default.rp_filter": "1"}, "0"),
    ],
)
def test_what_writes_make_of_another_key(key, writes, after):
    live = {key: "1" if after == "0" and "redirects" in key else "0"}
    live.update({name: "0" if value == "1" else "1" for name, value in writes.items()})
    assert value_after_writes(key, writes, live) == after


@pytest.mark.parametrize("live", ["1000", "2000"])
def test_a_run_for_now_only_says_what_is_not_certain_at_boot(live):
    key = "net.ipv4.neigh.eth0.retrans_time_ms"
    text = f"{key} = 1000\nnet.ipv4.neigh.eth0.retrans_time = 101\n"
    host = make_host("procps", {"/etc/sysctl.d/a.conf": text}, kernel={key: live})
    plan = plan_for(make_request({key: "1000"}, persistent=False), host)
    assert build_result(plan)["settings"][key]["boot"]["certain"] is False
