# SPDX-License-Identifier: GPL-3.0-or-later

"""Predict the three watchdog keys: what each reads depends on what was written to all three.

The kernel keeps what was written to each. ``kernel.soft_watchdog`` reads 1 if it and
``kernel.watchdog`` were set, and ``kernel.watchdog`` if either kind is on then. The interrupt of
``kernel.nmi_watchdog`` is not there on every machine (lockup_detector_update_enable and
proc_watchdog_common, kernel/watchdog.c).
"""

from __future__ import annotations

from typing import Mapping

from ..files.sysctl_d import Line
from ..kernel.values import value_in_text

BOTH = "kernel.watchdog"
SOFT = "kernel.soft_watchdog"
NMI = "kernel.nmi_watchdog"
WATCHDOGS = (BOTH, SOFT, NMI)


class WatchdogBoot:
    """The watchdogs, while the loader writes."""

    names = WATCHDOGS
    refused = ()

    def __init__(self, key: str, start_values: Mapping[str, str], has_interrupt: bool) -> None:
        """Take the start values, and whether the machine is known to have the interrupt."""
        self._key = key
        self._has_interrupt = has_interrupt
        self._values: dict[str, str] = {BOTH: "1", SOFT: "1"}
        for name in WATCHDOGS:
            if name in start_values:
                self._values[name] = start_values[name]
        self._lines: dict[str, Line] = {}
        """Key -> the line that wrote it last."""

    def write(self, name: str, line: Line) -> None:
        """Write the value of a line to a name."""
        value = value_in_text(name, line.value or "", live="0")
        if value in ("0", "1"):  # the kernel refuses all others
            self._values[name] = value
            self._lines[name] = line

    @property
    def winner(self) -> Line | None:
        """The line that has the last effect on the key whose value is known."""
        own_line = self._lines.get(self._key)
        if self._values[BOTH] == "0":
            return _with_value(self._lines.get(BOTH) or own_line, "0")
        if self._key == BOTH and self._is_known_to_be_off():
            return _with_value(self._lines.get(SOFT) or own_line, "0")
        return _with_value(own_line, self._values.get(self._key))

    @property
    def unclear(self) -> Line | None:
        """A line that turns one watchdog off, where the other one may be on.

        Or the line of the interrupt, which the kernel refuses where there is none.
        """
        if self._values[BOTH] == "0":
            return None
        if self._key == NMI:
            may_be_refused = self._values.get(NMI) == "1" and not self._has_interrupt
            return self.winner if may_be_refused else None
        if self._key == BOTH and self._values[SOFT] == "0" and not self._is_known_to_be_off():
            return self._lines.get(SOFT)
        return None

    def _is_known_to_be_off(self) -> bool:
        return self._values[SOFT] == "0" and self._values.get(NMI) == "0"


def _with_value(line: Line | None, value: str | None) -> Line | None:
    return line and line._replace(value=value)
