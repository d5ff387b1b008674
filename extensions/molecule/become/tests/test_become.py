# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_user_with_sudo_changed_settings(host: Any, sysctl: Callable[..., list[str]]) -> None:
    assert sysctl("net.ipv4.tcp_keepalive_time") == ["3600"]
    file = host.file("/etc/sysctl.d/90-tcp-keepalive.conf")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o644)


def test_user_without_sudo_changed_nothing(host: Any, sysctl: Callable[..., list[str]]) -> None:
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["60"]
    assert not host.file("/etc/sysctl.d/90-ansible.conf").exists
