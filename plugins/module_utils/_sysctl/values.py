# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of kernel settings: what users write, which texts are equal, which values are refused.

The fields of a value are what blanks separate in it: ``4096 131072 6291456`` has three.
"""

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
"""Keys that start an action when they are written, and keep no value.

vm.stat_refresh does so when it is read, too (Documentation/admin-guide/sysctl).
"""

_RANGE_LISTS = ("net.ipv4.ip_local_reserved_ports", "kernel.watchdog_cpumask")
"""Keys that take ranges in any order and print them merged.

See proc_do_large_bitmap in kernel/sysctl.c.
"""

_HIGHEST_IN_RANGES = 1 << 16
_LONGEST_RANGE = len("65535-65535")
_LONGEST_NUMBER = 99
"""Characters. Python refuses to print a number of some thousand digits."""


def format_value(key: str, value: object) -> str:
    """Return the text of an int, a str, a bool (1 or 0), or a list of them (joined by blanks)."""
    if isinstance(value, (list, tuple)):
        texts = [format_value(key, item) for item in value]
        return " ".join(texts).strip()
    if not isinstance(value, (int, str)):
        kind = type(value).__name__
        raise TuningError(
            f"{key}: a {kind} is no value; "
            "give an integer, a string in quotes, a boolean or a list",
            key,
        )
    if isinstance(value, bool):
        value = int(value)
    text = str(value).strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise TuningError(
            f"{key}: a line end or NUL in the value would write another line into the file; "
            "take it out",
            key,
        )
    return text


def values_equal(key: str, one: str | None, other: str | None) -> bool:
    """Tell whether two texts are the same value to the kernel.

    The number of blanks does not matter, nor whether a number is decimal, hexadecimal or octal.
    """
    if one == other:
        return True
    if one is None or other is None:
        return False
    if key in _RANGE_LISTS:
        return _parse_ranges(one) == _parse_ranges(other)
    return _parse_fields(one) == _parse_fields(other)


@lru_cache(maxsize=1024)
def _parse_fields(value: str) -> list[int | str | bytes]:
    return [parse_number(field) for field in value.split()]


@lru_cache(maxsize=1024)
def parse_number(text: str) -> int | str | bytes:
    """Return the integer, or the bytes of the IPv6 address, that a text is; else the text itself.

    Integers are read as strtoul(3) with base 0 reads them: 0x is hexadecimal, a leading 0 octal.
    """
    if ":" in text:
        return _parse_ipv6_address(text)
    digits = text[1:] if text.startswith("-") else text
    if not digits[:1].isdigit() or not text.isascii() or len(text) > _LONGEST_NUMBER:
        return text
    if "_" in digits or digits[1:2] in ("b", "B", "o", "O"):
        return text  # 1_000, 0b11 and 0o17 are numbers to Python, but not to the kernel
    is_octal = digits.startswith("0") and digits.isdigit()
    try:
        return int(text, 8 if is_octal else 0)
    except ValueError:
        return text


def _parse_ipv6_address(text: str) -> str | bytes:
    try:
        return inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        return text


def _parse_ranges(text: str) -> set[int] | list[str]:
    """Return the numbers of a list of ranges such as ``1-3,7``, or else the fields of the text."""
    numbers: set[int] = set()
    for item in text.replace(",", " ").split():
        numbers_of_item = _parse_range(item)
        if numbers_of_item is None or not text.isascii():
            return text.split()
        numbers.update(numbers_of_item)
    return numbers


def _parse_range(text: str) -> range | None:
    """Return the numbers of ``7`` or ``1-3``; None if the text is neither."""
    if len(text) > _LONGEST_RANGE:
        return None
    low, _dash, high = text.partition("-")
    high = high or low
    if not low.isdecimal() or not high.isdecimal() or int(high) > _HIGHEST_IN_RANGES:
        return None
    return range(int(low), int(high) + 1)


def numbers_in(value: str) -> list[int]:
    """Return the numbers of a value, or nothing if a field of it is not a number."""
    numbers = []
    for number in _parse_fields(value):
        if not isinstance(number, int):
            return []
        numbers.append(number)
    return numbers


def validate_value(key: str, value: str, live: str | None, unsafe: bool) -> None:
    """Refuse a value that the kernel would read as another one, or that is known to do harm.

    live: the runtime value, None if it is not known. unsafe: accept what does harm.
    """
    reason = _explain_misreading(value, live)
    if reason:
        raise TuningError(
            f"{key}: {quote_value(key, value)} is not what the kernel would make of it: {reason}",
            key,
        )
    if key in LIMITS and not unsafe:
        _validate_limit(key, value)


def _validate_limit(key: str, value: str) -> None:
    limit = LIMITS[key]
    number = parse_number(value)
    if not isinstance(number, int):
        remedy = ""
    elif limit.lowest <= number <= limit.highest:
        return
    else:
        remedy = f": {limit.harm}; 'unsafe: true' takes it all the same"
    raise TuningError(
        f"{key}: {quote_value(key, value)} is not an integer "
        f"from {limit.lowest} to {limit.highest} ({limit.unit}){remedy}",
        key,
    )


@lru_cache(maxsize=1024)
def _explain_misreading(value: str, live: str | None) -> str:
    """Return how the kernel would misread a value, "" if it would not.

    It can do so only with a key whose value is made of numbers, or not known.
    """
    if live is not None and not numbers_in(live):
        return ""
    return _explain_octal(value) or _explain_wrong_count(value, live)


def _explain_octal(value: str) -> str:
    for field in value.split():
        digits = field.lstrip("-")
        if len(digits) > 1 and digits.startswith("0") and digits.isdigit():
            number = parse_number(field)
            octal = number if isinstance(number, int) else "an error"
            sign = "-" if field.startswith("-") else ""
            decimal = digits.lstrip("0")[:_LONGEST_NUMBER] or "0"
            return f"a leading 0 makes it octal, which gives {octal}; write {sign}{decimal}"
    return ""


def _explain_wrong_count(value: str, live: str | None) -> str:
    """Return what the kernel would do to too few or too many numbers, "" if there are neither."""
    if live is None:
        return ""
    fields = value.split()
    live_fields = live.split()
    count = len(live_fields)
    has_text = bool(fields) and not numbers_in(value)
    if len(fields) == count or has_text:
        return ""
    if len(fields) > count:
        effect = f"drop {fields[count:]}"
    else:
        effect = f"keep {live_fields[len(fields) :]}"
    noun = "number" if count == 1 else "numbers"
    return f"the key holds {count} {noun}, so it would {effect}; give {count}"
