# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

INTERFACES = ["br0", "br0/100", "lo", "host0"]
INTERFACE_KEYS = [
    "accept_redirects",
    "send_redirects",
    "secure_redirects",
    "log_martians",
    "arp_ignore",
    "arp_announce",
    "shared_media",
    "medium_id",
]


@pytest.mark.parametrize("interface", INTERFACES)
def test_every_key_of_an_interface_is_set(sysctl: Callable[..., list[str]], interface: str) -> None:
    keys = [f"net.ipv4.conf.{interface}.{name}" for name in INTERFACE_KEYS]
    assert sysctl(*keys) == ["1"] * len(keys)


def test_explicit_key_wins_over_a_glob(sysctl: Callable[..., list[str]]) -> None:
    keys = [f"net.ipv4.conf.{interface}.rp_filter" for interface in INTERFACES]
    assert sysctl(*keys) == ["2", "1", "2", "2"]


def test_values_of_several_numbers(sysctl: Callable[..., list[str]]) -> None:
    values = sysctl("net.ipv4.tcp_rmem", "net.ipv4.ip_local_port_range")
    assert values == ["4096 131072 6291456", "20000 60999"]


def test_all_keys_are_in_one_file(host: Any) -> None:
    lines = host.file("/etc/sysctl.d/95-many.conf").content_string.splitlines()
    assert sum("=" in line for line in lines) == 60


def test_key_of_a_task_in_the_background_is_set(
    host: Any, sysctl: Callable[..., list[str]]
) -> None:
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["44"]
    lines = host.file("/etc/sysctl.d/97-background.conf").content_string.splitlines()
    assert "net.ipv4.tcp_fin_timeout = 44" in lines


def test_secret_is_set_but_not_logged(host: Any, sysctl: Callable[..., list[str]]) -> None:
    value = "0a1b2c3d-4e5f6071-8293a4b5-c6d7e8f9"
    assert sysctl("net.ipv4.tcp_fastopen_key") == [value]
    assert host.file("/etc/sysctl.d/96-secret.conf").mode == 0o600
    log = host.check_output("journalctl --no-pager --output=json")
    assert "96-secret.conf" in log or "netops.tuning.sysctl" in log, (
        "the log lacks the lines of the module"
    )
    assert "c6d7e8f9" not in log
