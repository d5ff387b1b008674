# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

KEYS = [
    f"net.ipv4.tcp_{name}"
    for name in ("keepalive_time", "keepalive_probes", "keepalive_intvl", "fin_timeout")
]


def test_the_values_are_kept(sysctl: Callable[..., list[str]]) -> None:
    assert sysctl(*KEYS) == ["600", "3", "60", "20"]


def test_they_stand_in_one_file(host: Any) -> None:
    found = host.check_output(
        "grep -rlE '^[^#]*tcp_(keepalive|fin_timeout)' /etc/sysctl.conf /etc/sysctl.d"
    )
    assert found.split() == ["/etc/sysctl.d/90-ansible.conf"]
    assert not host.file("/etc/sysctl.d/99-ours.conf").exists


def test_other_peoples_lines_stay(host: Any) -> None:
    assert (
        host.file("/etc/sysctl.conf").content_string.splitlines()[-1]
        == "net.ipv4.tcp_syn_retries = 4"
    )
