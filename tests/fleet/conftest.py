# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fleet for all tests, each of which leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fleet.fleet import SIZE, Fleet
from lab.lab import open_lab


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with open_lab(tmp_path_factory.mktemp("lab") / "lab") as lab:
        yield Fleet(lab, lab.up("light", ["bookworm"], SIZE))


@pytest.fixture
def fleet(hosts: Fleet) -> Iterator[Fleet]:
    yield hosts
    hosts.mend(list(hosts.faults))
