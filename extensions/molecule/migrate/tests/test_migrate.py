# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

KEYS = [
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_fin_timeout",
]


def test_values_are_kept(sysctl: Callable[..., list[str]]) -> None:
    assert sysctl(*KEYS) == ["600", "3", "60", "20"]


def test_keys_are_in_one_file(host: Any) -> None:
    assignment = "^[^#]*tcp_(keepalive|fin_timeout)"
    files = host.check_output(f"grep -rlE '{assignment}' /etc/sysctl.conf /etc/sysctl.d").split()
    assert files == ["/etc/sysctl.d/90-ansible.conf"]
    assert not host.file("/etc/sysctl.d/99-ours.conf").exists


def test_other_lines_stay(host: Any) -> None:
    lines = host.file("/etc/sysctl.conf").content_string.splitlines()
    assert lines[-1] == "net.ipv4.tcp_syn_retries = 4"
