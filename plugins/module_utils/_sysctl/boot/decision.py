# SPDX-License-Identifier: GPL-3.0-or-later

"""How the next boot decides one key."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from ..files.sysctl_d import Line


class Decision(NamedTuple):
    """How the next boot decides one key."""

    winner: Line | None
    """The line that decides it, see ``Precedence.winner``."""
    unclear: Line | None = None
    """The winner, or a line after it, if it gives the key a value that is not known."""
    is_incomplete: bool = False
    """Whether no line gives all of its numbers."""
    is_reset_later: bool = False
    """Whether the kernel sets it once more after the loader has run."""
    refused: Line | None = None
    """The line that decides it although the kernel refuses that line."""
    refusals: tuple[tuple[Line, str], ...] = ()
    """The lines that the kernel refuses because of earlier ones, each with the reason."""

    stopped_by: Line | None = None
    """A line before the winner that keeps the kernel from loading a module that it may need."""

    @property
    def is_certain(self) -> bool:
        """Whether it is known what value the winner gives the key."""
        is_doubtful = self.unclear or self.stopped_by
        return not (is_doubtful or self.is_incomplete or self.is_reset_later)


def refused_decision(line: Line, refusals: Iterable[tuple[Line, str]] = ()) -> Decision:
    """Return the decision of a line that the kernel refuses: no other line sets the key."""
    return Decision(line._replace(value=None), refused=line, refusals=tuple(refusals))
