# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from lab import roots
from lab_testing.machine import isolate
from lab_testing.statements import Count

COUNTS: pytest.StashKey[list[Count]] = pytest.StashKey()


@pytest.fixture(scope="session")
def hierarchy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the cgroup hierarchy is mounted, in mounts of this test run."""
    return isolate(tmp_path_factory.mktemp("cgroups"))


@pytest.fixture(scope="session", autouse=True)
def _build_roots() -> None:
    roots.make_roots(roots.RELEASES)


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Count:
    """Return a count of statements about a boot, which is shown at the end of the test run."""
    own = Count()
    request.config.stash.setdefault(COUNTS, []).append(own)
    return own


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    total = Count()
    for own in config.stash.get(COUNTS, []):
        for verdict, cases in own.cases.items():
            for case in cases:
                total.add(verdict, case)
    if total:
        terminalreporter.write_line(total.summary())
        for verdict in ("wrong", "doubted wrongly"):
            for case in total.cases[verdict]:
                terminalreporter.write_line(f"  {verdict}: {case}")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a lab that does not exist yet."""
    return tmp_path / "lab"
