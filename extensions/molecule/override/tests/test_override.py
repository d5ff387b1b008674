# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_what_failed_changed_nothing(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool
) -> None:
    assert not host.file("/etc/sysctl.d/91-fail.conf").exists
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["40" if rebooted else "60"]


def test_only_what_is_read_made_it_fail(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool, release: int
) -> None:
    assert host.file("/etc/sysctl.d/91-fail-conf.conf").exists == (release >= 13)
    assert sysctl("net.ipv4.tcp_synack_retries") == [
        "4" if release >= 13 else "3" if rebooted else "5"
    ]


def test_what_was_warned_of_came_true(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool, release: int
) -> None:
    lines = host.file("/etc/sysctl.d/92-warn.conf").content_string.splitlines()
    assert lines[-2:] == ["net.ipv4.tcp_orphan_retries = 5", "net.ipv4.tcp_syn_retries = 5"]
    assert sysctl("net.ipv4.tcp_orphan_retries") == ["3" if rebooted else "5"]
    assert sysctl("net.ipv4.tcp_syn_retries") == ["3" if rebooted and release < 13 else "5"]


def test_what_was_commented_out_holds(sysctl: Callable[..., list[str]]) -> None:
    keys = (f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl"))
    assert sysctl(*keys) == ["3600", "9", "25"]


def test_only_what_is_read_was_edited(host: Any, release: int) -> None:
    line = "net.ipv4.tcp_keepalive_intvl = 1"
    kept = line in host.file("/etc/sysctl.conf").content_string.splitlines()
    assert kept == (release >= 13)
    others = host.file("/etc/sysctl.d/99-zz.conf").content_string.splitlines()[1:]
    assert others == ["net.ipv4.tcp_fin_timeout = 40", "net.ipv4.tcp_orphan_retries = 3"]
