# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a value is refused: the kernel refuses it, or makes another one of it, or it does harm."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Iterable, NoReturn

from ..._lazy_module import LazyModule
from ..errors import TuningError
from ..keys import RANGE_LISTS
from ..secrets import SECRET_SUFFIXES, quote_value
from .kernel_text import (
    ALL_OR_NOTHING,
    SWITCHES,
    Grammar,
    canonical_value,
    first_write,
    grammar_of,
    is_made_of_numbers,
    is_negative_zero,
    is_numeric,
    parse_number,
    read_number,
    read_numbers,
    taken_value,
)
from .limits import LIMITS

if TYPE_CHECKING:
    from . import number_ranges
else:
    number_ranges = LazyModule(__name__, ".number_ranges")

_QUOTES = ("'", '"')
_COMMENTS = re.compile(r"(?:^|\s)[#;]")
_LONGEST_NUMBER_SHOWN = 99
"""Characters. Python refuses to print a number of some thousand digits."""


def validate_text(key: str, value: str, live: str | None) -> None:
    """Refuse a value that the kernel would refuse or read as another one.

    live: the runtime value, None if it is not known.
    """
    grammar = grammar_of(key)
    if grammar is not None:
        problem = _explain_own_grammar(key, value, grammar)
    elif live is None:
        problem = (
            _explain_for_any_key(value) or _explain_switch(value) or _explain_octal(value.split())
        )
    elif is_numeric(live):
        problem = _explain_numbers(key, value, live)
    else:
        return
    if problem:
        raise TuningError(f"{key}: {quote_value(key, value)} {problem}", key)


def _explain_numbers(key: str, value: str, live: str) -> str:
    """Return what is wrong with the value of a key that holds numbers, "" if nothing is."""
    fields = value.split()
    problem = _explain_for_any_key(value) or _explain_octal(fields) or _explain_count(value, live)
    if problem:
        return problem
    for index, field in enumerate(fields):
        if is_negative_zero(field):
            return f"has {field!r} in it, which the kernel refuses for many keys; write 0"
        if read_number(field) is None:
            is_partly_taken = index > 0 and key not in ALL_OR_NOTHING
            return _explain_no_number(field, live.split(), index if is_partly_taken else 0)
    return _explain_order(key, value, live) if key in ALL_OR_NOTHING else ""


def _explain_order(key: str, value: str, live: str) -> str:
    """Return what is wrong with two numbers of which the first is the lower one."""
    taken = taken_value(key, value, live)
    out_of_range = explain_range(key, value, live)
    if out_of_range:
        return f"is refused by the kernel: {out_of_range}"
    if taken is None:
        return "is refused by the kernel: the first number is above the second; swap them"
    if canonical_value(key, taken) != canonical_value(key, value):
        return _misread(f"the first number is above the second, which gives {taken!r}; swap them")
    return ""


def _explain_no_number(field: str, live_fields: list[str], taken: int) -> str:
    """Return what is wrong with a field.

    taken: how many numbers before it the kernel takes all the same.
    """
    if _has_only_digits(field.lstrip("-")):
        return "is a number too large for the kernel; give a smaller one"
    count = len(live_fields)
    noun = "a number" if count == 1 else f"{count} numbers"
    problem = f"{field[:_LONGEST_NUMBER_SHOWN]!r} is not a number"
    if taken:
        kept = " ".join(live_fields[taken:])
        return _misread(f"{problem}, so it would keep {kept!r}; give {noun}")
    return f"is refused by the kernel: {problem}; give {noun}"


def _explain_for_any_key(value: str) -> str:
    """Return what is wrong with a value whatever numbers its key holds."""
    for field in value.split():
        if field.startswith(_QUOTES) or field.endswith(_QUOTES):
            return (
                "has quotes in it, which the kernel would take as a part of the value; "
                "write it without them"
            )
    if _COMMENTS.search(value):
        return "has a comment behind the value, which the kernel would get too; take it out"
    return ""


def _explain_switch(value: str) -> str:
    switch = SWITCHES.get(value.lower())
    if switch is None:
        return ""
    return f"may mean a number or a text, and this host does not have the key; give {switch}"


def _misread(reason: str) -> str:
    return f"is not what the kernel would make of it: {reason}"


def _has_only_digits(text: str) -> bool:
    """Tell whether a text is made of the digits that the kernel knows, and Python knows more."""
    return text.isdecimal() and text.isascii()


