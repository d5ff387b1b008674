# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers in messages."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_text


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ["host"], "0 hosts"),
        (1, ["host"], "1 host"),
        (2, ["host"], "2 hosts"),
        (1, ["batch", "batches"], "1 batch"),
        (4, ["batch", "batches"], "4 batches"),
    ],
)
def test_count_text(number, nouns, text):
    assert count_text(number, *nouns) == text
