# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_failed_task_changed_nothing(host: Any, sysctl: Callable[..., list[str]]) -> None:
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["60"]
    assert not host.file("/etc/sysctl.d/91-both.conf").exists


def test_only_the_file_changed(host: Any, sysctl: Callable[..., list[str]]) -> None:
    lines = host.file("/etc/sysctl.d/92-file.conf").content_string.splitlines()
    assert "vm.swappiness = 11" in lines
    # The hosts share the kernel of this machine.
    value = Path("/proc/sys/vm/swappiness").read_text(encoding="ascii").strip()
    assert sysctl("vm.swappiness") == [value]
