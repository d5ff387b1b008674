# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel modules of keys, where a request or a key that is missing makes them matter."""

from __future__ import annotations

from ..._sysctl.plans.module_file import module_file_of
from ..._sysctl.plans.plan import Observed
from ..._sysctl.plans.request import Request
from ..files import HostFiles
from ..later.modules import doubts_about_missing


def observe_modules(observed: Observed, request: Request, files: HostFiles) -> Observed:
    """Return what was observed, with the modules to load, or with doubts about missing keys."""
    if not request.load_modules:
        if request.present and not request.exclusive and not request.absent:
            return _with_doubts_about_missing(observed, request, files)
        if files.is_regular(module_file_of(request.path)) is None:
            return observed
    from . import kernel_modules  # few runs need it

    return kernel_modules.observe_modules(observed, request, files)


def _with_doubts_about_missing(observed: Observed, request: Request, files: HostFiles) -> Observed:
    """Return what was observed, with doubts about keys that are missing and may stay so."""
    if not request.ignore_missing or files.root != "/" or not request.persistent:
        return observed
    missing = [key for key in request.settings if key not in observed.runtime]
    if not missing:
        return observed
    boot_files = observed.boot_files
    doubts = boot_files.doubts + doubts_about_missing(missing, files)
    return observed._replace(boot_files=boot_files._replace(doubts=doubts))
