# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any instant, a run leaves every file whole-old or whole-new, and the next run finishes the job."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.laboratory import experiment
from faults.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_each_call_that_changes_the_host(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    report = experiment("kill.kill_everywhere", scenario)
    count("kill points", report["count"])
    assert not report["broken"], "\n".join(report["broken"])
    assert report["count"] >= 7, "so many there are at least, whatever is asked"
