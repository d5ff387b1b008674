# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of keys as they are spelled, with empty parts and ``..``.

Imported only where a name in a file is neither the key nor its path. procps opens such a path as
it is, so that it leads to another key if all of its folders exist.
"""

from __future__ import annotations

from typing import Sequence

from .keys import is_glob, key_to_path, path_to_key, spelled_path

_ROOT = ("proc", "sys")


def kept_parts(parts: Sequence[str]) -> list[int]:
    """Return the indexes of the parts of a path that its key consists of, none if it has no key.

    A path below /proc/sys may lead out of it, and back.
    """
    kept = [-2, -1]
    for index, part in enumerate(parts):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(index)
    names = [_ROOT[index] if index < 0 else parts[index] for index in kept[:2]]
    return kept[2:] if names == [*_ROOT] else []


def key_of_path(path: str) -> str:
    """Return the key to which a path leads, "" if no setting can be there."""
    parts = path.split("/")
    if parts[-1] in ("", ".", ".."):
        return ""
    return path_to_key("/".join(parts[index] for index in kept_parts(parts)))


def respelled(path: str, key: str) -> str:
    """Return the path of a glob with the names of a key that it matches."""
    parts = path.split("/")
    for index, name in zip(kept_parts(parts), key_to_path(key).split("/")):
        parts[index] = name
    return "/".join(parts)


def followed(name: str, key: str) -> tuple[str, str]:
    """Return the key to which a name in a file leads, and its spelling, "" if it is the key's."""
    if "//" in key and ".." in key_to_path(key).split("/"):
        spelling = spelled_path(name)
        return key_of_path(spelling) or key, spelling
    if key == name:
        return key, ""
    # What a glob gives does not end in a slash.
    spelling = spelled_path(name.rstrip("./") if is_glob(key) else name)
    if spelling.endswith("/"):
        key += "."  # no setting is there
    return key, spelling
