# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that apply files of sysctl settings at boot. Each field is a rule that may differ.

Sources: sysctl.d(5) and src/sysctl/sysctl.c of systemd; sysctl(8), sysctl.conf(5) and
src/sysctl.c of procps.
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
"""The folders of the loaders. A file masks those of the same name in later folders."""


COMMAND_LINE = "/proc/cmdline"
"""The kernel command line, from which the kernel sets keys before any loader runs."""


INIT_SCRIPTS = ("/etc/init.d/sysctl", "/etc/runit/core-services")
"""Where OpenRC and runit have a script that applies the files."""


class BootFile(NamedTuple):
    """A file in the reading order of a loader."""

    path: str
    """As the loader names it."""
    real_path: str
    """Where that leads, links followed."""
    masked_by: str | None
    """The file that is read in its place."""


class Loader(NamedTuple):
    """The rules of one sysctl loader."""

    name: str
    program: str
    """What reads the files, as results call it."""
    last_file: str
    """A file that is read after all others, whatever its name, "" if there is none."""
    reads_hidden: bool
    """Whether it reads files whose name starts with a dot."""
    line_ends: str
    """The characters that end a line."""
    blanks: str
    """The characters stripped from both ends of a line, a key and a value."""
    nul_hides_rest: bool
    """Whether a NUL hides the rest of its line."""
    after_dash: str
    """The characters dropped between a leading dash and the key; others are part of the key."""
    simplifies_keys: bool
    """Whether empty parts of a key, as in ``/a//b``, do not matter (path_simplify in systemd).

    Otherwise such a line sets the key, unless it ends in one, but the loader compares the paths as
    they are spelled: the line keeps off only a glob with the same empty parts. So it is with
    ``/a/../b``, which sets b if there is a folder a.
    """
    can_unset: bool
    """Whether ``-key`` and ``key =`` cancel an earlier assignment of the key."""
    repeat_keeps_order: bool
    """Whether a key or glob that is assigned the same value again keeps its place in the order.

    Otherwise it moves to the end, as one that is assigned another value does.
    """
    writes_repeats: bool
    """Whether it writes every assignment of a key, not only the last one."""
    skips_equal_values: bool
    """Whether it does not write a value that the key has already (systemd 248 and later)."""
    writes_in_parts: bool
    """Whether it also writes the rest of a value of which the kernel took only a part."""
    needs_write_bit: bool
    """Whether it leaves a key alone whose mode has no write permission, without trying."""
    reads_credentials: bool
    """Whether it reads the credential sysctl.extra after all files."""
    longest_line: int
    """Bytes. At a longer line the loader stops reading the file; 0: no limit."""
    script: str = ""
    """The init script that runs the program for each file, see script_loaders.py; "": none."""


BUSYBOX = "busybox"
"""The program whose grammar is in busybox.py."""

_SYSTEMD = Loader(
    name="systemd",
    program="systemd-sysctl",
    last_file="",
    reads_hidden=False,
    line_ends="\n\r\0",
    blanks=" \t\n\r",
    nul_hides_rest=False,
    after_dash=" \t\n\r",
    simplifies_keys=True,
    can_unset=True,
    repeat_keeps_order=True,
    writes_repeats=False,
    skips_equal_values=True,
    writes_in_parts=True,
    needs_write_bit=False,
    reads_credentials=True,
    longest_line=1 << 20,
)
_PROCPS = Loader(
    name="procps",
    program="procps",
    last_file="/etc/sysctl.conf",
    reads_hidden=True,
    line_ends="\n",
    blanks=" \t\n\r\v\f",
    nul_hides_rest=True,
    after_dash="-",
    simplifies_keys=False,
    can_unset=False,
    repeat_keeps_order=False,
    writes_repeats=True,
    skips_equal_values=False,
    writes_in_parts=False,
    needs_write_bit=True,
    reads_credentials=False,
    longest_line=0,
)

LOADERS = {"systemd": _SYSTEMD, "procps": _PROCPS}
