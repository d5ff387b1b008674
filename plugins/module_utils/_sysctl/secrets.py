# SPDX-License-Identifier: GPL-3.0-or-later

"""Secret settings: which ones there are, and how results and messages show a value."""

from __future__ import annotations

from functools import lru_cache
from typing import Callable

from .text import printable

SECRET_SUFFIXES = ("tcp_fastopen_key", "stable_secret")

"""Last parts of keys whose values are never shown: who knows them can forge TCP cookies or follow a host."""

REDACTED = "(secret)"


def is_secret(key: str) -> bool:
    """Tell whether the values of a key are never shown."""
    return key.endswith(SECRET_SUFFIXES)


def display_value(key: str, value: str | None) -> str | None:
    """Return a value as results and messages may show it: no secret, printable, blanks collapsed."""
    return value_display(key)(value)


def value_display(key: str) -> Callable[[str | None], str | None]:
    """Return what shows the values of a key."""
    return _redacted if key.endswith(SECRET_SUFFIXES) else _collapsed


@lru_cache(maxsize=1024)
def _collapsed(value: str | None) -> str | None:
    return value and printable(" ".join(value.split()))


def _redacted(value: str | None) -> str | None:
    return value and REDACTED


def quote_value(key: str, value: str | None) -> str:
    """Return a value as messages show it: in quotes, and not longer than a line."""
    text = repr(display_value(key, value))
    return text if len(text) < 200 else f"{text[:99]}'... ({len(text)} characters)"
