# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_what_failed_changed_nothing(host: Any, sysctl: Callable[..., list[str]]) -> None:
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["60"]
    assert not host.file("/etc/sysctl.d/91-both.conf").exists


def test_the_file_alone(host: Any, sysctl: Callable[..., list[str]]) -> None:
    assert (
        "vm.swappiness = 11" in host.file("/etc/sysctl.d/92-file.conf").content_string.splitlines()
    )
    assert sysctl("vm.swappiness") == [
        Path("/proc/sys/vm/swappiness").read_text(encoding="ascii").strip()
    ]
