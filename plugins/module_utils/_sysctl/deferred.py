# SPDX-License-Identifier: GPL-3.0-or-later

"""What is needed only for values that are no plain numbers, imported at the first call.

A host compiles the code that it imports at every run, and most values are plain numbers.
"""

from __future__ import annotations

from typing import Iterable


def have_one_form(key: str, one: str, other: str) -> bool:
    """Tell whether two texts that differ are the same value to the kernel."""
    from .kernel_text import canonical_value

    return canonical_value(key, one) == canonical_value(key, other)


def parse_number(text: str) -> int | str:
    """Return the number that a text is to the kernel; a text that is none, as it is."""
    from . import kernel_text

    return kernel_text.parse_number(text)


def written_value(key: str, text: str, live: str | None) -> str | None:
    """Return the part of a text that a key takes; None: the kernel refuses the text."""
    from . import kernel_text

    return kernel_text.written_value(key, text, live)


def taken_value(key: str, text: str, live: str | None) -> str | None:
    """Return what a key holds once a text was written to it; None: the kernel refuses the text."""
    from . import kernel_text

    return kernel_text.taken_value(key, text, live)


def first_write(key: str, text: str) -> str:
    """Return the part of a text that the kernel takes in one write."""
    from . import kernel_text

    return kernel_text.first_write(key, text)


def parts_to_write(key: str, value: str) -> list[str]:
    """Return the texts by which a key gets a value, each short enough for one write."""
    from . import kernel_text

    return kernel_text.parts_to_write(key, value)


def number_for_word(key: str, value: str, live: Iterable[str | None]) -> str:
    """Return 1 or 0 for a word that means it where the key takes numbers, else the value itself."""
    from . import kernel_text

    return kernel_text.number_for_word(key, value, live)


def is_known(key: str, text: str, live: str | None) -> bool:
    """Tell whether it is known what the kernel makes of a text whose numbers it may round."""
    from . import kernel_text

    return kernel_text.is_known(key, text, live)


def refuse_rounded_value(key: str, value: str, live: str) -> None:
    """Refuse a value of which the kernel would make another one."""
    from . import value_checks

    value_checks.refuse_rounded_value(key, value, live)


def refuse_cut_value(key: str, value: str) -> None:
    """Refuse a value of which a loader that writes once would set only a part at boot."""
    from . import value_checks

    value_checks.refuse_cut_value(key, value)


def value_with_comment(key: str, text: str, value: str, live: str | None) -> str:
    """Return the text of a line once it gives another value: with the comment that it had."""
    from . import kernel_text

    return kernel_text.value_with_comment(key, text, value, live)


def validate_text(key: str, value: str, live: str | None) -> None:
    """Refuse a value that the kernel would refuse or read as another one."""
    from . import value_checks

    value_checks.validate_text(key, value, live)


def validate_limit(key: str, value: str) -> None:
    """Refuse a value outside of the safe range of its key."""
    from . import value_checks

    value_checks.validate_limit(key, value)


def refuse_bound(key: str, value: str, live: str | None, at_least: bool) -> None:
    """Refuse a minimum or maximum that is not made of numbers, or of a value that is not."""
    from . import value_checks

    value_checks.refuse_bound(key, value, live, at_least)
