# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from lab import roots
from lab_testing.machine import a_machine_of_ones_own


@pytest.fixture(scope="session")
def hierarchy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_machine_of_ones_own(tmp_path_factory.mktemp("cgroups"))


@pytest.fixture(scope="session", autouse=True)
def made() -> None:
    roots.roots(roots.RELEASES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lab"
