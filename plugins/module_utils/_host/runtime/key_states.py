# SPDX-License-Identifier: GPL-3.0-or-later

"""What this kernel has of keys that somebody asks about: whether it has them, and their values."""

from __future__ import annotations

from ..._sysctl.errors import describe_os_error
from ..._sysctl.keys import ACTIONS, is_glob
from .proc_sys import read_key


def key_exists(key: str) -> bool:
    """Tell whether this kernel has a key."""
    try:
        read_key(key)
    except FileNotFoundError:
        return False
    except OSError:
        pass  # it exists, even if we may not read it
    return True


def value_or_reason(key: str) -> tuple[str | None, str]:
    """Return the runtime value of a key, or None and the reason, "" where none is asked for."""
    if key in ACTIONS or is_glob(key):
        return None, ""
    try:
        return read_key(key), ""
    except (FileNotFoundError, NotADirectoryError):
        return None, "this kernel has no such key"
    except OSError as error:
        return None, f"cannot be read: {describe_os_error(error)}"
