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
from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple

from .keys import normalize_key
from .loaders import Loader
from .secrets import display_value
from .text import decode, encode, printable
from .values import values_equal


class Line(NamedTuple):
    """A line that says something of a key. Value None: an exclusion. Key "": a problem, told in value."""

    path: str
    """The file as the loader names it."""
    real_path: str
    """What that leads to, links followed."""
    number: int
    """As an editor counts, from 1."""
    segment: int
    """Which of the segments of its file."""
    key: str
    value: str | None


def line_result(key: str, line: Line | None) -> dict[str, Any]:
    """Return what a line says, and where it stands, as results show it."""
    if line is None:
        return {"value": None, "path": None, "line": None}
    return {
        "value": display_value(key, line.value),
        "path": printable(line.path),
        "line": line.number,
    }


def split_segments(data: bytes, loader: Loader) -> list[str]:
    """Cut a file into lines with their ends; joined, they are the file again."""
    text = decode(data)
    if loader.line_ends == "\n" or ("\r" not in text and "\0" not in text):
        lines = text.split("\n")
        last = lines.pop()
        return [line + "\n" for line in lines] + ([last] if last else [])
    return re.findall(r"[^\n\r\0]*(?:\r\n|[\n\r\0])|[^\n\r\0]+", text)


def parse_lines(data: bytes, loader: Loader, path: str = "", real_path: str = "") -> list[Line]:
    """Read a file as this loader does."""
    lines = []
    for parsed in _read_lines(data, loader):
        line = Line(
            path=path,
            real_path=real_path,
            number=parsed.number,
            segment=parsed.segment,
            key=parsed.key,
            value=parsed.value,
        )
        lines.append(line)
    return lines


def assigned_values(data: bytes, loader: Loader) -> dict[str, str]:
    """Return the last value of each key of a file."""
    values = {}
    for line in _read_lines(data, loader):
        if line.key and line.value is not None:
            values[line.key] = line.value
    return values


class _ParsedLine(NamedTuple):
    """A line without the name of its file."""

    number: int
    segment: int
    key: str
    value: str | None


@lru_cache(maxsize=8)
def _read_lines(data: bytes, loader: Loader) -> list[_ParsedLine]:
    lines: list[_ParsedLine] = []
    number = 1
    for index, segment in enumerate(split_segments(data, loader)):
        if loader.longest_line and len(segment) > loader.longest_line:
            problem = "too long a line: the rest of the file is not read"
            lines.append(_ParsedLine(number, index, key="", value=problem))
            break
        visible = segment.partition("\0")[0] if loader.c_strings else segment.rstrip("\0")
        text = visible.strip(loader.blanks)
        if text and text[0] not in "#;":
            key, value = _split_line(text, loader)
            lines.append(_ParsedLine(number, index, key=key, value=value))
        number += segment.count("\n")
    return lines


def _split_line(text: str, loader: Loader) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if name[:1] == "-":
        name = name[1:].lstrip(loader.after_dash)
    elif not equals:
        return "", "no '=' in the line"
    key = normalize_key(name.rstrip(loader.blanks))
    return (
        (key, value.strip(loader.blanks) if equals else None) if key else ("", "no key in the line")
    )


def _asked_value(_current: str, asked: str) -> str:
    return asked


def edit(
    data: bytes,
    loader: Loader,
    assign: Mapping[str, str],
    drop: Collection[str],
    target: Callable[[str, str], str] = _asked_value,
) -> bytes:
    """Return the file with these keys assigned and those dropped; every other byte stays.

    Of several lines of an assigned key the last one stays, with its own spelling and dash; its
    value is replaced only where it differs. A key that has no line yet is appended.

    target: (current value, asked value) -> the value that the line should have.
    """
    segments = split_segments(data, loader)
    assigned = set()
    if 0 < loader.longest_line <= len(data):
        # What comes after a line that is too long is not read by the loader, but it is there.
        loader = loader._replace(longest_line=0)
    for line in reversed(parse_lines(data, loader)):
        asked = assign.get(line.key)
        if asked is not None and line.value is not None and line.key not in assigned:
            assigned.add(line.key)
            value = target(line.value, asked)
            if not values_equal(line.key, line.value, value):
                segments[line.segment] = _replace_value(segments[line.segment], value, loader)
        elif line.key and (asked is not None or line.key in drop):
            segments[line.segment] = ""
    text = "".join(segments)
    line_end = "\r\n" if "\r\n" in text else "\n"
    added = [f"{key} = {value}{line_end}" for key, value in assign.items() if key not in assigned]
    if added and text and not text.endswith("\n"):
        text += line_end
    return encode(text + "".join(added))


def _replace_value(segment: str, value: str, loader: Loader) -> str:
    visible, nul, hidden = segment.partition("\0") if loader.c_strings else (segment, "", "")
    head, _unused, rest = visible.partition("=")
    body = rest.strip(loader.blanks + "\0")
    lead, _unused, trail = rest.partition(body) if body else (" ", "", rest.lstrip(" \t"))
    return f"{head}={lead}{value}{trail}{nul}{hidden}"


def comment_out(data: bytes, loader: Loader, found: Iterable[int]) -> bytes:
    """Return the file with these segments turned into comments."""
    segments = split_segments(data, loader)
    for index in found:
        segments[index] = "# commented out by netops.tuning: " + segments[index]
    return encode("".join(segments))


def format_header(header: str) -> str:
    """Return the comment that opens a file we create."""
    return "".join(
        f"{line if line[:1] in ('#', ';') else '# ' + line}".rstrip() + "\n"
        for line in header.replace("\0", "\n").splitlines()
    )


def is_only_header(before: bytes, after: bytes, header: str) -> bool:
    """Tell whether an edit left nothing but our header, or blanks. A file that was empty all along masks others: it stays."""
    left = after.split()
    return left == encode(format_header(header)).split() if left else before != after
