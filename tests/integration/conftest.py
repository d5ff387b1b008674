# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook for all tests of a worker, and a throw-away host for each test."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.play import Controller
from sandbox.tasks import Asker
from sandbox.world import World


def pytest_configure() -> None:
    """Draw a fresh seed for the boot oracle, before the workers start, which inherit it."""
    os.environ.setdefault("NETOPS_FRESH_SEED", str(random.SystemRandom().randrange(1 << 32)))


def pytest_report_header() -> str:
    return f"boot oracle: NETOPS_FRESH_SEED={os.environ['NETOPS_FRESH_SEED']}"


@pytest.fixture(scope="session")
def controller() -> Iterator[Controller]:
    with Controller() as made:
        yield made


@pytest.fixture(scope="session")
def ask(controller: Controller) -> Asker:
    return Asker(controller)


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """Make worlds with options; all of them end with the test."""
    made: list[World] = []

    def make(*args: Any, **options: Any) -> World:
        made.append(World(*args, **options))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Make a host that boots with systemd, with no sysctl files at all."""
    return make_world()
