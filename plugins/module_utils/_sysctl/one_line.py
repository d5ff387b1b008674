# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of one line, whatever a value or a list in them holds.

Imported only where there is something to say: most runs have neither an error nor a warning.
"""

from __future__ import annotations

import re
from typing import Sequence

from .text import printable

_LONGEST_WORD = 300
"""Characters."""


def as_message(text: str) -> str:
    """Return a text as one printable line in which no word is long.

    Line ends and other characters that cannot be printed become escapes, as in Python.
    """
    if not text.isprintable():
        text = "".join(map(_printable_character, printable(text)))
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", _shorten_word, text)


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _shorten_word(match: re.Match[str]) -> str:
    word = match.group()
    return f"{word[:99]}... ({len(word)} characters)"


def shorten(items: Sequence[str], limit: int, listed_in: str = "") -> list[str]:
    """Return the first items and how many more there are.

    listed_in: the part of the result that has all of them.
    """
    more = len(items) - limit
    if more <= 0:
        return list(items)
    source = f": see '{listed_in}'" if listed_in else ""
    return [*items[:limit], f"and {more} more{source}"]
