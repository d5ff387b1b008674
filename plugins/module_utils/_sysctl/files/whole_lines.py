# SPDX-License-Identifier: GPL-3.0-or-later

"""Edits of whole lines of one file of sysctl settings: move them, or turn them into comments."""

from __future__ import annotations

from typing import Collection, Iterable

from ..text import encode
from .loaders import Loader
from .sysctl_d import append_lines, parse_lines, split_segments


def move_to_end(data: bytes, loader: Loader, keys: Collection[str]) -> bytes:
    """Return the file with the last assignment of each of these keys at its end, in this order."""
    segments = split_segments(data, loader)
    last_segments = {}
    for line in parse_lines(data, loader):
        if line.value is not None and line.key in keys:
            last_segments[line.key] = line.segment
    moved = [segments[last_segments[key]] for key in keys if key in last_segments]
    for segment in last_segments.values():
        segments[segment] = ""
    lines = [segment.rstrip(loader.line_ends) for segment in moved]
    return encode(append_lines("".join(segments), lines))


def comment_out(data: bytes, loader: Loader, indexes: Iterable[int]) -> bytes:
    """Return the file with the segments of these indexes turned into comments."""
    segments = split_segments(data, loader)
    for index in indexes:
        segments[index] = "# commented out by netops.tuning: " + segments[index]
    return encode("".join(segments))
