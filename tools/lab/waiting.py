# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until something has happened on the machine or on a host."""

from __future__ import annotations

import time
from collections.abc import Callable

ATTEMPTS = 3000
"""How often to look: for a quarter of an hour or longer.

Attempts are counted and not seconds, so that there is more time on a machine that is busy.
"""
FIRST_PAUSE = 0.005
"""Seconds between two attempts at first: most of what is awaited happens quickly."""
LONGEST_PAUSE = 0.3


class NotReachedError(Exception):
    """What was awaited has not happened; the message is for the user."""


def wait_until(holds: Callable[[], bool], problem: Callable[[], str]) -> None:
    """Wait until a condition holds. The problem is what to say if it never does."""
    for attempt in range(ATTEMPTS):
        if holds():
            return
        time.sleep(min(FIRST_PAUSE + attempt / 1000, LONGEST_PAUSE))
    raise NotReachedError(f"{problem()}, after {ATTEMPTS:,} attempts")
