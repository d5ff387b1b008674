# SPDX-License-Identifier: GPL-3.0-or-later

"""Text of files, keys and values: bytes that are not UTF-8 survive (surrogateescape)."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text with bytes that are no UTF-8 replaced."""
    return (
        text
        if text.isascii()
        else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
