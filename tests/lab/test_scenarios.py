# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule passes over a scenario that has no tests, or no reboot between them: none may have none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lab.roots import PROJECT

SHARED = PROJECT / "extensions/molecule/config.yml"
SCENARIOS = sorted(path.parent for path in (PROJECT / "extensions/molecule").glob("*/molecule.yml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[path.name for path in SCENARIOS])
def test_a_scenario_has_what_makes_it_one(scenario: Path) -> None:
    assert (scenario / "converge.yml").is_file()
    assert list((scenario / "tests").glob("test_*.py"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[path.name for path in SCENARIOS])
def test_a_scenario_is_looked_at_before_and_after_a_reboot(scenario: Path) -> None:
    own = yaml.safe_load((scenario / "molecule.yml").read_text(encoding="utf-8")) or {}
    shared = yaml.safe_load(SHARED.read_text(encoding="utf-8"))
    steps = own.get("scenario", shared["scenario"])["test_sequence"]
    assert steps[:5] == ["create", "prepare", "converge", "idempotence", "verify"]
    assert steps[5] == "side_effect"
    assert steps[-2:] == ["verify", "destroy"]
    playbooks = {**shared["ansible"]["playbooks"], **own.get("ansible", {}).get("playbooks", {})}
    assert playbooks["side_effect"] == "../shared/reboot.yml"
