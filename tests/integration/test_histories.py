# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated histories of keys that act on each other end as the collection says.

The target's Python runs the tasks, and the real loader boots after each history. A task that fails
leaves every key of the network as it was. So does a rollout that is rolled back, and passing
`previous` of a task back to it.
`python -m sandbox.histories COUNT` runs more of them by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sandbox.histories import check_histories
from sandbox.play import target_python
from sandbox.world import World

AT_ONCE = 50
SEEDS = range(0, 1000, AT_ONCE)
SEEDS_OF_DEFECTS = {
    20000191: "a rollout that set a variable under two names went back to a value between",
}


@pytest.fixture(scope="module", params=["systemd", "procps"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(loader=request.param) as opened:
        yield opened


@pytest.mark.parametrize("first", SEEDS)
def test_fixed_seeds(world: World, first: int) -> None:
    assert list(check_histories(world, first, AT_ONCE, target_python())) == []


@pytest.mark.parametrize("seed", SEEDS_OF_DEFECTS)
def test_seeds_of_corrected_defects(world: World, seed: int) -> None:
    assert list(check_histories(world, seed, 1, target_python())) == []


def test_a_fresh_seed(world: World) -> None:
    """The header of the run shows the seed; set NETOPS_FRESH_SEED to it to try it again."""
    first = int(os.environ["NETOPS_FRESH_SEED"])
    assert list(check_histories(world, first, 10, target_python())) == []
