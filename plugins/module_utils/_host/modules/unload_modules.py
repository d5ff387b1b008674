# SPDX-License-Identifier: GPL-3.0-or-later

"""Unload the kernel modules that a run has loaded before it failed."""

from __future__ import annotations

import os
from typing import Iterable

from ..._sysctl.errors import TuningError, describe_os_error
from ..libc import call


def unload_modules(modules: Iterable[str]) -> None:
    """Unload modules in this order, unless something uses them now."""
    still_loaded = []
    for module in modules:
        try:
            call("delete_module", module.encode(), os.O_NONBLOCK)
        except OSError as error:
            still_loaded.append(f"{module}: {describe_os_error(error)}")
    if still_loaded:
        raise TuningError(f"they stay loaded: {', '.join(still_loaded)}")
