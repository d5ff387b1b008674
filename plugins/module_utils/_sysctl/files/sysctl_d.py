# SPDX-License-Identifier: GPL-3.0-or-later

r"""One file of sysctl settings: read as a sysctl loader reads it, and edited without other changes.

    comment    = *blank ("#" / ";") *any
    assignment = *blank ["-"] *blank key *blank "=" *blank value *blank
    exclusion  = *blank "-" *blank key *blank
    problem    = any other line that is not blank

A dash before an assignment makes the loader ignore errors; an exclusion keeps globs off its key;
at a problem the loader complains and goes on. Which characters end a line and which are blanks
depends on the loader, see ``loaders.py``.

A segment is a line with its end.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Callable, Collection, Mapping, NamedTuple

from ..kernel.values import values_equal
from ..keys import is_glob, key_to_path, normalize_key
from ..secrets import display_value, is_secret
from ..text import decode, encode, printable
from .loaders import BUSYBOX, Loader


class Line(NamedTuple):
    """A line of a file that is neither blank nor a comment."""

    path: str
    """The file as the loader names it."""
    real_path: str
    """Where that leads, links followed."""
    number: int
    """As an editor counts, from 1."""
    segment: int
    """The index of its segment in the file."""
    key: str
    """Normalized, "" if the loader cannot read the line."""
    value: str | None
    """None: an exclusion. Without a key: the problem with the line."""
    by: str = ""
    """The program that reads the line at boot."""
    spelling: str = ""
    """The path with empty parts and '..', where these matter, see ``Loader.simplifies_keys``."""

    @property
    def may_lead_nowhere(self) -> bool:
        """Whether a folder of its path may not exist, although that of its key does."""
        return "/../" in self.spelling


def line_result(key: str, line: Line | None) -> dict[str, Any]:
    """Return the value that a line gives a key and where it stands, as results show it.

    A line of another key, which acts on this one, is shown with its key.
    """
    if line is None:
        return {"value": None, "path": None, "line": None, "by": None}
    result = {
        "value": display_value(name_of_value(key, line), line.value),
        "path": printable(line.path),
        "line": line.number,
        "by": line.by,
    }
    if not _is_about(line, key):
        result["line_key"] = printable(line.key)
    return result


def name_of_value(key: str, line: Line) -> str:
    """Return the name by which the value of a line about a key is shown: a secret one, if any."""
    return line.key if is_glob(line.key) and not is_secret(key) else key


def _is_about(line: Line, key: str) -> bool:
    """Tell whether a line names a key, or is a glob that matches it."""
    if line.key == key or not is_glob(line.key):
        return line.key == key
    from ..globs import stands_for  # most lines are no globs

    return stands_for(line.key, key)


def split_segments(data: bytes, loader: Loader) -> list[str]:
    """Cut a file into segments; joined, they are the file again."""
    text = decode(data)
    has_other_ends = "\r" in text or "\0" in text
    if has_other_ends and loader.line_ends != "\n":
        return re.findall(r"[^\n\r\0]*(?:\r\n|[\n\r\0])|[^\n\r\0]+", text)
    lines = text.split("\n")
    segments = [line + "\n" for line in lines[:-1]]
    if lines[-1]:
        segments.append(lines[-1])  # the file does not end in a line end
    if loader.program == BUSYBOX and "\\\n" in text:
        from .busybox import join_segments

        return join_segments(segments)
    return segments


def parse_lines(
    data: bytes, loader: Loader, path: str = "", real_path: str = "", by: str = ""
) -> list[Line]:
    """Read a file as this loader does; by: another program that reads it by the same rules."""
    lines = _read_lines(data, loader)
    program = by or loader.program
    return [line._replace(path=path, real_path=real_path, by=program) for line in lines]


def assigned_values(data: bytes, loader: Loader) -> dict[str, str]:
    """Return the last value of each key of a file."""
    values = {}
    for line in _read_lines(data, loader):
        if line.key and line.value is not None:
            values[line.key] = line.value
    return values


@lru_cache(maxsize=8)
def _read_lines(data: bytes, loader: Loader) -> list[Line]:
    """Return the lines of a file that has no name yet."""
    if loader.program == BUSYBOX:
        from .busybox import read_lines

        read = read_lines(split_segments(data, loader), loader)
        return [Line(path="", real_path="", **read_line._asdict()) for read_line in read]
    lines = []
    number = 1
    for index, segment in enumerate(split_segments(data, loader)):
        if loader.longest_line and len(segment) > loader.longest_line:
            problem = "too long a line: the rest of the file is not read"
            line = Line(path="", real_path="", number=number, segment=index, key="", value=problem)
            lines.append(line)
            break
        text = _visible_text(segment, loader).strip(loader.blanks)
        if text and not text.startswith(("#", ";")):
            key, value, spelling = _split_line(text, loader)
            line = Line(path="", real_path="", number=number, segment=index, key=key, value=value)
            lines.append(line._replace(spelling=spelling) if spelling else line)
        number += segment.count("\n")
    return lines


def _visible_text(segment: str, loader: Loader) -> str:
    """Return what the loader sees of a segment that has a NUL in it."""
    if loader.nul_hides_rest:
        return segment.partition("\0")[0]
    return segment.rstrip("\0")


def _split_line(text: str, loader: Loader) -> tuple[str, str | None, str]:
    """Return the key and the value of a line, and its spelling.

    For a problem the key is "", and the value its description.
    """
    name, equals, value = text.partition("=")
    has_dash = name.startswith("-")
    if has_dash:
        name = name[1:].lstrip(loader.after_dash)
    elif not equals:
        return "", "no '=' in the line", ""
    name = name.rstrip(loader.blanks)
    key = normalize_key(name)
    if not key:
        return "", "no key in the line", ""
    spelling = ""
    is_plain = (key == name or key_to_path(key) == name) and "//" not in key
    if not is_plain and not loader.simplifies_keys:
        from ..parents import followed  # most names are the key, or its path

        key, spelling = followed(name, key)
    if not equals:
        return key, None, spelling
    return key, value.strip(loader.blanks), spelling


def _requested_text(key: str, text: str, requested: str) -> str:
    return text if values_equal(key, text, requested) else requested


def edit(
    data: bytes,
    loader: Loader,
    assign: Mapping[str, str],
    drop: Collection[str],
    new_text: Callable[[str, str, str], str] = _requested_text,
) -> bytes:
    """Return the file with these keys assigned and those dropped; every other byte stays.

    Of several lines of an assigned key the last one stays, with its own spelling and dash; its
    value is replaced only where it differs. A key that has no line yet is appended.

    new_text: (key, text of the value, requested value) -> the text that the line should have.
    """
    segments = split_segments(data, loader)
    assigned = set()
    if 0 < loader.longest_line <= len(data):
        # The loader reads nothing after a line that is too long, but lines there are edited too.
        loader = loader._replace(longest_line=0)
    for line in reversed(parse_lines(data, loader)):
        requested = assign.get(line.key)
        if requested is not None and line.value is not None and line.key not in assigned:
            assigned.add(line.key)
            text = new_text(line.key, line.value, requested)
            if text != line.value:
                segments[line.segment] = _replace_value(segments[line.segment], text, loader)
        elif line.key and (requested is not None or line.key in drop):
            segments[line.segment] = ""
    lines = [f"{key} = {value}" for key, value in assign.items() if key not in assigned]
    return encode(append_lines("".join(segments), lines))


def _replace_value(segment: str, value: str, loader: Loader) -> str:
    """Return an assignment with another value; its spacing stays, and what a NUL hides."""
    visible = segment
    nul = ""
    hidden = ""
    if loader.nul_hides_rest:
        visible, nul, hidden = segment.partition("\0")
    name, _equals, rest = visible.partition("=")
    old_value = rest.strip(loader.blanks + "\0")
    if old_value:
        before, _old_value, after = rest.partition(old_value)
    else:
        before = " "
        after = rest.lstrip(" \t")
    return f"{name}={before}{value}{after}{nul}{hidden}"


def append_lines(text: str, lines: Collection[str]) -> str:
    """Return a text with more lines at its end, which end as its own lines do."""
    if not lines:
        return text
    line_end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += line_end
    return text + "".join(line + line_end for line in lines)


def format_header(header: str) -> str:
    """Return the comment at the start of a file that we create."""
    lines = []
    for line in header.replace("\0", "\n").splitlines():
        is_comment = line.startswith(("#", ";"))
        comment = line if is_comment else f"# {line}"
        lines.append(comment.rstrip() + "\n")
    return "".join(lines)


def is_only_header(before: bytes, after: bytes, header: str) -> bool:
    """Tell whether an edit left nothing of a file but our header, or blanks.

    A file that was empty before the edit does not count: it is there to mask others.
    """
    remaining = after.split()
    if not remaining:
        return before != after
    return remaining == encode(format_header(header)).split()
