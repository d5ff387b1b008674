# SPDX-License-Identifier: GPL-3.0-or-later

r"""One file of sysctl settings: read as a boot loader reads it, edited so that nothing else in it changes.

    comment    = *blank ("#" / ";") *any
    assignment = *blank ["-"] *blank key *blank "=" *blank value *blank     ; "-": errors are ignored at boot
    exclusion  = *blank "-" *blank key *blank                               ; keeps globs off that key
    problem    = any other line that is not blank: the loader complains and goes on

What a line end and a blank are differs by loader, see ``loaders.py``. Bytes that are not UTF-8 survive (surrogateescape).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from .base import replace
from .keys import canonical
from .loaders import Loader
from .values import printable, same, shown


class Line(NamedTuple):
    """A line that says something of a key. Value None: an exclusion. Key "": a problem, told in value."""

    path: str
    """The file as the loader names it."""
    real: str
    """What that leads to, links followed."""
    number: int
    """As an editor counts, from 1."""
    piece: int
    """Which of the segments of its file."""
    key: str
    value: str | None


def said(key: str, line: Line | None) -> dict[str, Any]:
    """Return what a line says, and where it stands, as results show it."""
    if line is None:
        return {"value": None, "path": None, "line": None}
    return {"value": shown(key, line.value), "path": printable(line.path), "line": line.number}


def decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def segments(data: bytes, loader: Loader) -> list[str]:
    """Cut a file into lines with their ends; joined, they are the file again."""
    text = decode(data)
    if loader.line_ends == "\n" or ("\r" not in text and "\0" not in text):
        lines = text.split("\n")
        last = lines.pop()
        return [line + "\n" for line in lines] + ([last] if last else [])
    return re.findall(r"[^\n\r\0]*(?:\r\n|[\n\r\0])|[^\n\r\0]+", text)


def parse(data: bytes, loader: Loader, path: str = "", real: str = "") -> list[Line]:
    """Read a file as this loader does."""
    return [Line(path, real, *said) for said in _read(data, loader)]


def assigned(data: bytes, loader: Loader) -> dict[str, str]:
    """Return the last value of each key of a file."""
    return {key: value for _number, _index, key, value in _read(data, loader) if key and value is not None}


@lru_cache(maxsize=8)
def _read(data: bytes, loader: Loader) -> list[tuple[int, int, str, str | None]]:
    found: list[tuple[int, int, str, str | None]] = []
    number = 1
    for index, segment in enumerate(segments(data, loader)):
        if loader.longest_line and len(segment) > loader.longest_line:
            return [*found, (number, index, "", "too long a line: the rest of the file is not read")]
        visible = segment.partition("\0")[0] if loader.c_strings else segment.rstrip("\0")
        text = visible.strip(loader.blanks)
        if text and text[0] not in "#;":
            found.append((number, index, *_split(text, loader)))
        number += segment.count("\n")
    return found


def _split(text: str, loader: Loader) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if name[:1] == "-":
        name = name[1:].lstrip(loader.after_dash)
    elif not equals:
        return "", "no '=' in the line"
    key = canonical(name.rstrip(loader.blanks))
    return (key, value.strip(loader.blanks) if equals else None) if key else ("", "no key in the line")


def edit(data: bytes, loader: Loader, assign: Mapping[str, str], drop: Callable[[str], bool]) -> bytes:
    """Return the file with these keys assigned and those dropped; every other byte stays.

    Of several lines of an assigned key the last one stays, with its own spelling and dash; only a value that
    differs is replaced. A key that has no line yet is appended.
    """
    pieces = segments(data, loader)
    placed = set()
    if 0 < loader.longest_line <= len(data):  # what is behind a line that is too long is not read, but is there
        loader = replace(loader, longest_line=0)
    for line in reversed(parse(data, loader)):
        wanted = assign.get(line.key)
        if wanted is not None and line.value is not None and line.key not in placed:
            placed.add(line.key)
            if not same(line.key, line.value, wanted):
                pieces[line.piece] = _with_value(pieces[line.piece], wanted, loader)
        elif line.key and (wanted is not None or drop(line.key)):
            pieces[line.piece] = ""
    text = "".join(pieces)
    end = "\r\n" if "\r\n" in text else "\n"
    added = [f"{key} = {value}{end}" for key, value in assign.items() if key not in placed]
    if added and text and not text.endswith("\n"):
        text += end
    return encode(text + "".join(added))


def _with_value(segment: str, value: str, loader: Loader) -> str:
    visible, nul, hidden = segment.partition("\0") if loader.c_strings else (segment, "", "")
    head, _unused, rest = visible.partition("=")
    body = rest.strip(loader.blanks + "\0")
    lead, _unused, trail = rest.partition(body) if body else (" ", "", rest.lstrip(" \t"))
    return f"{head}={lead}{value}{trail}{nul}{hidden}"


def comment_out(data: bytes, loader: Loader, found: Iterable[int]) -> bytes:
    """Return the file with these segments turned into comments."""
    pieces = segments(data, loader)
    for index in found:
        pieces[index] = "# commented out by netops.tuning: " + pieces[index]
    return encode("".join(pieces))


def header_lines(header: str) -> str:
    """Return the comment that opens a file we create."""
    return "".join(
        f"{line if line[:1] in ('#', ';') else '# ' + line}".rstrip() + "\n"
        for line in header.replace("\0", "\n").splitlines()
    )


def nothing_left(before: bytes, after: bytes, header: str) -> bool:
    """Tell whether an edit left nothing but our header, or blanks. A file that was empty all along masks others: it stays."""
    left = after.split()
    return left == encode(header_lines(header)).split() if left else before != after
