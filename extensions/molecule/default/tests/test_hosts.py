# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any


def test_host_booted_with_systemd(host: Any) -> None:
    assert host.check_output("systemctl is-system-running --wait") == "running"
    assert host.service("systemd-sysctl").is_running


def test_keepalive_has_the_defaults_of_the_kernel(keepalive: list[str]) -> None:
    assert keepalive == ["7200", "9", "75"]


def test_only_older_releases_link_to_sysctl_conf(host: Any, release: int) -> None:
    assert host.file("/etc/sysctl.d/99-sysctl.conf").exists == (release < 13)
