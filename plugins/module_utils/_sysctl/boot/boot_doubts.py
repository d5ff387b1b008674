# SPDX-License-Identifier: GPL-3.0-or-later

"""All doubts about what the next boot does to keys: about the host, and about lines of its files.

Imported only where there are any.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from ..files.doubts import Doubt, Doubts, doubts_about
from .precedence import Precedence


def doubts_of_boot(
    precedence: Precedence, doubts_of_host: Iterable[Doubt], values: Mapping[str, str | None]
) -> Doubts:
    """Return all doubts about what the next boot does to keys, each with its keys.

    values: those that keys have where no line sets them.
    """
    doubts = doubts_about(doubts_of_host, precedence.winner, values)
    if precedence.are_certain(values):
        return doubts
    from .coupling_doubts import coupling_doubts  # most lines leave no doubt

    return doubts + coupling_doubts(precedence, values)
