# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"


def test_values(keepalive: list[str]) -> None:
    assert keepalive == ["3600", "9", "25"]


def test_file(host: Any) -> None:
    file = host.file(FILE)
    assert file.content_string.splitlines()[-3:] == [
        "net.ipv4.tcp_keepalive_time = 3600",
        "net.ipv4.tcp_keepalive_probes = 9",
        "net.ipv4.tcp_keepalive_intvl = 25",
    ]
    assert (file.user, file.mode) == ("root", 0o644)
