# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings that a file asked for at the last boot, and that the kernel does not have now."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from ..files.sysctl_d import Line, line_result
from ..one_line import shorten
from ..secrets import display_value, quote_value
from ..text import printable

_MAX_NAMED = 5
"""Settings that a warning names."""


class Undone(NamedTuple):
    """A setting that the kernel does not have, although its line is older than the boot."""

    key: str
    runtime: str
    line: Line
    """The line that decides it at boot."""
    booted: str
    """When the host booted, as in RFC 3339."""

    def result(self) -> dict[str, Any]:
        """Return it as results show it."""
        return {
            "key": printable(self.key),
            **line_result(self.key, self.line),
            "runtime": display_value(self.key, self.runtime),
            "booted": self.booted,
        }


def describe_undone(undone: Sequence[Undone]) -> str:
    """Return the warning about settings that were undone; there is at least one."""
    descriptions = [_describe(setting) for setting in undone]
    shown = ", ".join(shorten(descriptions, _MAX_NAMED, "undone"))
    return (
        f"undone since the boot of {undone[0].booted}: {shown}. "
        "Something set it later, or it was never applied; the next boot may end the same. "
        "Find what sets it"
    )


def _describe(undone: Undone) -> str:
    runtime = quote_value(undone.key, undone.runtime)
    value = quote_value(undone.key, undone.line.value)
    location = f"{undone.line.path} line {undone.line.number}"
    return f"{undone.key} is {runtime} instead of {value} ({location})"
