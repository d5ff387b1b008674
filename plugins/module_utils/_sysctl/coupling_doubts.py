# SPDX-License-Identifier: GPL-3.0-or-later

"""Doubts about keys that a line changes to a value that is not known.

It is a line of another key, or one with a number of which the kernel makes another one.

Imported only where a key may be one of them.
"""

from __future__ import annotations

from typing import Iterable, Iterator

from .doubts import Doubt, Doubts
from .keys import is_glob, may_be_coupled, may_be_rounded
from .precedence import Precedence
from .sysctl_d import Line


def coupling_doubts(precedence: Precedence, keys: Iterable[str]) -> Doubts:
    """Return the doubts about keys, each with its key."""
    doubts = []
    for key, line in unclear_lines(precedence, keys):
        is_rounded = precedence.winner(key) == line
        doubts.append((_rounding_doubt(key, line) if is_rounded else _doubt(key, line), (key,)))
    return tuple(doubts)


def unclear_lines(precedence: Precedence, keys: Iterable[str]) -> Iterator[tuple[str, Line]]:
    """Yield the keys whose value at the next boot is not known, each with the line that does it."""
    for key in keys:
        if (may_be_coupled(key) or may_be_rounded(key)) and not is_glob(key):
            line = _unclear_line(precedence, key)
            if line:
                yield key, line


def _unclear_line(precedence: Precedence, key: str) -> Line | None:
    winner = precedence.winner(key)
    if key in precedence.unclear:
        return precedence.unclear[key]
    if precedence.earlier and precedence.earlier.winner(key) == winner:
        return _unclear_line(precedence.earlier, key)
    return None


def _doubt(key: str, line: Line) -> Doubt:
    return Doubt(
        by=line.by,
        why=f"writing {line.key} changes {key}, and to what is not known",
        path=line.path,
        line=line.number,
        remedy=f"take {line.key} out, or set {key} after it",
        keys=(key,),
    )


def _rounding_doubt(key: str, line: Line) -> Doubt:
    return Doubt(
        by=line.by,
        why=f"the kernel may make another number of the one for {key}, and which is not known here",
        path=line.path,
        line=line.number,
        remedy="give the number that the kernel has once this one was written",
        keys=(key,),
    )
