# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of kernel settings: their spellings, the one canonical form, and globs over them.

sysctl.d(5): dots or slashes stand between the parts. If the first of them is a slash, the rest is taken as it stands;
if it is a dot, dots and slashes are swapped, so that a part may hold a dot: ``net.ipv4.conf.eth0/100.rp_filter`` and
``net/ipv4/conf/eth0.100/rp_filter`` are one key. The canonical form is the one sysctl(8) prints, with dots between.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import Callable, Sequence

from .errors import TuningError

_SWAP = str.maketrans("./", "/.")


def is_glob(key: str) -> bool:
    """Tell whether a key holds glob characters, as both loaders see it."""
    return "*" in key or "?" in key or "[" in key


def key_to_path(key: str) -> str:
    """Return the path below /proc/sys of a normalized key."""
    return _swap_separators(key)


def path_to_key(path: str) -> str:
    """Return the normalized key of a path below /proc/sys."""
    return _swap_separators(path)


def _swap_separators(name: str) -> str:
    """Swap dots and slashes; most names have only one of them."""
    if "/" in name and "." in name:
        return name.translate(_SWAP)
    if "/" in name:
        return name.replace("/", ".")
    return name.replace(".", "/")


def normalize_key(name: str) -> str:
    """Return the one canonical form of a key as it stands in a file, whatever its spelling."""
    if "/" not in name and ".." not in name and name.strip(".") == name:
        return name
    return path_to_key("/".join(part for part in _parts(name) if part not in ("", ".")))


def _parts(name: str) -> list[str]:
    first = next((char for char in name if char in "./"), "/")
    return (name if first == "/" else key_to_path(name)).split("/")


def parse_key(name: object) -> str:
    """Return the canonical form of a key that a user wrote, or refuse it."""
    key = str(name)
    if key.replace(".", "").isidentifier() and normalize_key(key) == key:
        return key
    parts = _parts(key)
    reason = ""
    if key[:1] in ("", "/", "-", "#", ";"):
        reason = f"it starts with {key[:1]!r}" if key else "it is empty"
    elif " " in key or "=" in key or not key.isprintable():
        reason = "it holds a blank, an equals sign or a control character"
    elif not {"", ".", ".."}.isdisjoint(parts) or "." in parts[0]:
        reason = "it has an empty part, '.' or '..' in it"
    if reason:
        raise TuningError(
            f"key {key!r}: {reason}; name it as in sysctl.d(5), such as net.ipv4.tcp_keepalive_time",
            key,
        )
    return normalize_key(key)


def split_glob(pattern: str) -> list[str]:
    """Return what stands between the slashes of a glob, as fnmatch takes it: it knows ``[!x]`` only, glob(7) ``[^x]`` too."""
    return key_to_path(pattern).replace("[^", "[!").split("/")


def glob_matches(parts: Sequence[str], key: str) -> bool:
    """Tell whether a glob matches a key. No wildcard crosses a part, or matches a dot at its start (glob(7))."""
    names = key_to_path(key).split("/")
    return len(parts) == len(names) and all(map(_part_fits, parts, names))


def _part_fits(part: str, name: str) -> object:
    return name == part or segment_matcher(part)(name)


@lru_cache(maxsize=1024)
def segment_matcher(part: str) -> Callable[[str], object]:
    """Return what tells whether a part of a key matches this part of a glob. One that Python cannot read ([z-a]) matches nothing."""
    try:
        return re.compile(translate(part) if part[:1] == "." else rf"(?!\.){translate(part)}").match
    except re.error:  # before Python 3.12
        return lambda _name: None
