# SPDX-License-Identifier: GPL-3.0-or-later

"""Globs over the names of kernel settings.

Imported only where there is one, see ``is_glob`` in ``keys.py``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Callable, Container, Iterable, Sequence

from .._lazy_module import LazyModule
from .keys import is_glob, key_to_path

if TYPE_CHECKING:
    from . import glob_segments, parents
else:
    glob_segments = LazyModule(__name__, ".glob_segments")
    parents = LazyModule(__name__, ".parents")


def split_glob(pattern: str) -> list[str]:
    """Return the segments of a glob, those that are no globs as names.

    A backslash takes the meaning from the character after it, a slash among them.
    """
    path = key_to_path(pattern)
    if "\\" not in path:
        return path.split("/")
    return glob_segments.split_escaped(path)


def glob_matches(segments: Sequence[str], key: str) -> bool:
    """Tell whether a glob, split by ``split_glob``, matches a key.

    A wildcard matches neither a slash nor a dot at the start of a segment (glob(7)).
    """
    names = key_to_path(key).split("/")
    if len(segments) != len(names):
        return False
    return all(
        segment_matcher(segment)(name) if is_glob(segment) else segment == name
        for segment, name in zip(segments, names)
    )


def may_match(pattern: str, family: str) -> bool:
    """Tell whether a glob can match a key of a family, in which a star stands for any name."""
    segments = split_glob(pattern)
    names = key_to_path(family).split("/")
    known = ["*" if name == "*" else segment for segment, name in zip(segments, names)]
    return len(segments) == len(names) and glob_matches(known, family)


def stands_for(name: str, key: str) -> bool:
    """Tell whether a name, which may be a glob, stands for a key."""
    return name == key or (is_glob(name) and glob_matches(split_glob(name), key))


def keys_written_by(
    name: str, keys: Iterable[str], named: Container[str], spelling: str = ""
) -> list[str]:
    """Return the keys to which a loader writes a line, those of a glob in the order of glob(3).

    name: the key or the glob that the line assigns. keys: those that are looked at.
    named: the keys that globs are kept off, since lines name them. spelling: that of the line.
    """
    if not is_glob(name):
        return [name]
    segments = split_glob(name)
    matching = [key for key in keys if glob_matches(segments, key)]
    if spelling:
        kept = [key for key in matching if parents.respelled(spelling, key) not in named]
    else:
        kept = [key for key in matching if key not in named]
    return sorted(kept, key=key_to_path)


@lru_cache(maxsize=1024)
def segment_matcher(segment: str) -> Callable[[str], object]:
    """Compile one segment of a glob to a function that tells whether a name matches it."""
    return glob_segments.compile_segment(segment)
