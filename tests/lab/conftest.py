# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from lab import roots
from lab_testing.machine import isolate


@pytest.fixture(scope="session")
def hierarchy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the cgroup hierarchy is mounted, in mounts of this test run."""
    return isolate(tmp_path_factory.mktemp("cgroups"))


@pytest.fixture(scope="session", autouse=True)
def _build_roots() -> None:
    roots.make_roots(roots.RELEASES)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a lab that does not exist yet."""
    return tmp_path / "lab"
