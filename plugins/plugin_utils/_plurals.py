# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers in messages.

This file is private to this collection.
"""

from __future__ import annotations


def count_text(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 host", "2 hosts"."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {plural or noun + 's'}"


def count_hosts(number: int) -> str:
    """Return a number of hosts with its noun."""
    return count_text(number, "host")
