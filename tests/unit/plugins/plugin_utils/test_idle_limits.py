# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The idle limits of networks stand once in the code; what users read says the same."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.netops.tuning.plugins.plugin_utils._idle_limits import IDLE_LIMITS

PROJECT = Path(__file__).parents[4]


def test_the_guide_lists_each_limit():
    guide = (PROJECT / "docs/choosing-numbers.md").read_text(encoding="utf-8")
    _before, table = guide.split("| on the path | drops after | source |")
    rows = re.findall(r"^\| ([^|]+) \| (\d+) s[ (|]", table.split("\n\n")[0], re.MULTILINE)
    documented = [(int(seconds), name) for name, seconds in rows]
    assert sorted(documented) == sorted((limit.seconds, limit.name) for limit in IDLE_LIMITS)


def test_the_documentation_of_the_option_lists_each_limit():
    module = (PROJECT / "plugins/modules/tcp_keepalive.py").read_text(encoding="utf-8")
    _before, option = module.split("\n  idle_limit:\n")
    lines = re.findall(r"^      - (\d+) for ", option.split("\n    type: ")[0], re.MULTILINE)
    assert list(map(int, lines)) == [limit.seconds for limit in IDLE_LIMITS]


def test_a_short_name_is_that_of_one_limit():
    names = {limit.seconds: limit.short for limit in IDLE_LIMITS}
    assert {(limit.seconds, limit.short) for limit in IDLE_LIMITS} == set(names.items())
