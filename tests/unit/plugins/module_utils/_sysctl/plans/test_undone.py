# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings contradict their line at boot, and how those that were undone are shown."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import Line
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.undone import (
    Undone,
    describe_undone,
)
from hosts_in_memory import OURS, make_host, make_request, plan_for

KEY, SECRET = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_fastopen_key"
VENDOR = "/usr/lib/sysctl.d/50-v.conf"
BOOTED = "2026-11-26T01:16:58Z"


@pytest.mark.parametrize(
    ("files", "value", "options", "path"),
    [
        ({OURS: f"{KEY} = 30\n"}, "30", {}, OURS),
        ({OURS: f"{KEY} = 30\n"}, "40", {}, OURS),
        ({OURS: "net.*.tcp_fin_timeout = 30\n"}, "30", {}, OURS),
        ({VENDOR: f"{KEY} = 30\n"}, "30", {}, VENDOR),
        ({VENDOR: f"{KEY} = 30\n"}, "30", {"persistent": False}, VENDOR),
        ({OURS: f"{KEY} = 30\n"}, None, {"present": False}, None),
        ({OURS: f"{KEY} = 30\n"}, "20", {"present": False}, OURS),
        ({OURS: f"{KEY} = 30\n"}, "30", {"runtime": False}, None),
        ({OURS: f"{KEY} = 0x3C\n"}, "30", {}, None),
        ({OURS: f"{KEY} = 30\n"}, "60", {}, None),
        ({OURS: f"{KEY} = 30\n"}, "30", {"at_least": True}, None),
        ({OURS: f"{KEY} = 90\n"}, "80", {"at_least": True}, OURS),
        ({OURS: f"-{KEY}\nnet.*.tcp_fin_timeout = 30\n"}, "30", {}, None),
        ({}, "30", {}, None),
    ],
)
def test_a_key_to_set_whose_line_asks_for_another_value(files, value, options, path):
    plan = plan_for(
        make_request({KEY: value}, **options), make_host(files=files, kernel={KEY: "60"})
    )
    contradictions = plan.contradictions()
    expected = [] if path is None else [(KEY, "60", path)]
    assert [(key, runtime, line.path) for key, runtime, line in contradictions] == expected


def test_a_key_without_a_runtime_value_contradicts_nothing():
    host = make_host(files={OURS: f"{KEY} = 30\n"}, kernel={KEY: None})
    assert plan_for(make_request({KEY: "30"}), host).contradictions() == []


def undone(key, value="30"):
    line = Line(path=OURS, real_path=OURS, number=2, segment=1, key=key, value=value)
    return Undone(key, runtime="60", line=line, booted=BOOTED)


def test_the_warning_names_the_value_the_line_and_the_boot():
    assert describe_undone([undone(KEY)]) == (
        f"undone since the boot of {BOOTED}: {KEY} is '60' instead of '30' ({OURS} line 2). "
        "Something set it later, or it was never applied; the next boot may end the same. "
        "Find what sets it"
    )


def test_the_warning_names_few_settings_and_counts_the_others():
    warning = describe_undone([undone(f"kernel.k{number}") for number in range(12)])
    assert "kernel.k4 is" in warning
    assert "kernel.k5" not in warning
    assert "and 7 more: see 'undone'" in warning


def test_secrets_are_not_shown():
    secret = undone(SECRET, value="12345678-0-0-0")
    assert "12345678" not in describe_undone([secret]) + str(secret.result())
