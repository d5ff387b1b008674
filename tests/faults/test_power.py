# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails at any instant: what comes back from the disk is whole-old or whole-new, and what was told to be done is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.laboratory import experiment
from faults.scenarios import SCENARIOS


@pytest.mark.parametrize(
    "scenario", ["first run", "change", "absent, nothing stays", "comment_out", "backup"]
)
def test_the_power_fails_at_each_call_that_changes_the_host(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    report = experiment("power.cut_everywhere", scenario)
    count("power cuts on a real ext4", report["count"])
    assert not report["broken"], "\n".join(report["broken"])
    assert report["count"] >= 8


@pytest.mark.parametrize("scenario", ["first run", "change"])
def test_this_bed_sees_what_a_missing_fsync_does(scenario: str) -> None:
    """Without it ext4 comes back with a file of the right name and nothing in it, or success was told and nothing is there."""
    report = experiment("power.cut_everywhere", scenario, without_fsync=True)
    assert any(
        "neither old nor new" in what or "is not new" in what for what in report["broken"]
    ), report


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_gets_its_name_before_it_is_on_the_disk(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """On any file system: data, then name, then folder, each on the disk before the next; and all of it before success is told."""
    report = experiment("power.order", scenario)
    count("names given in the order of fsyncs", report["count"])
    assert not report["broken"], "\n".join(report["broken"])
