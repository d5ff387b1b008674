# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a power failure each file is completely old or new; what was reported as done is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.launch import run_scenario
from faults.scenarios import SCENARIOS


@pytest.mark.parametrize(
    "scenario", ["first run", "change", "absent, no setting stays", "comment_out", "backup"]
)
def test_the_power_fails_at_each_call_that_changes_the_host(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    result = run_scenario("power.cut_everywhere", scenario)
    count("power cuts on a real ext4", result["count"])
    assert not result["problems"], "\n".join(result["problems"])
    assert result["count"] >= 8


@pytest.mark.parametrize("scenario", ["first run", "change"])
def test_the_experiment_notices_a_missing_fsync(scenario: str) -> None:
    """Without fsync a file comes back empty, or is missing although success was reported."""
    result = run_scenario("power.cut_everywhere", scenario, without_fsync=True)
    damaged = []
    for problem in result["problems"]:
        if "neither old nor new" in problem or "is not new" in problem:
            damaged.append(problem)
    assert damaged, result


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_data_name_and_folder_are_synced_in_this_order(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """Each is on the disk before the next, and all of them before the end; on any file system."""
    result = run_scenario("power.check_sync_order", scenario)
    count("names given in the order of fsyncs", result["count"])
    assert not result["problems"], "\n".join(result["problems"])
