# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of kernel modules that may be loaded after the sysctl loader has run.

A module that is named in modules-load.d is loaded before. Any other may come before or after:
nobody can tell beforehand.
"""

from __future__ import annotations

import os
from typing import Iterable

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.kernel.module_keys import MODULES, modules_of
from ..configuration import LaterChanges
from ..files import HostFiles
from ..modules.early_modules import is_built_in, modules_loaded_early

RACING = ("nf_conntrack", "br_netfilter", "ip_vs", "sctp")
"""Modules that firewalls and container engines load while the host boots, some before the loader.

Others come with a device, a file system or a daemon that applies the files itself.
"""


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each module that is loaded now, and by nothing before the loader."""
    if files.root != "/":
        return LaterChanges()
    early = modules_loaded_early(files)
    doubts = []
    for module in RACING:
        path = f"/sys/module/{module}/initstate"
        if module not in early and os.path.exists(path):
            why = f"the module {module} may be loaded after the files are read"
            doubts.append(_doubt(module, why, path, MODULES[module]))
    return LaterChanges(doubts=tuple(doubts))


def _doubt(module: str, why: str, path: str, keys: Iterable[str]) -> Doubt:
    remedy = f"set 'load_modules: true', or name {module} in a file in /etc/modules-load.d"
    return Doubt(by=module, why=why, path=path, remedy=remedy, keys=tuple(keys))


def doubts_about_missing(keys: Iterable[str], files: HostFiles) -> tuple[Doubt, ...]:
    """Return a doubt for each module that is not there, nor loaded before the files are read.

    keys: those that this kernel does not have now.
    """
    early = modules_loaded_early(files)
    missing: dict[str, list[str]] = {}
    for key in keys:
        for module in modules_of(key):
            if module not in early and not is_built_in(files, module):
                missing.setdefault(module, []).append(key)
    doubts = []
    for module, names in missing.items():
        why = f"the module {module} is not loaded, and nothing loads it before the files are read"
        doubts.append(_doubt(module, why, f"/sys/module/{module}", names))
    return tuple(doubts)
