# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fleet for all tests. Each test leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fleet.fleet import SIZE, Fleet
from lab.lab import open_lab


@pytest.fixture(scope="session")
def shared_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with open_lab(tmp_path_factory.mktemp("lab") / "lab") as lab:
        yield Fleet(lab, lab.up("light", ["bookworm"], SIZE))


@pytest.fixture
def fleet(shared_fleet: Fleet) -> Iterator[Fleet]:
    yield shared_fleet
    shared_fleet.repair(list(shared_fleet.faults))
