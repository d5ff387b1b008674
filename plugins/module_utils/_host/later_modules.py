# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of kernel modules that may be loaded after the sysctl loader has run.

A module that is named in modules-load.d is loaded before (systemd-sysctl.service is ordered after
systemd-modules-load.service). Any other may come before or after: nobody can tell beforehand.
"""

from __future__ import annotations

import os
import re

from .._sysctl.doubts import Doubt
from .._sysctl.text import decode
from .configuration import LaterChanges, read_configuration
from .files import HostFiles

MODULES = {
    "nf_conntrack": ("net.netfilter.nf_conntrack_*", "net.nf_conntrack_max"),
    "br_netfilter": ("net.bridge.bridge-nf-*",),
    "ip_vs": ("net.ipv4.vs.*",),
    "sctp": ("net.sctp.*",),
}
"""Module -> its keys."""

FOLDERS = (
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)
_FILES = ("/etc/modules", "/etc/initramfs-tools/modules")


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each module that is loaded now, and by nothing before the loader."""
    if files.root != "/":
        return LaterChanges()
    early = _modules_loaded_early(files)
    doubts = []
    for module, keys in MODULES.items():
        path = f"/sys/module/{module}/initstate"
        if module not in early and os.path.exists(path):
            why = f"the module {module} may be loaded after the files are read"
            remedy = f"name {module} in a file in /etc/modules-load.d"
            doubts.append(Doubt(module, why, path, remedy, keys))
    return LaterChanges(doubts=tuple(doubts))


def _modules_loaded_early(files: HostFiles) -> set[str]:
    paths = list(_FILES)
    for folder in FOLDERS:
        try:
            names = os.listdir(files.host_path(files.resolve(folder)))
        except OSError:
            continue
        paths.extend(f"{folder}/{name}" for name in names if name.endswith(".conf"))
    modules: set[str] = set()
    for path in paths:
        try:
            text = decode(read_configuration(files, path))
        except OSError:
            continue
        for line in text.splitlines():
            name = line.strip().split(" ")[0]
            if name and name[0] not in "#;":
                modules.add(name.replace("-", "_"))
    return modules | _modules_on_the_command_line(files)


def _modules_on_the_command_line(files: HostFiles) -> set[str]:
    try:
        text = decode(read_configuration(files, "/proc/cmdline"))
    except OSError:
        return set()
    modules: set[str] = set()
    for names in re.findall(r"\bmodules[-_]load=(\S+)", text):
        modules.update(name.replace("-", "_") for name in names.split(","))
    return modules
