# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of all scenarios use. Each runs on every host, before and after a reboot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab.lab import Lab

RELEASES = {"bullseye", "bookworm", "trixie"}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tests on no hosts would pass."""
    known = {host["release"] for host in Lab(Path(os.environ["NETOPS_LAB"])).hosts() if host["up"]}
    assert known == RELEASES, known
    assert len(session.items) >= len(RELEASES)


@pytest.fixture
def sysctl(host: Any) -> Callable[..., list[str]]:
    """Give the values of keys on the host, blanks collapsed."""

    def values(*keys: str) -> list[str]:
        lines = host.check_output(f"sysctl --values {' '.join(keys)}").splitlines()
        return [" ".join(line.split()) for line in lines]

    return values


@pytest.fixture
def release(host: Any) -> int:
    """Tell which Debian it is."""
    return int(host.check_output(". /etc/os-release; echo $VERSION_ID"))


@pytest.fixture
def rebooted(host: Any) -> bool:
    """Tell whether the host has been rebooted since it was made for this scenario."""
    name = host.backend.get_pytest_id().rpartition("/")[2]
    known = Lab(Path(os.environ["NETOPS_LAB"])).hosts()
    return bool(next(entry["boots"] for entry in known if entry["name"] == name) > 1)
