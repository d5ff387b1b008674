# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential sysctl.extra, which systemd-sysctl reads after all files (systemd 252 and later).

The unit of systemd-sysctl names the credential. The first folder that has it counts
(systemd.exec(5), LoadCredential=).
"""

from __future__ import annotations

import os

from ..._sysctl.errors import describe_os_error
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import BootFile
from ..configuration import LaterChanges, read_configuration
from ..files import HostFiles

FOLDERS = (
    "/run/credentials/@system",
    "/etc/credstore",
    "/run/credstore",
    "/usr/local/lib/credstore",
    "/usr/lib/credstore",
)
NAME = "sysctl.extra"
_UNITS = (
    "/etc/systemd/system/systemd-sysctl.service",
    "/usr/lib/systemd/system/systemd-sysctl.service",
    "/lib/systemd/system/systemd-sysctl.service",
)


def read(files: HostFiles) -> LaterChanges:
    """Return the credential as a file that the loader reads last."""
    if not _unit_reads_it(files):
        return LaterChanges()
    for folder in FOLDERS:
        path = f"{folder}/{NAME}"
        if not os.path.lexists(files.host_path(path)):
            continue
        try:
            data = read_configuration(files, path)
        except OSError as error:
            why = f"it is read after all files, and cannot be read: {describe_os_error(error)}"
            doubt = Doubt(by="credential", why=why, path=path, remedy="read it as root")
            return LaterChanges(doubts=(doubt,))
        real_path = files.resolve(path)
        file = BootFile(path, real_path, masked_by=None)
        return LaterChanges(appended=(file,), contents={real_path: data})
    return LaterChanges()


def _unit_reads_it(files: HostFiles) -> bool:
    for path in _UNITS:
        try:
            return b"Credential=sysctl" in read_configuration(files, path)
        except OSError:
            continue
    return False
