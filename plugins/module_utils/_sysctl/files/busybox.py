# SPDX-License-Identifier: GPL-3.0-or-later

r"""How busybox's sysctl reads a file: ``sysctl -p FILE``.

    line       = *text *("\" newline *text) newline
    comment    = *blank ("#" / ";") *any
    assignment = *blank key *blank "=" value
    problem    = any other line that is not blank

A value is not empty, and its first character is no ``#``. There are no globs and no dashes. At a
value that the kernel refuses it gives the file up; at a key that is missing it goes on.

Sources: procps/sysctl.c and libbb/parse_config.c of busybox 1.35 to 1.37. Only programs of hosts
that have it import this.
"""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

from ..keys import is_glob, normalize_key, path_to_key
from .loaders import Loader

_OF_AN_INTERFACE = re.compile(
    r"(?P<folder>net[./](?:ipv4|ipv6|mpls)[./](?:conf|neigh)[./])(?P<name>.+)[./](?P<key>[^./]+)"
)


def join_segments(segments: Iterable[str]) -> list[str]:
    """Join lines that end in a backslash with the one that follows."""
    joined: list[str] = []
    is_open = False
    for segment in segments:
        if is_open:
            joined[-1] += segment
        else:
            joined.append(segment)
        is_open = segment.endswith("\\\n")
    return joined


class ReadLine(NamedTuple):
    """A line that is neither blank nor a comment; its fields are those of sysctl_d.Line."""

    number: int
    segment: int
    key: str
    value: str


def read_lines(segments: Iterable[str], loader: Loader) -> list[ReadLine]:
    """Return the lines of a file that has no name yet."""
    lines = []
    number = 1
    for index, segment in enumerate(segments):
        text = _visible_text(segment)
        if text.strip(loader.blanks) and text.lstrip(loader.blanks)[0] not in "#;":
            key, value = _split_line(text, loader)
            lines.append(ReadLine(number=number, segment=index, key=key, value=value))
        number += segment.count("\n")
    return lines


def _visible_text(segment: str) -> str:
    """Return a line without what continues it, and without what a NUL hides."""
    text = segment.replace("\\\n", "")
    if text.endswith("\\"):  # the file ends there
        text = text[:-1]
    return text.partition("\0")[0]


def _split_line(text: str, loader: Loader) -> tuple[str, str]:
    """Return the key and the value of a line; for a problem "" and its description."""
    name, equals, value = text.rstrip("\n").partition("=")
    name = name.strip(loader.blanks)
    if not equals:
        return "", "no '=' in the line"
    if not name:
        return "", "no key in the line"
    if name[0] in "-/.":
        return "", f"busybox takes the {name[0]!r} for a part of the key"
    if is_glob(name):
        return "", "busybox knows no globs"
    if not value.strip(loader.blanks) or value.startswith("#"):
        return "", "busybox sets no empty value"
    return _key_of(name), value.strip(loader.blanks)


def _key_of(name: str) -> str:
    """Return the key that a name stands for: busybox tries which of its dots are slashes."""
    is_swapped = "/" in name and "." in name.partition("/")[0]
    if is_swapped:
        return normalize_key(name)
    match = _OF_AN_INTERFACE.fullmatch(name)
    if match:
        folder = match.group("folder").replace(".", "/")
        return path_to_key(f"{folder}{match.group('name')}/{match.group('key')}")
    return normalize_key("/" + name.replace(".", "/"))
