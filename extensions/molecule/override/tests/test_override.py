# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_failed_task_changed_nothing(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool
) -> None:
    assert not host.file("/etc/sysctl.d/91-fail.conf").exists
    expected = "40" if rebooted else "60"
    assert sysctl("net.ipv4.tcp_fin_timeout") == [expected]


def test_task_failed_only_where_sysctl_conf_is_read(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool, release: int
) -> None:
    succeeded = release >= 13
    if succeeded:
        expected = "4"
    elif rebooted:
        expected = "3"  # of sysctl.conf
    else:
        expected = "5"  # of the kernel
    assert host.file("/etc/sysctl.d/91-fail-conf.conf").exists == succeeded
    assert sysctl("net.ipv4.tcp_synack_retries") == [expected]


def test_warnings_came_true(
    host: Any, sysctl: Callable[..., list[str]], rebooted: bool, release: int
) -> None:
    orphan_retries = "3" if rebooted else "5"
    syn_retries = "3" if rebooted and release < 13 else "5"
    lines = host.file("/etc/sysctl.d/92-warn.conf").content_string.splitlines()
    assert lines[-2:] == ["net.ipv4.tcp_orphan_retries = 5", "net.ipv4.tcp_syn_retries = 5"]
    assert sysctl("net.ipv4.tcp_orphan_retries") == [orphan_retries]
    assert sysctl("net.ipv4.tcp_syn_retries") == [syn_retries]


def test_values_hold_where_a_line_was_commented_out(keepalive: list[str]) -> None:
    assert keepalive == ["3600", "9", "25"]


def test_only_files_that_are_read_were_edited(host: Any, release: int) -> None:
    lines = host.file("/etc/sysctl.conf").content_string.splitlines()
    unchanged = "net.ipv4.tcp_keepalive_intvl = 1" in lines
    assert unchanged == (release >= 13)
    other_lines = host.file("/etc/sysctl.d/99-zz.conf").content_string.splitlines()[1:]
    assert other_lines == ["net.ipv4.tcp_fin_timeout = 40", "net.ipv4.tcp_orphan_retries = 3"]
