# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

FILE = "/etc/sysctl.d/90-tcp-keepalive.conf"
KEYS = [f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl")]


def test_the_values(sysctl: Callable[..., list[str]]) -> None:
    assert sysctl(*KEYS) == ["3600", "9", "25"]


def test_the_file(host: Any) -> None:
    lines = host.file(FILE).content_string.splitlines()
    assert lines[-3:] == [f"{key} = {value}" for key, value in zip(KEYS, (3600, 9, 25))]
    assert (host.file(FILE).user, host.file(FILE).mode) == ("root", 0o644)
