# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system call on the host fails once, or from then on: all is done, or nothing, or what could not be put back is told."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from faults.laboratory import experiment
from faults.scenarios import SCENARIOS

SHARE = int(os.environ.get("NETOPS_FAULTS_SHARE", "3"))
"""One case of so many is tried; 1 tries all of them."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_error_at_each_call(scenario: str, count: Callable[[str, int], None]) -> None:
    report = experiment("errors.error_everywhere", scenario, share=SHARE)
    count("injected faults", report["count"])
    assert not report["broken"], "\n".join(report["broken"])
    assert report["count"] >= 10
