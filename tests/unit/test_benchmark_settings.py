# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark of keys that act on no other measures keys that act on no other."""

from __future__ import annotations

import runpy
from pathlib import Path

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    may_be_coupled,
    may_be_limited,
    may_be_rounded,
    may_have_grammar,
)

PROJECT = Path(__file__).parents[2]


def test_keys_of_the_benchmark_act_on_no_other():
    benchmark = runpy.run_path(str(PROJECT / "benchmarks/settings.py"))
    settings = benchmark["tcp_settings"]()
    assert len(settings) == 50
    for rule in (may_be_coupled, may_be_limited, may_be_rounded, may_have_grammar):
        assert [key for key in settings if rule(key)] == [], rule.__name__
