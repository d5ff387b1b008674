# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of kernel settings: what users write, which texts are equal, which values are refused.

The fields of a value are what blanks separate in it: ``4096 131072 6291456`` has three. What is
here is enough for plain decimal numbers; all else is in ``kernel_text.py`` and ``value_checks.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._lazy_module import LazyModule
from ..errors import TuningError
from ..keys import RANGE_LISTS, may_have_grammar
from ..secrets import REDACTED, is_secret
from ..text import quote, stands_for_bytes
from .limits import LIMITS

if TYPE_CHECKING:
    from . import kernel_text, value_checks
else:
    kernel_text = LazyModule(__name__, ".kernel_text")
    value_checks = LazyModule(__name__, ".value_checks")


NEGATIVE_ZERO = "-0"
"""What the kernel shows of a negative number that is 0 in the unit of its key."""
_LONGEST_PLAIN_NUMBER = 19
"""Digits. All numbers of so many fit into 64 bits."""


def format_value(key: str, value: object) -> str:
    """Return the text of an int, a str, a bool (1 or 0), or a list of them.

    The items of a list are joined by blanks, those of a list of ranges by commas.
    """
    if isinstance(value, (list, tuple)):
        texts = [format_value(key, item) for item in value]
        return _join_ranges(key, " ".join(texts).strip())
    if not isinstance(value, (int, str)):
        remedy = "give an integer, a string in quotes, a boolean or a list"
        if isinstance(value, dict) and value:
            remedy = f"name each key in full, such as {key}.{next(iter(value))}"
        raise TuningError(f"{key}: {_as_typed(key, value)} is not a value; {remedy}", key)
    if isinstance(value, bool):
        value = int(value)
    text = str(value).strip()
    if "\n" in text or "\r" in text or "\0" in text:
        raise TuningError(
            f"{key}: {_as_typed(key, text)} has a line end or NUL in it, which would begin another "
            "line of the file; take it out",
            key,
        )
    if not text.isascii() and not stands_for_bytes(text):
        raise TuningError(
            f"{key}: {quote(text)} has half of a surrogate pair, which is no character; "
            "take it out",
            key,
        )
    return _join_ranges(key, text)


def _as_typed(key: str, value: object) -> str:
    """Return a value that is none as messages show it, with its line ends."""
    return quote(REDACTED if is_secret(key) else value)


def _join_ranges(key: str, text: str) -> str:
    """Return a text with commas in place of blanks if the key takes a list of ranges."""
    if key not in RANGE_LISTS:
        return text
    return ",".join(text.replace(",", " ").split())


def values_equal(key: str, one: str | None, other: str | None) -> bool:
    """Tell whether two texts are the same value to the kernel.

    The number of blanks does not matter, nor whether a number is decimal, hexadecimal or octal.
    """
    if one == other:
        return True
    if one is None or other is None or (is_plain_number(one) and is_plain_number(other)):
        return False
    return one.split() == other.split() or _have_one_form(key, one, other)


def _have_one_form(key: str, one: str, other: str) -> bool:
    return kernel_text.canonical_value(key, one) == kernel_text.canonical_value(key, other)


def is_plain_number(text: str) -> bool:
    """Tell whether a text is a decimal number that the kernel reads as people do."""
    return (
        text.isdecimal()
        and text.isascii()
        and len(text) <= _LONGEST_PLAIN_NUMBER
        and (text[0] != "0" or text == "0")
    )


def value_in_text(key: str, text: str, live: str | None) -> str | None:
    """Return the part of a text that a key takes, None if it refuses the text.

    live: the runtime value, None if it is not known.
    """
    if text == live and is_plain_number(text):
        return text
    return kernel_text.written_value(key, text, live)


def value_after_write(key: str, value: str, live: str) -> str:
    """Return what a key holds once a value was written to it that the kernel takes."""
    if is_plain_number(value) and is_plain_number(live):
        return value
    return kernel_text.taken_value(key, value, live) or value


def parse_number(text: str) -> int | str:
    """Return the number that a text is to the kernel; a text that is none, as it is."""
    if is_plain_number(text):
        return int(text)
    return kernel_text.parse_number(text)


def numbers_in(value: str) -> list[int]:
    """Return the numbers of a value, or nothing if a field of it is not a number."""
    numbers = []
    for field in value.split():
        number = parse_number(field)
        if not isinstance(number, int):
            return []
        numbers.append(number)
    return numbers


def validate_value(key: str, value: str, live: str | None, unsafe: bool) -> None:
    """Refuse a value that the kernel would refuse or misread, or that is known to do harm.

    live: the runtime value, None if it is not known. unsafe: accept what does harm.
    """
    is_plain = is_plain_number(value)
    is_like_live = is_plain and (live is None or is_plain_number(live))
    if not is_like_live or may_have_grammar(key):
        value_checks.validate_text(key, value, live)
    limit = LIMITS.get(key)
    if limit is None or unsafe:
        return
    if not is_plain or not limit.lowest <= int(value) <= limit.highest:
        value_checks.validate_limit(key, value)
