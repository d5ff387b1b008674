# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all scenarios. Each test runs on every host, before and after a reboot."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab.lab import Lab

RELEASES = {"bullseye", "bookworm", "trixie"}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Check that there are hosts to test: without any, all tests would pass."""
    releases = {
        host["release"] for host in Lab(Path(os.environ["NETOPS_LAB"])).hosts() if host["up"]
    }
    assert releases == RELEASES, releases
    assert len(session.items) >= len(RELEASES)


@pytest.fixture
def sysctl(host: Any) -> Callable[..., list[str]]:
    """Return a function that reads the values of keys on the host, with single blanks."""

    def read_values(*keys: str) -> list[str]:
        lines = host.check_output(f"sysctl --values {' '.join(keys)}").splitlines()
        return [" ".join(line.split()) for line in lines]

    return read_values


@pytest.fixture
def keepalive(sysctl: Callable[..., list[str]]) -> list[str]:
    """Return the time, probes and intvl of TCP keepalive on the host."""
    return sysctl(
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_intvl",
    )


@pytest.fixture
def release(host: Any) -> int:
    """Return the number of the Debian release."""
    return int(host.check_output(". /etc/os-release; echo $VERSION_ID"))


@pytest.fixture
def rebooted(host: Any) -> bool:
    """Return whether the host has been rebooted since it was created for this scenario."""
    name = host.backend.get_pytest_id().rpartition("/")[2]
    hosts = Lab(Path(os.environ["NETOPS_LAB"])).hosts()
    boots = {entry["name"]: entry["boots"] for entry in hosts}
    return bool(boots[name] > 1)
