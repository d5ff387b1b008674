# SPDX-License-Identifier: GPL-3.0-or-later

"""The key of this kernel that was meant by one that it does not have."""

from __future__ import annotations

import difflib
import os
from typing import Sequence

from ..._sysctl.keys import is_glob, key_to_path, path_to_key
from . import proc_sys

_SIMILARITY = 0.75


def find_similar_key(key: str) -> str:
    """Return a key of this kernel that is spelled like another one, "" if there is none."""
    if is_glob(key):
        return ""
    segments = key_to_path(key).split("/")
    path = _find_below(proc_sys.PROC_SYS, segments) or _find_by_last_segment(segments[-1])
    return path_to_key(path[len(proc_sys.PROC_SYS) + 1 :]) if path else ""


def _find_below(folder: str, segments: Sequence[str]) -> str:
    """Return the path of a setting below a folder whose names are like these, "" if there is none.

    The name of an interface may contain dots, which the key then takes for separators.
    """
    if not segments:
        return folder if os.path.isfile(folder) else ""
    for count in range(1, len(segments) + 1):
        name = ".".join(segments[:count])
        if os.path.exists(f"{folder}/{name}"):
            path = _find_below(f"{folder}/{name}", segments[count:])
            if path:
                return path
    for name in _similar_names(segments[0], folder):
        path = _find_below(f"{folder}/{name}", segments[1:])
        if path:
            return path
    return ""


def _similar_names(name: str, folder: str) -> list[str]:
    """Return the names in a folder that are like another one, the best match first."""
    by_lower_case = {entry.lower(): entry for entry in _names_in(folder)}
    matches = difflib.get_close_matches(name.lower(), by_lower_case, 3, _SIMILARITY)
    return [by_lower_case[match] for match in matches]


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _find_by_last_segment(name: str) -> str:
    """Return the only setting with this name in any folder, "" if there is none or more."""
    paths = []
    lower_case = name.lower()
    for folder, _folders, entries in os.walk(proc_sys.PROC_SYS):
        for entry in entries:
            if entry.lower() == lower_case:
                paths.append(f"{folder}/{entry}")
    return paths[0] if len(paths) == 1 else ""
