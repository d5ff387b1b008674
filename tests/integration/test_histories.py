# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated hosts boot as the collection says: the target's Python runs it, the real loader boots.

Histories are tasks over keys that act on each other. One that fails leaves every key of the network
as it was. So does a rollout that is rolled back, and passing `previous` of a task back to it.
Odd lines are for any key of the network, and as odd as files of others may be: what sysctl_info
says for certain is what the loader makes of them.
Random writes, from any state of the network, change what the table of couplings says.
`python -m sandbox.histories COUNT`, `sandbox.odd_lines` and `sandbox.random_writes` check more of
them by hand.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.histories import FIRST_WITH_MORE, check_histories
from sandbox.odd_lines import check_odd_lines
from sandbox.play import target_python
from sandbox.random_writes import check_random_writes
from sandbox.world import World

AT_ONCE = 50
COUNT = 1000
"""How many histories run with each loader."""
WITH_MORE_KEYS = range(FIRST_WITH_MORE, FIRST_WITH_MORE + COUNT // 5, AT_ONCE)
HISTORIES = [(check_histories, first) for first in (*range(0, COUNT, AT_ONCE), *WITH_MORE_KEYS)]
ODD_LINES = [(check_odd_lines, first) for first in range(0, 200, AT_ONCE)]
RANDOM_WRITES = [(check_random_writes, first) for first in range(0, 100, AT_ONCE)]
DEFECTS = {
    "a rollout that set a variable under two names went back to a value between": (
        check_histories,
        20000191,
    ),
    "one number of a pair, after a line with both": (check_odd_lines, 20946),
    "a 0 or 1 for a key of words": (check_odd_lines, 30301),
    "a mask that is refused once it has changed": (check_odd_lines, 31138),
    "a negative time of more than 32 bits": (check_odd_lines, 700058),
}
"""Corrected defect -> what has shown it, with the seed."""

Check = Callable[[World, int, int, str], Iterator[dict[str, Any]]]


@pytest.fixture(scope="module", params=["systemd", "procps"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(loader=request.param) as opened:
        yield opened


@pytest.mark.parametrize(("check", "first"), HISTORIES + ODD_LINES + RANDOM_WRITES)
def test_fixed_seeds(world: World, check: Check, first: int) -> None:
    assert list(check(world, first, AT_ONCE, target_python())) == []


@pytest.mark.parametrize(("check", "seed"), DEFECTS.values(), ids=DEFECTS)
def test_seeds_of_corrected_defects(world: World, check: Check, seed: int) -> None:
    assert list(check(world, seed, 1, target_python())) == []


@pytest.mark.parametrize("check", [check_histories, check_odd_lines, check_random_writes])
def test_a_fresh_seed(world: World, check: Check) -> None:
    """The header of the run shows the seed; set NETOPS_FRESH_SEED to it to try it again."""
    first = int(os.environ["NETOPS_FRESH_SEED"])
    assert list(check(world, first, 10, target_python())) == []
