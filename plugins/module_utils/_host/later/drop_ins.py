# SPDX-License-Identifier: GPL-3.0-or-later

"""Drop-ins of systemd-sysctl.service: what they start sets keys, and conditions keep it off."""

from __future__ import annotations

import re
from typing import Iterator

from ..._sysctl.errors import describe_os_error
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.text import decode
from ..configuration import LaterChanges, read_configuration, unmasked_paths
from ..files import HostFiles

FOLDERS = (
    "/etc/systemd/system/systemd-sysctl.service.d",
    "/run/systemd/system/systemd-sysctl.service.d",
    "/usr/lib/systemd/system/systemd-sysctl.service.d",
)
_DIRECTIVE = re.compile(r"^\s*(ExecStart|ExecStartPost|Condition\w+|Assert\w+)\s*=\s*(\S.*)$")
"""What is started before the files are read (ExecStartPre) loses to them."""


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each directive that changes what is applied."""
    doubts: list[Doubt] = []
    for path in unmasked_paths(files, FOLDERS, ".conf"):
        doubts.extend(_doubts_of(files, path))
    return LaterChanges(doubts=tuple(doubts))


def _doubts_of(files: HostFiles, path: str) -> Iterator[Doubt]:
    try:
        text = decode(read_configuration(files, path))
    except OSError as error:
        why = f"a drop-in of systemd-sysctl.service cannot be read: {describe_os_error(error)}"
        yield Doubt(
            by="systemd-sysctl",
            why=why,
            path=path,
            remedy="remove it, or make it readable",
        )
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = _DIRECTIVE.match(line)
        if match:
            yield Doubt(
                by="systemd-sysctl",
                why=f"a drop-in of systemd-sysctl.service has {match.group(1)}={match.group(2)}",
                path=path,
                remedy="see what it does; a file in /etc/sysctl.d is the place for settings",
                line=number,
            )
