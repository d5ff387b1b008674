# SPDX-License-Identifier: GPL-3.0-or-later

"""Segments of globs, with bracket expressions such as ``[!a-z]``, as regular expressions.

Imported only where a segment has a wildcard or a backslash. Source: posix/fnmatch_loop.c of glibc,
in the C locale. There is no ``[[=a=]]``: an equals sign ends the key.
"""

from __future__ import annotations

import re
from typing import Callable, NamedTuple

from .keys import is_glob

NOTHING = "(?!)"
"""A regular expression that matches nothing."""

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\0-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_CLASS = re.compile(r"\[:([a-y]*):\]")
_CHARACTER = re.compile(
    r"\[\.(?P<symbol>.*?)(?P<symbol_end>\.\]|$)|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL
)


class Bracket(NamedTuple):
    """A bracket expression in a glob."""

    expression: str
    """The regular expression that it is."""
    end: int
    """Where the glob goes on."""


def split_escaped(path: str) -> list[str]:
    """Return the segments of a glob that has backslashes, those that are no globs as names."""
    segments = re.sub(r"(?<!\\)((?:\\\\)*)\\/", r"\1/", path).split("/")
    return [segment if is_glob(segment) else _without_escapes(segment) for segment in segments]


def _without_escapes(segment: str) -> str:
    return re.sub(r"\\(.)", r"\1", segment, flags=re.DOTALL)


def compile_segment(segment: str) -> Callable[[str], object]:
    """Compile one segment of a glob to a function that tells whether a name matches it."""
    expression = ""
    position = 0
    while position < len(segment):
        bracket = None
        if segment[position] == "[":
            bracket = read_bracket(segment, position + 1)
        if bracket:
            expression += bracket.expression
            position = bracket.end
        else:
            step = _step_at(segment, position)
            expression += _expression_of_step(step)
            position += len(step)
    if segment[0] in "*?[":
        expression = rf"(?!\.){expression}"
    return re.compile(expression, re.DOTALL).fullmatch


def _step_at(segment: str, position: int) -> str:
    """Return a part of a glob that is no bracket expression: stars, or a character."""
    rest = segment[position:]
    stars = len(rest) - len(rest.lstrip("*"))
    return rest[: stars or (2 if rest[0] == "\\" else 1)]


def _expression_of_step(step: str) -> str:
    """Return the regular expression of a part of a glob that is no bracket expression."""
    if step[0] == "*":
        return ".*"
    if step == "?":
        return "."
    if step == "\\":
        return NOTHING
    return re.escape(step[-1])


def read_bracket(glob: str, start: int) -> Bracket | None:
    """Read the bracket expression after a ``[``, None if it has no end.

    start: the position after the ``[``, which then stands for itself.
    """
    position = start
    is_negated = glob[start : start + 1] in ("!", "^")
    if is_negated:
        position += 1
    first = position
    members = ""
    is_wrong = False
    while position == first or glob[position : position + 1] != "]":
        if position >= len(glob):
            return Bracket(NOTHING, position) if is_wrong else None
        member, position = _read_member(glob, position)
        if member is None:
            is_wrong = True
        elif not is_wrong:
            members += member
    return Bracket(_expression_of_members(members, is_negated, is_wrong), position + 1)


def _expression_of_members(members: str, is_negated: bool, is_wrong: bool) -> str:
    """Return the regular expression of members, the last of which may be wrong."""
    if is_negated and is_wrong:
        return NOTHING
    if is_negated:
        return f"[^{members}]" if members else "."
    return f"[{members}]" if members else NOTHING


def _read_member(glob: str, position: int) -> tuple[str | None, int]:
    """Return a member of a bracket expression and its end.

    It is "" for a range of nothing, and None if it is wrong: the C library looks no further.
    """
    match = _CLASS.match(glob, position)
    if match:
        return _CLASSES.get(match[1]), match.end()
    low, position = _read_character(glob, position)
    if glob[position : position + 1] != "-" or glob[position + 1 : position + 2] == "]":
        return low and re.escape(low), position
    high, position = _read_character(glob, position + 1)
    if low is None or high is None:
        return None, position
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else "", position


def _read_character(glob: str, position: int) -> tuple[str | None, int]:
    """Return a character of a bracket expression, however it is written, and its end.

    It is None for a collating symbol that is not one character.
    """
    match = _CHARACTER.match(glob, position)
    if match is None or match["symbol_end"] == "":
        return None, len(glob)
    character = match["plain"] or match["escaped"] or match["symbol"]
    return character if len(character) == 1 else None, match.end()
