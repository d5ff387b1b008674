# SPDX-License-Identifier: GPL-3.0-or-later

"""Who applies the files of sysctl settings at boot, and where the two programs that do it differ: each field is a rule.

Sources: sysctl.d(5) and src/sysctl/sysctl.c of systemd; sysctl(8), sysctl.conf(5) and src/sysctl.c of procps.
"""

from __future__ import annotations

from typing import NamedTuple

FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
"""Of both, highest priority first: a file replaces those of the same name in later folders."""


class Loader(NamedTuple):
    """The rules of one boot loader of sysctls."""

    name: str
    last_file: str
    """Read after all others, whatever its name sorts like."""
    hidden: bool
    """Reads files whose name starts with a dot."""
    line_ends: str
    blanks: str
    """Stripped from both ends of a line, a key and a value."""
    c_strings: bool
    """A NUL hides the rest of its line."""
    after_dash: str
    """Dropped between a leading dash and the key; anything else there makes the key another one."""
    takes_back: bool
    """``-key`` and ``key =`` take back an assignment that stands before them; else it stays in force."""
    equal_stays: bool
    """A glob assigned the same value again keeps its first place in the order; else it moves to the last."""
    longest_line: int
    """Bytes; at a longer line the rest of the file is not read. 0: no limit."""


LOADERS = {
    "systemd": Loader(
        "systemd", "", False, "\n\r\0", " \t\n\r", False, " \t\n\r", True, True, 1 << 20
    ),
    "procps": Loader(
        "procps", "/etc/sysctl.conf", True, "\n", " \t\n\r\v\f", True, "-", False, False, 0
    ),
}
