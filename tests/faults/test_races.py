# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once, and other programs that change the same keys and files."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from faults.launch import run_in_world
from sandbox.world import World

ROUNDS = 216
"""Six for each pair of runs."""
SEEDS = (1, int(os.environ.get("NETOPS_FRESH_SEED", "2")) % 10**6)
MAX_WINDOWS = 4


@pytest.mark.parametrize("seed", SEEDS)
def test_two_runs_at_once_come_to_the_same_as_one_after_the_other(
    seed: int, count: Callable[[str, int], None]
) -> None:
    options = {"rounds": ROUNDS // 2, "seed": seed}
    with World() as world:
        result = run_in_world(world, "races.two_at_once", options=options)
    count("race rounds", result["count"])
    assert not result["problems"], "\n".join(result["problems"])


@pytest.mark.parametrize("scenario", ["change", "backup"])
def test_another_program_sets_a_key_at_any_time(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """Between our write and our read-back it is reported, and everything is undone.

    Before our write, our value wins; after our read-back nobody can notice.
    """
    options = {"scenario": scenario}
    with World() as world:
        result = run_in_world(world, "races.other_program_sets_key", options=options)
    count("keys set by another program", result["count"])
    assert not result["problems"], "\n".join(result["problems"])


@pytest.mark.parametrize(
    "scenario",
    [
        "first run",
        "change",
        "backup",
        "absent, no setting stays",
        "comment_out",
        "an overlay",
        "an overlay, absent",
    ],
)
def test_another_program_changes_a_file_at_any_time(
    scenario: str, count: Callable[[str, int], None]
) -> None:
    """What it did is there afterwards, except between our last look and our rename.

    Only renameat2(2) with RENAME_EXCHANGE could close this window; Python does not offer it.
    """
    options = {"scenario": scenario}
    with World() as world:
        result = run_in_world(world, "races.other_program_changes_files", options=options)
    count("files changed by another program", result["count"])
    assert not result["problems"], "\n".join(result["problems"])
    assert len(result["windows"]) <= MAX_WINDOWS, result["windows"]
