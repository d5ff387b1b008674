# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def rolled_back(host: Any) -> bool:
    """Return whether back.yml has rolled the host back."""
    return bool(host.file("/root/rolled-back").exists)


def test_values(keepalive: list[str], rolled_back: bool) -> None:
    expected = ["1200", "8", "31"] if rolled_back else ["60", "5", "60"]
    assert keepalive == expected


def test_rollback_restores_the_exact_state(host: Any, rolled_back: bool) -> None:
    before = host.file("/root/state-before").content_string.splitlines()
    now = host.check_output("print-state").splitlines()
    difference = sorted(set(now) ^ set(before))
    assert (now == before) == rolled_back, difference


def test_only_root_can_read_the_ledger(host: Any) -> None:
    folder = host.file("/var/lib/netops-tuning")
    assert (folder.user, folder.mode) == ("root", 0o700)
    assert folder.listdir()
