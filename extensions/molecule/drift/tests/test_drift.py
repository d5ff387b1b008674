# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("key", "value", "file"),
    [
        ("net.ipv4.tcp_fin_timeout", "20", "91-live.conf"),
        ("net.ipv4.tcp_orphan_retries", "5", "92-edited.conf"),
        ("net.ipv4.tcp_syn_retries", "4", "93-deleted.conf"),
    ],
)
def test_drift_is_repaired(
    host: Any, sysctl: Callable[..., list[str]], key: str, value: str, file: str
) -> None:
    assert sysctl(key) == [value]
    assert f"{key} = {value}" in host.file(f"/etc/sysctl.d/{file}").content_string.splitlines()
