# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have an experiment done in a world of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sandbox.play import collections_path
from sandbox.world import World

from .scenarios import SCENARIOS

TOOLS = Path(__file__).parent.parent


def experiment(name: str, scenario: str, **options: Any) -> Any:
    """Run `faults.<name>` in a world as the scenario wants it; return what it reports."""
    wanted = SCENARIOS[scenario]
    with World(loader=wanted.loader, interfaces=wanted.interfaces) as world:
        return run(world, name, scenario=scenario, options=options)


def run(world: World, name: str, **job: Any) -> Any:
    env = {"PYTHONPATH": f"{TOOLS}:{collections_path()}"}
    told = json.dumps({"experiment": name, "options": {}, **job})
    ran = world.run([sys.executable, "-m", "faults"], stdin=told, env=env, timeout=900)
    assert ran.rc == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout)
