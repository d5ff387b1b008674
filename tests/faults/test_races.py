# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, and other programs at work on the same keys and files."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from faults.laboratory import run
from sandbox.world import World

ROUNDS = 216
"""Six for each pair of the runs."""
SEEDS = (1, int(os.environ.get("NETOPS_FRESH_SEED", "2")) % 10**6)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_runs_at_once_come_to_what_one_after_the_other_comes_to(
    seed: int, count: Callable[[str, int], None]
) -> None:
    with World() as world:
        report = run(world, "races.two_at_once", options={"rounds": ROUNDS // 2, "seed": seed})
    count("race rounds", report["count"])
    assert not report["broken"], "\n".join(report["broken"])


@pytest.mark.parametrize("scenario", ["change", "backup"])
def test_another_program_sets_a_key_at_any_time(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """Between our write and our reading it back it is told as what it is, and all is taken back; before, ours wins; after, nobody can know."""
    with World() as world:
        report = run(world, "races.key_meddled_with", options={"scenario": scenario})
    count("keys set by another program", report["count"])
    assert not report["broken"], "\n".join(report["broken"])


@pytest.mark.parametrize(
    "scenario", ["first run", "change", "backup", "absent, nothing stays", "comment_out"]
)
def test_another_program_changes_a_file_at_any_time(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """What it did is there afterwards, but for what it does between two system calls, our last look and our rename: Linux can
    exchange two names, which Python cannot ask it for.
    """
    with World() as world:
        report = run(world, "races.file_meddled_with", options={"scenario": scenario})
    count("files changed by another program", report["count"])
    assert not report["broken"], "\n".join(report["broken"])
    assert len(report["windows"]) <= 4, report["windows"]
