# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of what people read."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import (
    failure_message,
    format_duration,
    some_names,
)


def test_a_message_becomes_one_line_without_the_prefix_of_ansible():
    assert failure_message("Task failed: one\n  two ") == "one two"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a", "b"], "a, b"),
        (["a", "b", "c", "d"], "a, b and 2 more"),
        (["\x1b[2J"], r"\x1b[2J"),
    ],
)
def test_some_names(names, text):
    assert some_names(names, most=2) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (25, "25 s"),
        (59.6, "60 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3600, "1 h"),
        (3825, "1 h 3 min 45 s"),
        (0, "0 s"),
    ],
)
def test_format_duration(seconds, text):
    assert format_duration(seconds) == text