def _explain_octal(fields: Iterable[str]) -> str:
    for field in fields:
        digits = field.lstrip("-")
        if len(digits) > 1 and digits.startswith("0") and _has_only_digits(digits):
            number = read_number(field)
            octal = "an error" if number is None else number
            sign = "-" if field.startswith("-") else ""
            decimal = digits.lstrip("0")[:_LONGEST_NUMBER_SHOWN] or "0"
            return _misread(
                f"a leading 0 makes it octal, which gives {octal}; write {sign}{decimal}"
            )
    return ""


def _explain_count(value: str, live: str) -> str:
    """Return what the kernel would do to too few or too many numbers, "" if there are neither."""
    fields = value.split()
    live_fields = live.split()
    count = len(live_fields)
    has_text = any(read_number(field) is None for field in fields[:count])
    if len(fields) == count or has_text:
        return ""
    if len(fields) > count:
        effect = f"drop {' '.join(fields[count:])!r}"
    else:
        effect = f"keep {' '.join(live_fields[len(fields) :])!r}"
    noun = "number" if count == 1 else "numbers"
    return _misread(f"the key holds {count} {noun}, so it would {effect}; give {count} {noun}")


def _explain_own_grammar(key: str, value: str, grammar: Grammar) -> str:
    """Return what is wrong with the value of a key that the kernel reads in a way of its own."""
    problem = ""
    if key in RANGE_LISTS:
        numbers = re.split(r"[\s,]+|(?<=\d)-", value)
        problem = _explain_for_any_key(value.replace(",", " ")) or _explain_octal(numbers)
    elif key.endswith(SECRET_SUFFIXES):
        problem = _explain_for_any_key(value)
    taken = grammar.take(value)
    if not problem and taken is None:
        problem = f"is refused by the kernel; {grammar.remedy}"
    elif not problem and grammar.cuts and value != taken and value.startswith(taken):
        problem = f"is too long; {grammar.remedy}"
    return problem


def refuse_rounded_value(key: str, value: str, live: str) -> None:
    """Refuse a value of which the kernel would make another one.

    live: the runtime value.
    """
    if not is_made_of_numbers(key, live):
        return
    error = out_of_range_error(key, value, live)
    if error:
        raise error
    taken = taken_value(key, value, live)
    if taken is None:
        problem = "is refused by the kernel: it takes no negative number; give 0 or more"
    elif canonical_value(key, taken) == canonical_value(key, value):
        return
    else:
        problem = (
            f"is not what the kernel would make of it: it rounds or limits the value to {taken!r}; "
            f"give {taken}"
        )
    raise TuningError(f"{key}: {quote_value(key, value)} {problem}", key)


def explain_range(key: str, value: str, live: str | None) -> str:
    """Return which number of a value is outside of the range of its key, "" if none is known to be.

    live: the runtime value, None if it is not known.
    """
    count = len((value if live is None else live).split())
    numbers, _is_read_to_its_end = read_numbers(value, count)
    refused = number_ranges.first_refused(key, numbers, live)
    if refused is None:
        return ""
    index, taken = refused
    return f"{numbers[index]} is outside of the range of this key; give {taken.describe()}"


def out_of_range_error(key: str, value: str, live: str | None) -> TuningError | None:
    """Return the error for a value that is outside of the range of its key, None if none is known.

    live: the runtime value, None if it is not known.
    """
    problem = explain_range(key, value, live)
    if not problem:
        return None
    error = TuningError(
        f"{key}: {quote_value(key, value)} is refused by the kernel: {problem}", key
    )
    error.errno = errno.EINVAL
    return error


def refuse_cut_value(key: str, value: str) -> None:
    """Refuse a value of which a loader that writes once would set only a part at boot."""
    kept = len(first_write(key, value))
    if kept < len(value):
        raise TuningError(
            f"{key}: {quote_value(key, value)} is too long for 'sysctl --system', which would set "
            f"the first {kept} of its {len(value)} bytes at boot; write neighbours as ranges such "
            "as 8080-8090, or set 'persistent: false'",
            key,
        )


def validate_limit(key: str, value: str) -> None:
    """Refuse a value outside of the safe range of its key."""
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


def refuse_bound(key: str, value: str, live: str | None, at_least: bool) -> NoReturn:
    """Refuse a minimum or maximum that is not made of numbers, or of a value that is not.

    live: that value, None if it is the bound that has something else in it.
    """
    option = "at_most"
    bound = "maximum"
    if at_least:
        option = "at_least"
        bound = "minimum"
    if live is None:
        raise TuningError(
            f"{key}: {quote_value(key, value)} is not a number, so it cannot be a {bound}; "
            f"give a number, or set '{option}: false'",
            key,
        )
    raise TuningError(
        f"{key}: its value is {quote_value(key, live)}, which is not a number, so "
        f"{quote_value(key, value)} cannot be a {bound} of it; set '{option}: false'",
        key,
    )
