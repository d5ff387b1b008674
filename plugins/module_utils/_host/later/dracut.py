# SPDX-License-Identifier: GPL-3.0-or-later

"""dracut: a host-only initramfs has copies of the files in /etc, and applies them at each boot.

A value that is taken out of the files comes back until the initramfs is made anew; one that a file
sets is set again after it. Source: modules.d/*systemd-sysctl/module-setup.sh of dracut 059.
"""

from __future__ import annotations

import os
import re

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import LOADERS
from ..._sysctl.files.sysctl_d import assigned_values
from ..._sysctl.secrets import quote_value
from ..configuration import LaterChanges, names_in, paths_in, read_configuration, read_text
from ..files import HostFiles

_CONFIGURATION = ("/usr/lib/dracut/dracut.conf.d", "/etc/dracut.conf.d")
_HOST_ONLY = re.compile(r"(?m)^\s*hostonly=[\"']?(\w*)")
_IMAGE = re.compile(r"(initramfs|initrd)[-.].*")
_COPIED = "/etc/sysctl.d"


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each key of a file that an initramfs may have a copy of.

    Of a file that was changed since the initramfs was made, the copy may have another value.
    """
    image, made = _newest_image(files)
    if not image or not _is_host_only(files):
        return LaterChanges()
    doubts = []
    for path in paths_in(files, _COPIED):
        if not path.endswith(".conf"):
            continue
        try:
            is_copied = os.stat(files.host_path(files.resolve(path))).st_mtime <= made
            values = assigned_values(read_configuration(files, path), LOADERS["systemd"])
        except OSError:
            continue
        for key, value in values.items():
            doubts.append(_doubt(key, value if is_copied else None, image))
    return LaterChanges(doubts=tuple(doubts))


def _doubt(key: str, value: str | None, image: str) -> Doubt:
    becomes = "" if value is None else f" to {quote_value(key, value)}"
    return Doubt(
        by="dracut",
        why=f"the initramfs may have a copy of a file that sets it{becomes}",
        path=image,
        remedy="run 'dracut -f'",
        keys=(key,),
        value=value,
        only_unset=True,
    )


def _newest_image(files: HostFiles) -> tuple[str, float]:
    """Return the path of the newest initramfs, and when it was made."""
    newest = ""
    made = 0.0
    for name in names_in(files, "/boot"):
        if not _IMAGE.fullmatch(name):
            continue
        path = f"/boot/{name}"
        try:
            time = os.stat(files.host_path(files.resolve(path))).st_mtime
        except OSError:
            continue
        if time > made:
            newest = path
            made = time
    return newest, made


def _is_host_only(files: HostFiles) -> bool:
    """Tell whether dracut copies files of this host; the last assignment counts."""
    chosen = ""
    paths = ["/etc/dracut.conf"]
    for folder in _CONFIGURATION:
        paths.extend(paths_in(files, folder))
    for path in paths:
        values = _HOST_ONLY.findall(read_text(files, path))
        if values:
            chosen = values[-1]
    return chosen not in ("", "no")
