# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of files, keys and values, in which bytes that are not UTF-8 survive (surrogateescape)."""

from __future__ import annotations

from typing import Sequence


def printable(text: str) -> str:
    """Return a text with U+FFFD in place of the bytes that are not UTF-8."""
    if text.isascii():
        return text
    return encode(text).decode("utf-8", "replace")


def decode(data: bytes) -> str:
    """Return bytes as text; ``encode`` gives the same bytes again."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that ``decode`` may have made."""
    return text.encode("utf-8", "surrogateescape")


def shorten(items: Sequence[str], limit: int, listed_in: str = "") -> list[str]:
    """Return the first items and how many more there are.

    listed_in: the part of the result that has all of them.
    """
    more = len(items) - limit
    if more <= 0:
        return list(items)
    source = f": see '{listed_in}'" if listed_in else ""
    return [*items[:limit], f"and {more} more{source}"]
