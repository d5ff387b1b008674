# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of kernel settings: how a user writes them, when the kernel holds two to be the same, and known limits."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET6, inet_pton

from .errors import TuningError
from .limits import LIMITS
from .secrets import quote_value

ACTIONS = (
    "net.ipv4.route.flush",
    "net.ipv6.route.flush",
    "vm.compact_memory",
    "vm.drop_caches",
    "vm.stat_refresh",
)
"""They do something when written (stat_refresh also when read) and set nothing (Documentation/admin-guide/sysctl)."""

_RANGE_LISTS = ("net.ipv4.ip_local_reserved_ports", "kernel.watchdog_cpumask")
"""Taken in any order, printed as merged ranges (proc_do_large_bitmap, kernel/sysctl.c)."""


def format_value(key: str, value: object) -> str:
    """Return the text of a value that a user wrote: int, str, bool (1 or 0), or a list of them joined by a blank."""
    if isinstance(value, (list, tuple)):
        return " ".join(format_value(key, item) for item in value).strip()
    if not isinstance(value, (int, str)):
        kind = type(value).__name__
        raise TuningError(
            f"{key}: a {kind} is no value; give an integer, a string in quotes, a boolean or a list",
            key,
        )
    text = str(int(value) if isinstance(value, bool) else value).strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise TuningError(
            f"{key}: a line end or NUL in the value would write another line into the file; take it out",
            key,
        )
    return text


def values_equal(key: str, one: str | None, other: str | None) -> bool:
    """Tell whether the kernel sees one value in two texts: blanks collapsed, integers by value."""
    if one == other or one is None or other is None:
        return one == other
    if key in _RANGE_LISTS:
        return _parse_ranges(one) == _parse_ranges(other)
    return _words_equal(one, other)


@lru_cache(maxsize=1024)
def _words_equal(one: str, other: str) -> bool:
    left, right = one.split(), other.split()
    return left == right or (
        len(left) == len(right) and [*map(parse_number, left)] == [*map(parse_number, right)]
    )


@lru_cache(maxsize=1024)
def parse_number(word: str) -> int | str | bytes:
    """Read an integer as strtoul(3) with base 0 does (0x is hexadecimal, a leading 0 octal), or an IPv6 address."""
    digits = word[word[:1] == "-" :]
    try:
        if (
            digits[:1].isdigit()
            and len(word) < 100  # Python refuses to write longer numbers than some thousand digits
            and word.isascii()
            and digits[1:2] not in ("b", "B", "o", "O")
            and "_" not in digits
            and ":" not in digits
        ):
            return int(word, 8 if digits[0] == "0" and digits.isdigit() else 0)
        return inet_pton(AF_INET6, word) if ":" in word else word
    except (OSError, ValueError):
        return word


def _parse_ranges(text: str) -> object:
    numbers: set[int] = set()
    for part in text.replace(",", " ").split():
        low, _unused, high = part.partition("-")
        if (
            not text.isascii()
            or len(part) > 11
            or not low.isdigit()
            or not (high or low).isdigit()
            or int(high or low) > 1 << 16
        ):
            return text.split()
        numbers.update(range(int(low), int(high or low) + 1))
    return numbers


def validate_value(key: str, value: str, live: str | None, unsafe: bool) -> None:
    """Refuse a value that the kernel would read as something else, or that is known to do harm."""
    reason = _explain_misreading(value, live)
    if reason:
        raise TuningError(
            f"{key}: {quote_value(key, value)} is not what the kernel would make of it: {reason}",
            key,
        )
    if key in LIMITS and not unsafe:
        low, high, unit, harm = LIMITS[key]
        number = parse_number(value)
        if not isinstance(number, int) or not low <= number <= high:
            why = (
                f": {harm}; 'unsafe: true' takes it all the same" if isinstance(number, int) else ""
            )
            raise TuningError(
                f"{key}: {quote_value(key, value)} is not an integer from {low} to {high} ({unit}){why}",
                key,
            )


@lru_cache(maxsize=1024)
def _explain_misreading(value: str, live: str | None) -> str:
    words, held = value.split(), None if live is None else live.split()
    if held is not None and not (
        held and all(isinstance(parse_number(word), int) for word in held)
    ):
        return ""
    for word in words:
        digits = word.lstrip("-")
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
            number = parse_number(word)
            made = number if isinstance(number, int) else "an error"
            return f"a leading 0 makes it octal, which gives {made}; write {digits.lstrip('0')[:99] or '0'}"
    if (
        held is None
        or len(words) == len(held)
        or not all(isinstance(parse_number(word), int) for word in words)
    ):
        return ""
    rest = f"drop {words[len(held) :]}" if len(words) > len(held) else f"keep {held[len(words) :]}"
    return f"the key holds {len(held)} number{'s' * (len(held) > 1)}, so it would {rest}; give {len(held)}"


def numbers_in(value: str) -> list[int]:
    """Return the numbers of a value, or nothing if a word of it is not a number."""
    numbers = []
    for word in value.split():
        number = parse_number(word)
        if not isinstance(number, int):
            return []
        numbers.append(number)
    return numbers


def validate_bound(key: str, value: str, live: str | None, at_least: bool) -> None:
    """Refuse a minimum or maximum of a value that is not made of numbers."""
    option, bound = ("at_least", "minimum") if at_least else ("at_most", "maximum")
    if not numbers_in(value):
        raise TuningError(
            f"{key}: {quote_value(key, value)} is not a number, so it cannot be a {bound}; "
            f"give a number, or set '{option}: false'",
            key,
        )
    if live and not numbers_in(live):
        raise TuningError(
            f"{key}: its value is {quote_value(key, live)}, which is not a number, so "
            f"{quote_value(key, value)} cannot be a {bound} of it; set '{option}: false'",
            key,
        )
