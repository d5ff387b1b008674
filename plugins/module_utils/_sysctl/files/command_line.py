# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings on the kernel command line, ``sysctl.KEY=VALUE``."""

from __future__ import annotations

import re
from typing import Iterator

from ..keys import normalize_key
from .loaders import COMMAND_LINE
from .sysctl_d import Line

KERNEL = "kernel"
"""What reads the command line."""


def command_line_lines(command_line: str) -> Iterator[Line]:
    """Yield ``sysctl.KEY=VALUE`` arguments (do_sysctl_args, fs/proc/proc_sysctl.c)."""
    for argument in re.findall(r'(?:[^\s"]|"[^"]*")+', command_line):
        name, equals, value = argument.replace('"', "").partition("=")
        if name == "--":
            return  # the rest is for init
        if equals and name[:7] in ("sysctl.", "sysctl/"):
            key = normalize_key("/" + name[7:].replace(".", "/"))
            yield Line(
                path=COMMAND_LINE,
                real_path=COMMAND_LINE,
                number=1,
                segment=0,
                key=key,
                value=value,
                by=KERNEL,
            )
