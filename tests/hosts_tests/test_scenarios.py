# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule passes over a scenario that has no tests: none may have none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hosts.roots import PROJECT

SCENARIOS = sorted(path.parent for path in (PROJECT / "extensions/molecule").glob("*/molecule.yml"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[path.name for path in SCENARIOS])
def test_a_scenario_has_what_makes_it_one(scenario: Path) -> None:
    assert (scenario / "converge.yml").is_file()
    assert list((scenario / "tests").glob("test_*.py"))
