# SPDX-License-Identifier: GPL-3.0-or-later

"""The names, as of a congestion control, that a kernel has at boot without loading a module then.

Imported only where a line may keep modules from being loaded.
"""

from __future__ import annotations

from ..files import HostFiles
from .early_modules import built_in_modules, modules_loaded_early
from .loadable_modules import has_modules

_PREFIXES = ("tcp_", "sch_")


def names_there_early(files: HostFiles) -> tuple[str, ...] | None:
    """Return the names that are there before the sysctl loader runs; None: all there will be."""
    if files.root == "/" and not has_modules():
        return None
    modules = modules_loaded_early(files) | built_in_modules(files)
    names = []
    for module in sorted(modules):
        if module.startswith(_PREFIXES):
            names.append(module.partition("_")[2])
    return tuple(names)
