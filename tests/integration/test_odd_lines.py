# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sysctl_info says for certain of generated lines is what the real loader makes of them.

The lines are for any key of the network, and as odd as files of others may be.
`python -m sandbox.odd_lines COUNT` checks more of them by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sandbox.odd_lines import check_odd_lines
from sandbox.play import target_python
from sandbox.world import World

AT_ONCE = 50
SEEDS = range(0, 200, AT_ONCE)
SEEDS_OF_DEFECTS = {
    20946: "one number of a pair, after a line with both",
}


@pytest.fixture(scope="module", params=["systemd", "procps"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(loader=request.param) as opened:
        yield opened


@pytest.mark.parametrize("first", SEEDS)
def test_fixed_seeds(world: World, first: int) -> None:
    assert list(check_odd_lines(world, first, AT_ONCE, target_python())) == []


@pytest.mark.parametrize("seed", SEEDS_OF_DEFECTS)
def test_seeds_of_corrected_defects(world: World, seed: int) -> None:
    assert list(check_odd_lines(world, seed, 1, target_python())) == []


def test_a_fresh_seed(world: World) -> None:
    """The header of the run shows the seed; set NETOPS_FRESH_SEED to it to try it again."""
    first = int(os.environ["NETOPS_FRESH_SEED"])
    assert list(check_odd_lines(world, first, 10, target_python())) == []
