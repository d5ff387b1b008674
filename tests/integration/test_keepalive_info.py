# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcp_keepalive_info: the settings, what becomes of real connections, whose they are, and the other namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.connections import ARMED, Holder, by_ss
from support.tasks import Asker, keepalive_info
from support.world import World


def counts(with_: int = 0, without: int = 0, unknown: int = 0, stale: int = 0) -> dict[str, int]:
    return {
        "established": with_ + without + unknown,
        "with_keepalive": with_,
        "without_keepalive": without,
        "unknown": unknown,
        "stale": stale,
    }


def connections(world: World, ask: Asker) -> Any:
    """Give the counts, which are also those of ss."""
    result = ask.again(world, keepalive_info(namespaces=False))
    assert (result["source"], result["problems"]) == ("sock_diag", [])
    found = result["connections"]
    assert {name: found[name] for name in by_ss(world)} == by_ss(world)
    return found


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    made = make_world()
    made.run(["ip", "link", "set", "lo", "up"])
    return made


@pytest.fixture
def holder(world: World) -> Iterator[Holder]:
    with Holder(world) as made:
        yield made


# --- settings ---


def test_nothing_there(world: World, ask: Asker) -> None:
    result = ask.again(world, keepalive_info())
    names = (
        "settings",
        "dead_after",
        "loader",
        "connections",
        "source",
        "processes",
        "processes_unseen",
        "namespaces",
        "problems",
    )
    assert {name: result[name] for name in names} == {
        "settings": {
            "time": {"runtime": 7200, "boot": None},
            "probes": {"runtime": 9, "boot": None},
            "intvl": {"runtime": 75, "boot": None},
        },
        "dead_after": 7875,
        "loader": "systemd",
        "connections": counts(),
        "source": "sock_diag",
        "processes": [],
        "processes_unseen": 0,
        "namespaces": [],
        "problems": [],
    }


# --- connections ---


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"], ids=["IPv4", "IPv6", "v4-mapped"])
def test_armed_or_not(world: World, ask: Asker, holder: Holder, address: str) -> None:
    holder.pair("armed", ARMED, address)
    holder.pair("not", (), address)
    assert connections(world, ask) == counts(with_=1, without=3)
