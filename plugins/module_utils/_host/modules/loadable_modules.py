# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the running kernel can load a module."""

from __future__ import annotations

import os
from contextlib import suppress

_DISABLED = "/proc/sys/kernel/modules_disabled"


def is_loading_disabled() -> bool:
    """Tell whether the kernel loads no more modules before a reboot."""
    with suppress(OSError), open(_DISABLED, encoding="ascii") as file:
        return file.read().strip() == "1"
    return False


def modules_folder() -> str:
    """Return the folder with the modules of the running kernel."""
    return f"/lib/modules/{os.uname().release}"


def has_modules() -> bool:
    """Tell whether the running kernel was built so that it can load modules."""
    return os.path.exists("/proc/modules")


def may_be_installed(module: str) -> bool:
    """Tell whether a module of this name, or with this alias, is installed, as far as is known.

    A hyphen in a name is the same as an underscore (modprobe(8)).
    """
    if not has_modules():
        return False
    folder = modules_folder()
    try:
        names = _read(f"{folder}/modules.dep") + _read(f"{folder}/modules.alias")
    except OSError:
        return True
    name = _with_underscores(module)
    return f"/{name}.ko" in names or f"alias {name} " in names


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return _with_underscores(file.read())


def _with_underscores(text: str) -> str:
    return text.replace("-", "_")
