# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_keepalive_has_the_defaults_of_the_kernel(keepalive: list[str]) -> None:
    assert keepalive == ["7200", "9", "75"]


def test_key_has_the_value_of_the_vendor_file(sysctl: Callable[..., list[str]]) -> None:
    assert sysctl("net.ipv4.tcp_fin_timeout") == ["50"]


def test_our_files_are_removed(host: Any) -> None:
    assert not [name for name in host.file("/etc/sysctl.d").listdir() if name.startswith("90-")]
