# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret settings, and how results and messages show a value."""

from __future__ import annotations

from .keys import is_glob
from .text import printable, quote

SECRET_SUFFIXES = ("tcp_fastopen_key", "stable_secret")
"""Ends of the keys whose values are never shown.

Whoever knows them can forge TCP cookies, or recognize the host in any network.
"""

_SECRET_KEYS = ("net.ipv4.tcp_fastopen_key", "net.ipv6.conf.*.stable_secret")

REDACTED = "(secret)"


def is_secret(key: str) -> bool:
    """Tell whether the values of a key must never be shown, or a glob may match such a key."""
    if key.endswith(SECRET_SUFFIXES):
        return True
    if not is_glob(key):
        return False
    from .globs import may_match  # few keys are globs

    return any(may_match(key, secret_key) for secret_key in _SECRET_KEYS)


def hides(key: str, value: str) -> bool:
    """Tell whether a value of a key must never be shown.

    No secret is a number: a glob that has one sets the other keys that it matches.
    """
    return is_secret(key) and not (is_glob(key) and value.isdecimal())


def display_value(key: str, value: str | None) -> str | None:
    """Return a value as results show it: never a secret, printable, fields one blank apart."""
    if not value:
        return value
    if hides(key, value):
        return REDACTED
    return printable(" ".join(value.split()))


def quote_value(key: str, value: str | None) -> str:
    """Return a value as messages show it: in quotes, and no longer than a line."""
    return quote(display_value(key, value))
