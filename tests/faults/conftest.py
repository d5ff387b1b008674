# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the cases that were tried, print the counts, and fail if there are fewer than promised."""

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
"""Kind of case -> how many a whole run has at least, as docs/promises.md says."""
PROPERTY_PREFIX = "tried "

tried: Counter[str] = Counter()


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Return a function (kind, number) that counts tried cases."""

    def record(kind: str, number: int) -> None:
        record_property(f"{PROPERTY_PREFIX}{kind}", number)

    return record


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what the tests recorded; with xdist this runs in the controlling process too."""
    if report.when != "call":
        return
    for name, number in report.user_properties:
        if name.startswith(PROPERTY_PREFIX):
            kind = name[len(PROPERTY_PREFIX) :]
            tried[kind] += int(str(number))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for kind, number in sorted(tried.items()):
        line = f"{number:>9,} {kind}"
        if kind in PROMISED:
            line += f" (at least {PROMISED[kind]:,} promised)"
        terminalreporter.write_line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole",
        action="store_true",
        help="fail when fewer cases were tried than docs/promises.md says",
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    is_worker = hasattr(session.config, "workerinput")
    if is_worker or not session.config.getoption("--whole"):
        return
    too_few = {}
    for kind, promised in PROMISED.items():
        if tried[kind] < promised:
            too_few[kind] = tried[kind]
    if too_few and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nFewer than promised: {too_few}")


@pytest.fixture(scope="session")
def ask() -> Iterator[Asker]:
    with Controller() as controller:
        yield Asker(controller)
