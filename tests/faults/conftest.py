# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what was tried, says so at the end of a run, and fails a whole run in which it has become less than promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.play import Controller
from sandbox.tasks import Asker

PROMISED = {
    "kill points": 500,
    "power cuts on a real ext4": 90,
    "injected faults": 1_500,
    "race rounds": 200,
    "files changed by another program": 1_500,
    "keys set by another program": 150,
    "hostile inputs": 100_000,
    "hostile folders": 300,
}
"""As docs/promises.md has it."""
tried: Counter[str] = Counter()


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Take down how much of a kind was tried."""
    return lambda kind, number: record_property(f"tried {kind}", number)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        for name, number in report.user_properties:
            if name.startswith("tried "):
                tried[name[len("tried ") :]] += int(str(number))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for kind, number in sorted(tried.items()):
        promised = f" (at least {PROMISED[kind]:,} promised)" if kind in PROMISED else ""
        terminalreporter.write_line(f"{number:>9,} {kind}{promised}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole",
        action="store_true",
        help="fail when fewer cases were tried than docs/promises.md says",
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    controlling = not hasattr(session.config, "workerinput")
    if controlling and session.config.getoption("--whole"):
        short = {kind: tried[kind] for kind, promised in PROMISED.items() if tried[kind] < promised}
        if short and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            print(f"\nFewer than promised: {short}")


@pytest.fixture(scope="session")
def ask() -> Iterator[Asker]:
    with Controller() as controller:
        yield Asker(controller)
