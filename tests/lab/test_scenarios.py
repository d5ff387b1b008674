# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each Molecule scenario has tests, and runs them before and after a reboot.

Molecule itself accepts a scenario without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from lab.roots import PROJECT

MOLECULE = PROJECT / "extensions/molecule"
SCENARIOS = sorted(path.parent for path in MOLECULE.glob("*/molecule.yml"))

for_each_scenario = pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=[path.name for path in SCENARIOS]
)


def read_yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


@for_each_scenario
def test_a_scenario_has_a_playbook_and_tests(scenario: Path) -> None:
    assert (scenario / "converge.yml").is_file()
    assert list((scenario / "tests").glob("test_*.py"))


@for_each_scenario
def test_a_scenario_is_verified_before_and_after_a_reboot(scenario: Path) -> None:
    own = read_yaml(scenario / "molecule.yml")
    shared = read_yaml(MOLECULE / "config.yml")
    steps = own.get("scenario", shared["scenario"])["test_sequence"]
    assert steps[:5] == ["create", "prepare", "converge", "idempotence", "verify"]
    assert steps[5] == "side_effect"
    assert steps[-2:] == ["verify", "destroy"]
    playbooks = {**shared["ansible"]["playbooks"], **own.get("ansible", {}).get("playbooks", {})}
    assert playbooks["side_effect"] == "../shared/reboot.yml"
