# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process of ansible-playbook for all tests of a worker, a throw-away host for each test."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.play import Controller
from sandbox.tasks import Asker
from sandbox.world import World

SHARE = int(os.environ.get("NETOPS_SHARE", "1"))
"""One of so many tests runs. Which ones depends on the seed, so that a few runs try them all."""


def pytest_configure() -> None:
    """Choose a fresh seed, before the workers start, which inherit it."""
    os.environ.setdefault("NETOPS_FRESH_SEED", str(random.SystemRandom().randrange(1 << 32)))


def pytest_report_header() -> str:
    return f"one of {SHARE} tests, NETOPS_FRESH_SEED={os.environ['NETOPS_FRESH_SEED']}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the share of this run: every SHARE-th test of each file."""
    first = int(os.environ["NETOPS_FRESH_SEED"]) % SHARE
    selected = items[first::SHARE]
    deselected = [item for number, item in enumerate(items) if number % SHARE != first]
    config.hook.pytest_deselected(items=deselected)
    items[:] = selected


@pytest.fixture(scope="session")
def controller() -> Iterator[Controller]:
    with Controller() as opened:
        yield opened


@pytest.fixture(scope="session")
def ask(controller: Controller) -> Asker:
    return Asker(controller)


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """Return a function that makes worlds with options. They end with the test."""
    worlds: list[World] = []

    def make(*args: Any, **options: Any) -> World:
        world = World(*args, **options)
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Make a host that boots with systemd, without any sysctl files."""
    return make_world()
