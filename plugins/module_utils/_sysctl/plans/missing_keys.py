# SPDX-License-Identifier: GPL-3.0-or-later

"""The error for keys that this kernel does not have."""

from __future__ import annotations

from ..errors import TuningError
from ..kernel.module_keys import modules_of
from ..keys import is_glob


def missing_error(key: str, advice: str) -> TuningError:
    """Return the error for a key that this kernel does not have."""
    reason = "matches no key of this kernel" if is_glob(key) else "this kernel has no such key"
    remedy = "load its module first"
    modules = modules_of(key)
    if modules and not is_glob(key):
        remedy = f"set 'load_modules: true' to load its module {modules[0]}"
    return TuningError(
        f"{key}: {reason}; {advice}, {remedy}, or set 'ignore_missing: true' to keep it for later",
        key,
    )
