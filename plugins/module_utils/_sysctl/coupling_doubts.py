# SPDX-License-Identifier: GPL-3.0-or-later

"""Doubts about keys that a line of another key changes to a value that is not known.

Imported only where a key may be one of them.
"""

from __future__ import annotations

from typing import Iterable, Iterator

from .doubts import Doubt, Doubts
from .keys import is_glob, may_be_coupled
from .precedence import Precedence
from .sysctl_d import Line


def coupling_doubts(precedence: Precedence, keys: Iterable[str]) -> Doubts:
    """Return the doubts about keys, each with its key."""
    return tuple((_doubt(key, line), (key,)) for key, line in unclear_lines(precedence, keys))


def unclear_lines(precedence: Precedence, keys: Iterable[str]) -> Iterator[tuple[str, Line]]:
    """Yield the keys whose value at the next boot is not known, each with the line that does it."""
    for key in keys:
        if may_be_coupled(key) and not is_glob(key):
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
