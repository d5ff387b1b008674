# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input: no crash, no hang, no write to a wrong place, no secret in a result."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.fuzz import fuzz
from faults.launch import run_in_world
from sandbox.world import World

INPUTS = 101_000
TREES = 300


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_input(seed: int, count: Callable[[str, int], None]) -> None:
    """The inputs are the same in every run; `make fuzz N=5000000 SEED=3` tries others."""
    counts, broken = fuzz(INPUTS // 2, seed, processes=1)
    count("hostile inputs", counts.total())
    assert not broken, "\n".join(broken[:10])


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_folders(seed: int, count: Callable[[str, int], None]) -> None:
    """The whole module runs on a real file system."""
    options = {"inputs": TREES // 2, "seed": seed}
    with World() as world:
        result = run_in_world(world, "trees.hostile_trees", options=options)
    count("hostile folders", result["count"])
    assert not result["problems"], "\n".join(result["problems"][:10])
