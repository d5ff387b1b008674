# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start an experiment in a world of its own, and return its result."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sandbox.play import collections_path
from sandbox.world import World

from .scenarios import SCENARIOS

TOOLS = Path(__file__).parent.parent
TIMEOUT = 900
"""Seconds."""


def run_scenario(experiment: str, scenario: str, **options: Any) -> Any:
    """Run an experiment (module.function) in a world made for the scenario of this name."""
    wanted = SCENARIOS[scenario]
    with World(loader=wanted.loader, interfaces=wanted.interfaces) as world:
        return run_in_world(world, experiment, scenario=scenario, options=options)


def run_in_world(world: World, experiment: str, **job: Any) -> Any:
    """Run an experiment in a world. job: see ``__main__.py``."""
    env = {"PYTHONPATH": f"{TOOLS}:{collections_path()}"}
    job_json = json.dumps({"experiment": experiment, "options": {}, **job})
    process = world.run([sys.executable, "-m", "faults"], stdin=job_json, env=env, timeout=TIMEOUT)
    assert process.rc == 0, process.stdout + process.stderr
    return json.loads(process.stdout)
