# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module says of the next boot, where kernel, firmware or initramfs set keys."""

from __future__ import annotations

from pathlib import Path

from lab.lab import open_lab
from lab_testing.machine_scenarios import SCENARIOS
from lab_testing.statements import Count, check_scenarios


def test_no_statement_is_contradicted_by_the_boot(tmp_path: Path, count: Count) -> None:
    with open_lab(tmp_path / "lab") as lab:
        check_scenarios(lab, tmp_path, SCENARIOS, count)
    count.check()
    assert count["doubted rightly"], "no scenario has a doubt, so this test shows little"
