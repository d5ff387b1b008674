# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rehearsal adds to the result of sysctl_info, for a loader that does as each test says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.boot import rehearsal
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.rehearsal import Rehearsal
from ansible_collections.netops.tuning.plugins.module_utils._modules import boot_rehearsal
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS

KEY = "net.ipv4.tcp_fin_timeout"
SYSTEMD = LOADERS["systemd"]
FILE = {"path": "/etc/sysctl.d/50-a.conf", "line": 1, "by": SYSTEMD.program}


def info(
    key: str,
    boot: str | None,
    winner: dict[str, Any] | None = None,
    is_certain: bool = True,
) -> dict[str, Any]:
    setting = {"boot": boot, "winner": winner or FILE, "certain": is_certain}
    return {"settings": {key: setting}}


@pytest.mark.parametrize(
    ("boot", "start", "end", "disagrees"),
    [
        ("50", "60", "50", False),
        ("0x32", "60", "50", False),
        ("50", "60", "60", True),
        (None, "60", "60", False),
        (None, "60", "50", True),
    ],
)
def test_what_the_loader_sets_is_compared_with_the_prediction(
    monkeypatch: pytest.MonkeyPatch, boot: str | None, start: str, end: str, disagrees: bool
) -> None:
    def rehearse(loader: str, keys: list[str]) -> Rehearsal:
        assert (loader, keys) == ("systemd", [KEY])
        return Rehearsal(values={KEY: end}, start_values={KEY: start}, not_rehearsed={})

    monkeypatch.setattr(boot_rehearsal, "rehearse", rehearse)
    result = boot_rehearsal.rehearse_boot(info(KEY, boot), SYSTEMD)
    assert result["rehearsed"] == {KEY: end}
    expected = [{"key": KEY, "boot": boot, "rehearsed": end}] if disagrees else []
    assert result["disagreements"] == expected


def test_what_is_not_certain_disagrees_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def rehearse(_loader: str, _keys: list[str]) -> Rehearsal:
        return Rehearsal(values={KEY: "60"}, start_values={KEY: "60"}, not_rehearsed={})

    monkeypatch.setattr(boot_rehearsal, "rehearse", rehearse)
    result = boot_rehearsal.rehearse_boot(info(KEY, "50", is_certain=False), SYSTEMD)
    assert result["rehearsed"] == {KEY: "60"}
    assert result["disagreements"] == []


@pytest.mark.parametrize(
    ("key", "winner", "reason"),
    [
        ("net.ipv4.conf.*.rp_filter", None, "it is a glob"),
        ("vm.drop_caches", None, "writing it starts an action"),
        ("net.ipv4.tcp_fastopen_key", None, "its value is secret"),
        (KEY, {**FILE, "path": "/proc/cmdline"}, "the kernel command line sets it"),
        (KEY, {**FILE, "by": "ufw"}, "ufw sets it after the loader has run"),
    ],
)
def test_what_no_host_can_rehearse_has_a_reason(
    monkeypatch: pytest.MonkeyPatch, key: str, winner: dict[str, Any] | None, reason: str
) -> None:
    def rehearse(loader: str, keys: list[str]) -> Rehearsal:
        del loader
        assert keys == []
        return Rehearsal(values={}, start_values={}, not_rehearsed={})

    monkeypatch.setattr(boot_rehearsal, "rehearse", rehearse)
    (row,) = boot_rehearsal.rehearse_boot(info(key, "1", winner), SYSTEMD)["not_rehearsed"]
    assert row["key"] == key
    assert row["reason"].startswith(reason)


def test_who_is_not_root_rehearses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal.os, "geteuid", lambda: 1000)
    result = rehearsal.rehearse("systemd", [KEY])
    assert result.values == {}
    assert "become: true" in result.not_rehearsed[KEY]


def test_a_loader_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal.os, "geteuid", lambda: 0)
    monkeypatch.setitem(rehearsal.PROGRAMS, "procps", (["/nowhere/sysctl", "--system"],))
    result = rehearsal.rehearse("procps", [KEY])
    assert result.not_rehearsed == {KEY: "the loader of procps is not installed on this host"}


def test_a_child_that_does_not_answer_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_answers(loader: str, keys: list[str]) -> dict[str, Any]:
        del loader, keys
        rehearsal.signal.pause()
        return {}

    monkeypatch.setattr(rehearsal.os, "geteuid", lambda: 0)
    monkeypatch.setattr(rehearsal, "_find_program", lambda _loader: ["/bin/true"])
    monkeypatch.setattr(rehearsal, "_rehearse_here", never_answers)
    monkeypatch.setattr(rehearsal, "_TIMEOUT", 0)
    result = rehearsal.rehearse("systemd", [KEY])
    assert result.not_rehearsed == {KEY: "the rehearsal did not end within 0 seconds"}
