# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable


def test_real_run_set_the_values(sysctl: Callable[..., list[str]]) -> None:
    keys = (f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl"))
    assert sysctl(*keys) == ["60", "5", "60"]
