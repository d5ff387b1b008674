# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

KEYS = [f"net.ipv4.tcp_keepalive_{name}" for name in ("time", "probes", "intvl")]


@pytest.fixture
def is_back(host: Any) -> bool:
    """Tell whether the hosts have been put back."""
    return bool(host.file("/root/back").exists)


def test_the_values(sysctl: Callable[..., list[str]], is_back: bool) -> None:
    assert sysctl(*KEYS) == (["1200", "8", "31"] if is_back else ["60", "5", "60"])


def test_all_is_exactly_as_it_was_once_it_is_back(host: Any, is_back: bool) -> None:
    before, now = (
        host.file("/root/before").content_string.splitlines(),
        host.check_output("look").splitlines(),
    )
    assert (now == before) == is_back, sorted(set(now) ^ set(before))


def test_the_ledger_is_on_the_host_for_root_alone(host: Any) -> None:
    folder = host.file("/var/lib/netops-tuning")
    assert (folder.user, folder.mode) == ("root", 0o700)
    assert folder.listdir()
