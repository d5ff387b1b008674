# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile input: no crash, no hang, no write to where nothing is to be written, no secret told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from faults.fuzz import fuzz
from faults.laboratory import run
from sandbox.world import World

INPUTS = 101_000
TREES = 300


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_input(seed: int, count: Callable[[str, int], None]) -> None:
    """The same in every run; `make fuzz N=5000000 SEED=3` goes further."""
    kinds, broken = fuzz(INPUTS // 2, seed, processes=1)
    count("hostile inputs", kinds.total())
    assert not broken, "\n".join(broken[:10])


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_folders(seed: int, count: Callable[[str, int], None]) -> None:
    """On a real file system, with the whole module."""
    with World() as world:
        report = run(world, "trees.hostile_trees", options={"inputs": TREES // 2, "seed": seed})
    count("hostile folders", report["count"])
    assert not report["broken"], "\n".join(report["broken"][:10])
