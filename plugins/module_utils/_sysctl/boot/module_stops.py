# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines after which the kernel loads no module for a name that a later line of the boot gives.

Imported only for keys that take names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files.sysctl_d import Line
from ..kernel.one_way import stops_modules
from ..keys import NO_MODULES_AFTER

if TYPE_CHECKING:
    from .precedence import Precedence

_ALWAYS = ("bfifo", "mq", "noqueue", "pfifo", "pfifo_fast", "pfifo_head_drop", "reno")
"""Names that every kernel has without a module (net/sched, net/ipv4/tcp_cong.c)."""


def stopping_line(winner: Line, precedence: Precedence) -> Line | None:
    """Return the line that keeps modules from being loaded for the names of a later line.

    None: there is none, or the kernel has all of these names without it.
    """
    names = precedence.traits.early_names
    if names is None or {*names, *_ALWAYS}.issuperset((winner.value or "").split()):
        return None
    stopping = _stopping_before(winner, precedence)
    return next(iter(stopping.values()), None)


def _stopping_before(winner: Line | None, precedence: Precedence) -> dict[str, Line]:
    """Return each key that stops modules before a line is written, with the line that sets it.

    winner: the line; None: one after all of them.
    """
    stopping = {}
    if precedence.earlier:
        stopping = _stopping_before(None, precedence.earlier)
    keys = [*NO_MODULES_AFTER, winner.key] if winner else NO_MODULES_AFTER
    lines = precedence.lines
    for line in lines.written_to(keys):
        if winner and _place(line) == _place(winner):
            break
        for key in lines.keys_written_by(line, NO_MODULES_AFTER):
            if stops_modules(key, line.value or ""):
                stopping.setdefault(key, line)
            elif key == "kernel.modprobe":
                stopping.pop(key, None)
    return stopping


def _place(line: Line) -> tuple[str, int, int]:
    return line.path, line.number, line.segment
