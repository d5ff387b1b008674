# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of files, keys and values, in which bytes that are not UTF-8 survive (surrogateescape)."""

from __future__ import annotations


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
