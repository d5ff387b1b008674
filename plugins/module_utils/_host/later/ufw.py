# SPDX-License-Identifier: GPL-3.0-or-later

"""ufw: if it is enabled, it applies one file of settings when it starts, with procps' sysctl.

Its start-up script reads both of its own files as shell (/lib/ufw/ufw-init-functions); here they
are only searched for plain assignments.
"""

from __future__ import annotations

import re

from ..._sysctl.errors import describe_os_error
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import LOADERS, BootFile
from ..._sysctl.files.stages import Stage
from ..._sysctl.text import decode
from ..configuration import LaterChanges, is_enabled, read_configuration
from ..files import HostFiles

CONFIGURATION = ("/etc/default/ufw", "/etc/ufw/ufw.conf")
"""In the order in which they are read."""
_ASSIGNMENT = re.compile(
    r"""^\s*(?:export\s+)?(?P<name>ENABLED|IPT_SYSCTL)=(?P<quote>["']?)(?P<value>[\w./+@:,-]*)"""
    r"""(?P=quote)\s*(?:\#.*)?$"""
)
_MENTION = re.compile(r"^[^#]*\b(?:ENABLED|IPT_SYSCTL)=")
_REMEDY = "set the key there, or IPT_SYSCTL= to nothing in /etc/default/ufw"


def read(files: HostFiles) -> LaterChanges:
    """Return the file that ufw applies at boot."""
    if not is_enabled(files, "ufw"):
        return LaterChanges()
    values: dict[str, str] = {}
    for path in CONFIGURATION:
        doubt = _read_assignments(files, path, values)
        if doubt:
            return LaterChanges(doubts=(doubt,))
    path = values.get("IPT_SYSCTL", "")
    if values.get("ENABLED") not in ("yes", "YES") or not path:
        return LaterChanges()
    try:
        data = read_configuration(files, path)
    except FileNotFoundError:
        return LaterChanges()
    except OSError as error:
        why = f"the file that it applies cannot be read: {describe_os_error(error)}"
        return LaterChanges(doubts=(Doubt(by="ufw", why=why, path=path, remedy=_REMEDY),))
    real_path = files.resolve(path)
    stage = Stage(
        by="ufw",
        rules=LOADERS["procps"],
        files=(BootFile(path, real_path, masked_by=None),),
    )
    return LaterChanges(stages=(stage,), contents={real_path: data})


def _read_assignments(files: HostFiles, path: str, values: dict[str, str]) -> Doubt | None:
    """Add the variables that a file sets, or return why that is not known."""
    try:
        text = decode(read_configuration(files, path))
    except FileNotFoundError:
        return None
    except OSError as error:
        return Doubt(
            by="ufw",
            why=f"cannot be read: {describe_os_error(error)}",
            path=path,
            remedy=_REMEDY,
        )
    for number, line in enumerate(text.splitlines(), 1):
        match = _ASSIGNMENT.match(line)
        if match:
            values[match.group("name")] = match.group("value")
        elif _MENTION.match(line):
            why = "the line is more than a plain assignment, so what ufw applies is not known"
            return Doubt(by="ufw", why=why, path=path, remedy=_REMEDY, line=number)
    return None
