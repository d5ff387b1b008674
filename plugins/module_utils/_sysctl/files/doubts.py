# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not certain about the next boot: unreadable files, programs that may set other values.

Most hosts have neither, and do not import this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, NamedTuple, Tuple

from ..._lazy_module import LazyModule
from ..kernel.values import values_equal
from ..keys import is_glob
from ..text import printable
from .sysctl_d import Line

if TYPE_CHECKING:
    from .. import globs
else:
    globs = LazyModule(__name__, "..globs")


class FileProblem(NamedTuple):
    """A file that we cannot read."""

    path: str
    reason: str
    matters: bool
    """Whether the loader may be able to read it all the same."""
    is_there: bool = True
    """False for a link that leads to nothing, or to itself."""


class Doubt(NamedTuple):
    """A reason why the next boot may end otherwise than the files say."""

    by: str
    """The program that may set the keys, or ``none`` or ``unknown``: of a loader that may not."""
    why: str
    path: str
    """Where that can be seen."""
    remedy: str
    keys: tuple[str, ...] = ()
    """The keys and globs that it is about; none: all keys."""
    line: int | None = None
    value: str | None = None
    """The value that the keys may get, None if that is not known."""

    settled_in: tuple[str, ...] = ()
    """Starts of paths: what the program itself reads there later is not in doubt."""
    only_unset: bool = False
    """Whether it is only about keys that no line sets."""

    def concerns(self, key: str, value: str | None, line: Line | None) -> bool:
        """Tell whether it is about a key, which this line sets to this value."""
        if line and self.only_unset:
            return False
        if line and line.by == self.by and line.path.startswith(self.settled_in):
            return False
        if self.value is not None and values_equal(key, value, self.value):
            return False
        if not self.keys or key in self.keys:
            return True
        return any(globs.stands_for(name, key) for name in self.keys if is_glob(name))

    def result(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return it as results show it, with the keys that it is about there."""
        return {
            "affected_keys": [printable(key) for key in keys],
            "by": printable(self.by),
            "why": printable(self.why),
            "path": printable(self.path),
            "line": self.line,
            "remedy": printable(self.remedy),
        }


Doubts = Tuple[Tuple[Doubt, Tuple[str, ...]], ...]
"""Doubts, each with the keys that it is about."""


def keys_in_doubt(doubts: Doubts) -> set[str]:
    """Return the keys that any of the doubts is about."""
    keys: set[str] = set()
    for _doubt, doubted_keys in doubts:
        keys.update(doubted_keys)
    return keys


def doubts_about(
    doubts: Iterable[Doubt],
    winner: Callable[[str], Line | None],
    values: Mapping[str, str | None],
) -> Doubts:
    """Return the doubts about keys, each with its keys.

    winner: returns the line that decides a key; values: those that keys have without one.
    """
    concerned_doubts = []
    for doubt in doubts:
        concerned = []
        for key, default in values.items():
            line = winner(key)
            value = line.value if line else default
            if doubt.concerns(key, value, line):
                concerned.append(key)
        if concerned:
            concerned_doubts.append((doubt, tuple(concerned)))
    return tuple(concerned_doubts)
