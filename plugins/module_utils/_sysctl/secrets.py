# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret settings, and how results and messages show a value."""

from __future__ import annotations

from .text import printable, quote

SECRET_SUFFIXES = ("tcp_fastopen_key", "stable_secret")
"""Ends of the keys whose values are never shown.

Whoever knows them can forge TCP cookies, or recognize the host in any network.
"""

REDACTED = "(secret)"


def is_secret(key: str) -> bool:
    """Tell whether the values of a key must never be shown."""
    return key.endswith(SECRET_SUFFIXES)


def display_value(key: str, value: str | None) -> str | None:
    """Return a value as results show it: never a secret, printable, fields one blank apart."""
    if not value:
        return value
    if is_secret(key):
        return REDACTED
    return printable(" ".join(value.split()))


def quote_value(key: str, value: str | None) -> str:
    """Return a value as messages show it: in quotes, and no longer than a line."""
    return quote(display_value(key, value))
