# SPDX-License-Identifier: GPL-3.0-or-later

"""Doubts about keys that a line changes to a value that is not known.

It is a line of another key, or one with a number or a name that the kernel may refuse or round.

Imported only where a key may be one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator

from ..._lazy_module import LazyModule
from ..files.doubts import Doubt, Doubts
from ..files.sysctl_d import Line
from ..keys import is_glob
from .precedence import Precedence

if TYPE_CHECKING:
    from ..kernel import kernel_text
else:
    kernel_text = LazyModule(__name__, "..kernel.kernel_text")


def coupling_doubts(precedence: Precedence, keys: Iterable[str]) -> Doubts:
    """Return the doubts about keys, each with its key."""
    doubts = []
    for key in keys:
        if not is_glob(key):
            doubts += [(doubt, (key,)) for doubt in _doubts_about(key, precedence)]
    return tuple(doubts)


def _doubts_about(key: str, precedence: Precedence) -> Iterator[Doubt]:
    """Yield the doubts about the lines that decide a key."""
    decision = precedence.decision(key)
    winner = decision.winner
    unclear = decision.unclear
    stopping = decision.stopped_by
    if stopping:
        why = f"it may keep the kernel from loading the module of what is named for {key}"
        remedy = "have that module loaded before, in /etc/modules-load.d, or set the name before it"
        yield _doubt(key, stopping, why, remedy)
    elif unclear and unclear == winner and unclear.may_lead_nowhere:
        why = f"it sets {key} only if all folders exist through which its path leads"
        yield _doubt(key, unclear, why, remedy=f"name {key} without '..'")
    elif unclear and unclear == winner and kernel_text.takes_names(key):
        why = f"the kernel may not have what it names for {key}, and refuses it then"
        yield _doubt(key, unclear, why, remedy="have its module loaded before, or name another")
    elif unclear and unclear == winner:
        why = "the kernel may refuse the number, or make another number of it"
        remedy = "give a number that all kernels take, or the one that the kernel makes of it"
        yield _doubt(key, unclear, why, remedy)
    elif unclear and unclear.key == key:
        why = f"the kernel refuses the text for {key}, but may change the value all the same"
        yield _doubt(key, unclear, why, remedy="give a value that the kernel takes")
    elif unclear:
        why = f"writing {unclear.key} changes {key}, and to what is not known"
        remedy = f"take {unclear.key} out, or set {key} after it"
        yield _doubt(key, unclear, why, remedy)
    if winner and decision.is_reset_later:
        why = f"the kernel sets {key} to the MTU of the link when the interface comes up"
        yield _doubt(key, winner, why, remedy="set it where the interface is brought up")
    if winner and decision.is_incomplete:
        why = f"the line leaves out numbers of {key}, which are the kernel's own after a boot"
        yield _doubt(key, winner, why, remedy="give all of its numbers")


def unclear_lines(precedence: Precedence, keys: Iterable[str]) -> Iterator[tuple[str, Line]]:
    """Yield the keys whose value at the next boot is not known, each with the line that does it."""
    for key in keys:
        if not is_glob(key):
            line = precedence.decision(key).unclear
            if line:
                yield key, line


def _doubt(key: str, line: Line, why: str, remedy: str) -> Doubt:
    return Doubt(by=line.by, why=why, path=line.path, line=line.number, remedy=remedy, keys=(key,))
