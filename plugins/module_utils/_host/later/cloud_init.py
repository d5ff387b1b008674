# SPDX-License-Identifier: GPL-3.0-or-later

"""cloud-init: the commands that it runs at each boot.

Those of ``runcmd`` run once for each instance, and so not at the next boot; those of ``bootcmd``
and of scripts/per-boot run each time (cloud-init's modules cc_bootcmd and cc_scripts_per_boot).
"""

from __future__ import annotations

import os

from ..._sysctl.files.doubts import Doubt
from ..configuration import LaterChanges, paths_in, read_text
from ..files import HostFiles
from .shell_text import script_doubts

CONFIGURATION = ("/etc/cloud/cloud.cfg", "/var/lib/cloud/instance/user-data.txt")
FOLDER = "/etc/cloud/cloud.cfg.d"
SCRIPTS = "/var/lib/cloud/scripts/per-boot"
_DISABLED = "/etc/cloud/cloud-init.disabled"


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each key that a command of each boot sets."""
    if os.path.lexists(files.host_path(_DISABLED)):
        return LaterChanges()
    doubts: list[Doubt] = []
    paths = [*CONFIGURATION]
    paths.extend(path for path in paths_in(files, FOLDER) if path.endswith(".cfg"))
    for path in paths:
        commands = boot_commands(read_text(files, path))
        doubts.extend(script_doubts(files, "cloud-init", path, commands))
    for path in paths_in(files, SCRIPTS):
        doubts.extend(script_doubts(files, "cloud-init", path, read_text(files, path)))
    return LaterChanges(doubts=tuple(doubts))


def boot_commands(text: str) -> str:
    """Return a configuration without what is not below ``bootcmd``; every line keeps its number.

    A command can be a list of words: ``[sysctl, -w, key=value]``.
    """
    lines = []
    is_inside = False
    for line in text.splitlines():
        if line[:1].strip() and line[0] not in "#-":
            is_inside = line.startswith("bootcmd")
        words = line.replace(",", " ").replace("[", " ").replace("]", " ")
        lines.append(words.replace('"', " ").replace("'", " ") if is_inside else "")
    return "\n".join(lines)
