# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A killed run leaves every file completely old or completely new; the next run finishes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.launch import run_scenario
from faults.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_each_call_that_changes_the_host(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    result = run_scenario("kill.kill_everywhere", scenario)
    count("kill points", result["count"])
    assert not result["problems"], "\n".join(result["problems"])
    assert result["count"] >= 7, "every scenario has at least so many"
