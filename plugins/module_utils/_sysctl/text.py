# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of files, keys and values, in which bytes that are not UTF-8 survive (surrogateescape)."""

from __future__ import annotations

LONGEST_WRITE = 4095
"""Bytes of one write that the kernel looks at, the line end included."""
_LONGEST_QUOTE = 199
"""Characters."""


def printable(text: str) -> str:
    """Return a text with U+FFFD in place of the bytes that are not UTF-8.

    Half of a surrogate pair, which stands for no byte, becomes a question mark.
    """
    if text.isascii():
        return text
    try:
        data = encode(text)
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    return data.decode("utf-8", "replace")


def stands_for_bytes(text: str) -> bool:
    """Tell whether ``encode`` can encode a text: it cannot encode half of a surrogate pair."""
    try:
        encode(text)
    except UnicodeEncodeError:
        return False
    return True


def decode(data: bytes) -> str:
    """Return bytes as text; ``encode`` gives the same bytes again."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that ``decode`` may have made."""
    return text.encode("utf-8", "surrogateescape")


def quote(value: object) -> str:
    """Return a value as messages show it: text in quotes, and no longer than a line.

    Users write YAML, where None is null, and True is true.
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    quoted = repr(value)
    if len(quoted) <= _LONGEST_QUOTE:
        return quoted
    end = quoted[0] if quoted[0] in "'\"" else ""
    return f"{quoted[:99]}{end}... ({len(quoted)} characters)"
