# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of what people read: messages in one line, names, states and durations.

This file is private to this collection.
"""

from __future__ import annotations

from typing import Sequence

MOST_NAMES = 20
"""A line names so many hosts, and counts the others."""

_TASK_PREFIX = "Task failed: "
"""What ansible-core 2.19 and later puts before each message of a failure."""


def one_line(text: object) -> str:
    """Return a text in one line, with single spaces."""
    return " ".join(str(text).split())


def failure_message(message: object) -> str:
    """Return the message of a failure in one line, without what Ansible puts before it."""
    line = one_line(message)
    if line.startswith(_TASK_PREFIX):
        return line[len(_TASK_PREFIX) :]
    return line


def some_names(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Return the first names, and the number of the others."""
    shown = ", ".join(map(escape_control_characters, names[:most]))
    others = len(names) - most
    if others > 0:
        return f"{shown} and {others} more"
    return shown


def label(state: str) -> str:
    """Return a state or an outcome as users read it."""
    return state.replace("_", " ")


def format_duration(seconds: float) -> str:
    """Return a duration in hours, minutes and seconds, such as "1 h 3 min 45 s"."""
    rest = round(seconds)
    if rest < 120:
        return f"{rest} s"
    minutes, rest = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def escape_control_characters(text: str) -> str:
    """Escape what would move the cursor or change the colours of a terminal."""
    result = ""
    for character in text:
        if character.isprintable():
            result += character
        else:
            quoted = ascii(character)
            result += quoted[1:-1]
    return result
