# SPDX-License-Identifier: GPL-3.0-or-later

"""The mounts of a process: proc(5), /proc/PID/mountinfo."""

from __future__ import annotations

import re
from typing import Iterator


def parse_mounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is mounted, as a path in its file system, and the path where it is."""
    for line in text.splitlines():
        fields = line.split(" ")
        if len(fields) > 4:
            yield fields[3], _unescape(fields[4])


def _unescape(text: str) -> str:
    r"""Undo the kernel's way to write blanks in paths, such as ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
