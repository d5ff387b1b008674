# SPDX-License-Identifier: GPL-3.0-or-later

"""Doubts about keys that a line changes to a value that is not known.

It is a line of another key, or one with a number that the kernel may refuse or round.

Imported only where a key may be one of them.
"""

from __future__ import annotations

from typing import Iterable, Iterator, Mapping

from .doubts import Doubt, Doubts, doubts_about
from .keys import is_glob
from .precedence import Precedence
from .sysctl_d import Line


def doubts_of_boot(
    precedence: Precedence, doubts_of_host: Iterable[Doubt], values: Mapping[str, str | None]
) -> Doubts:
    """Return all doubts about what the next boot does to keys, each with its keys.

    values: those that keys have where no line sets them.
    """
    doubts = doubts_about(doubts_of_host, precedence.winner, values)
    return doubts + coupling_doubts(precedence, values)


def coupling_doubts(precedence: Precedence, keys: Iterable[str]) -> Doubts:
    """Return the doubts about keys, each with its key."""
    doubts = []
    for key in keys:
        if is_glob(key):
            continue
        winner = precedence.winner(key)
        outcome = _deciding_outcome(precedence, key)
        unclear, incomplete = outcome.unclear.get(key), outcome.incomplete.get(key)
        if unclear:
            doubt = _number_doubt(key, unclear) if unclear == winner else _doubt(key, unclear)
            doubts.append((doubt, (key,)))
        if incomplete:
            doubts.append((_incomplete_doubt(key, incomplete), (key,)))
    return tuple(doubts)


def unclear_lines(precedence: Precedence, keys: Iterable[str]) -> Iterator[tuple[str, Line]]:
    """Yield the keys whose value at the next boot is not known, each with the line that does it."""
    for key in keys:
        if not is_glob(key):
            line = _deciding_outcome(precedence, key).unclear.get(key)
            if line:
                yield key, line


def _deciding_outcome(precedence: Precedence, key: str) -> Precedence:
    """Return the outcome of the program that decides a key."""
    winner = precedence.winner(key)
    while key not in precedence.unclear and precedence.earlier:
        if precedence.earlier.winner(key) != winner:
            break
        precedence = precedence.earlier
    return precedence


def _doubt(key: str, line: Line) -> Doubt:
    return Doubt(
        by=line.by,
        why=f"writing {line.key} changes {key}, and to what is not known",
        path=line.path,
        line=line.number,
        remedy=f"take {line.key} out, or set {key} after it",
        keys=(key,),
    )


def _number_doubt(key: str, line: Line) -> Doubt:
    return Doubt(
        by=line.by,
        why=f"the kernel may refuse the number for {key}, or make another number of it",
        path=line.path,
        line=line.number,
        remedy="give a number that all kernels take, or the one that is there once it was written",
        keys=(key,),
    )


def _incomplete_doubt(key: str, line: Line) -> Doubt:
    return Doubt(
        by=line.by,
        why=f"the line leaves out numbers of {key}, which are the kernel's own after a boot",
        path=line.path,
        line=line.number,
        remedy="give all of its numbers",
        keys=(key,),
    )
