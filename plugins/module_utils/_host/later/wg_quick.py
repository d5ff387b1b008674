# SPDX-License-Identifier: GPL-3.0-or-later

"""wg-quick: for a default route it sets a key, and it runs the commands of its configuration.

Source: src/wg-quick/linux.bash of wireguard-tools (add_default), wg-quick(8).
"""

from __future__ import annotations

import re
from typing import Iterator

from ..._sysctl.files.doubts import Doubt
from ..configuration import LaterChanges, names_in, read_text
from ..files import HostFiles
from .shell_text import script_doubts

_WANTS = "/etc/systemd/system/multi-user.target.wants"
_LINK = re.compile(r"wg-quick@(.+)\.service")
_DEFAULT_ROUTE = re.compile(r"^\s*AllowedIPs\s*=[^#]*\b[\d.]+/0\b", re.IGNORECASE)
_TABLE = re.compile(r"^\s*Table\s*=\s*(\w+)", re.IGNORECASE)
_HOOK = re.compile(r"^\s*(PreUp|PostUp)\s*=", re.IGNORECASE)
_REMEDY = "see wg-quick(8); 'Table = off' leaves routes and the key alone"


def read(files: HostFiles) -> LaterChanges:
    """Return the doubts about the tunnels that start at boot."""
    doubts: list[Doubt] = []
    for link in names_in(files, _WANTS):
        match = _LINK.fullmatch(link)
        if match:
            doubts.extend(_doubts_of(files, f"/etc/wireguard/{match.group(1)}.conf"))
    return LaterChanges(doubts=tuple(doubts))


def _doubts_of(files: HostFiles, path: str) -> Iterator[Doubt]:
    lines = read_text(files, path).splitlines()
    tables = [match.group(1).lower() for match in map(_TABLE.match, lines) if match]
    sets_routes = not tables or tables[-1] == "auto"
    for number, line in enumerate(lines, 1):
        if sets_routes and _DEFAULT_ROUTE.match(line):
            yield Doubt(
                by="wg-quick",
                why="the tunnel takes the default route, and wg-quick sets it to '1' for that",
                path=path,
                remedy=_REMEDY,
                keys=("net.ipv4.conf.all.src_valid_mark",),
                line=number,
                value="1",
            )
            break
    hooks = [line if _HOOK.match(line) else "" for line in lines]
    yield from script_doubts(files, "wg-quick", path, "\n".join(hooks))
