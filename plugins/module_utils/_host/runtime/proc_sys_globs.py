# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel settings in /proc/sys that a glob matches."""

from __future__ import annotations

import os

from ..._sysctl.globs import segment_matcher, split_glob
from ..._sysctl.keys import is_glob, path_to_key
from . import proc_sys


def expand_glob(pattern: str, needed: bool = False) -> list[str]:
    """Return the keys that a glob may match now, by name.

    A last segment that is no glob is not looked up, so the key may not exist. A key that is spelled
    as the glob itself is left out: loaders keep a glob off the keys that lines name.
    needed: a folder that cannot be read is an error.
    """
    paths = [""]
    for segment in split_glob(pattern):
        longer: list[str] = []
        for path in paths:
            names = _matching_names(path, segment, needed) if is_glob(segment) else [segment]
            longer.extend(f"{path}/{name}" for name in names)
        paths = longer
    keys = [path_to_key(path[1:]) for path in paths]
    return [key for key in keys if key != pattern]


def _matching_names(folder: str, segment: str, needed: bool) -> list[str]:
    try:
        names = os.listdir(proc_sys.PROC_SYS + folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        if needed:
            raise
        return []
    matches = segment_matcher(segment)
    return sorted(name for name in names if matches(name))
