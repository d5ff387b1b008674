# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages are one printable line, and show no more of a value than a line."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.one_line import as_message
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import printable, quote

# A text, and what a message shows of it.
MESSAGES = [
    ("plain", "plain"),
    ("two\nlines\r", "two\\nlines\\r"),
    ("\x1b[31mred", "\\x1b[31mred"),
    ("caf\u00e9", "caf\u00e9"),
    ("from left to \u202eright", "from left to \\u202eright"),
    ("not UTF-8: \udcff", "not UTF-8: \ufffd"),
    ("a " + "b" * 500 + " c", "a " + "b" * 99 + "... (500 characters) c"),
    ("many words " * 100, "many words " * 100),
]


@pytest.mark.parametrize(("text", "message"), MESSAGES)
def test_a_message_is_one_printable_line(text, message):
    assert as_message(text) == message
    assert as_message(text).isprintable()


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("a", "'a'"),
        ("a" * 500, "'" + "a" * 98 + "'... (502 characters)"),
        (["a"] * 100, "[" + "'a', " * 19 + "'a'" + "... (500 characters)"),
    ],
)
def test_no_more_of_a_value_is_shown_than_a_line(value, quoted):
    assert quote(value) == quoted


def test_half_of_a_surrogate_pair_can_be_shown():
    assert printable("\ud800x\udcff") == "?x?"
