# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls fail: all is done, or nothing is, or the message names what was not put back."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from faults.launch import run_scenario
from faults.scenarios import SCENARIOS

SHARE = int(os.environ.get("NETOPS_FAULTS_SHARE", "3"))
"""Every SHARE-th case is tried; 1 tries all of them."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_error_at_each_call(scenario: str, count: Callable[[str, int], None]) -> None:
    result = run_scenario("errors.error_everywhere", scenario, share=SHARE)
    count("injected faults", result["count"])
    assert not result["problems"], "\n".join(result["problems"])
    assert result["count"] >= 10
