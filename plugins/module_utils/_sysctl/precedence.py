# SPDX-License-Identifier: GPL-3.0-or-later

"""Which line decides a key at the next boot.

1. The last assignment of a key wins. An explicit one wins over every glob, wherever either stands.
2. A line ``-key`` keeps globs off that key.

Sources: sysctl.d(5), src/sysctl/sysctl.c of systemd, src/sysctl.c of procps; where the two differ
is in ``loaders.py``.
"""

from __future__ import annotations

from typing import Collection, Iterable

from .boot_files import BootFiles, boot_lines, read_order
from .keys import glob_matches, is_glob, key_to_path, split_glob
from .loaders import Loader
from .sysctl_d import Line
from .text import encode

_MANY_KEYS = 100
"""From so many keys on, nearly every file names one of them: it is cheaper to parse them all."""


class Precedence:
    """The outcome of reading lines in order, as one loader does."""

    def __init__(self, lines: Iterable[Line], loader: Loader) -> None:
        self.explicit: dict[str, Line] = {}
        self.globs: dict[str, Line] = {}
        self.excluded: dict[str, Line] = {}
        for line in lines:
            self._read(line, loader)
        self._winners: dict[str, Line | None] = {}
        self._patterns = []
        for line in reversed(list(self.globs.values())):
            if line.value:
                self._patterns.append((split_glob(line.key), line))

    def _read(self, line: Line, loader: Loader) -> None:
        assignments = self.globs if is_glob(line.key) else self.explicit
        earlier = assignments.get(line.key)
        if line.value is None:
            self.excluded[line.key] = line
            if loader.can_unset:
                assignments.pop(line.key, None)
            return
        if line.value == "" and earlier and not loader.can_unset:
            return
        if assignments is self.globs:
            if earlier and earlier.value == line.value and loader.repeat_keeps_order:
                return
            assignments.pop(line.key, None)  # so that it becomes the last one in the order
        assignments[line.key] = line

    def winner(self, key: str) -> Line | None:
        """Return the line that decides a key at boot, None if there is none.

        A line whose value is None keeps every other line off the key.
        """
        if key not in self._winners:
            self._winners[key] = self._find_winner(key)
        return self._winners[key]

    def _find_winner(self, key: str) -> Line | None:
        if is_glob(key):
            return self.globs.get(key)
        line = self.explicit.get(key) or self.excluded.get(key)
        if line:
            return line
        for segments, glob_line in self._patterns:
            if glob_matches(segments, key):
                return glob_line
        return None


def precedence_of(boot_files: BootFiles, loader: Loader, keys: Collection[str]) -> Precedence:
    """Work out what the next boot does to these keys.

    A line that decides a key contains its last segment or a glob character. Files without either
    are not parsed: 1,000 files beside ours would cost more than all the rest of a run.
    """
    files = [file for file in read_order(boot_files, loader) if file.masked_by is None]
    if len(keys) < _MANY_KEYS:
        marks = _marks_of(keys)
        files = [file for file in files if _has_mark(boot_files, file.real_path, marks)]
    return Precedence(boot_lines(boot_files, loader, files), loader)


def _marks_of(keys: Iterable[str]) -> set[bytes]:
    """Return texts of which every line that decides one of these keys contains one."""
    marks = {b"*", b"?", b"["}
    for key in keys:
        last_segment = key_to_path(key).rpartition("/")[2]
        marks.add(encode(last_segment))
        marks.add(encode(key_to_path(last_segment)))  # its dots as slashes, the other spelling
    return marks


def _has_mark(boot_files: BootFiles, real_path: str, marks: set[bytes]) -> bool:
    data = boot_files.contents.get(real_path, b"")
    return any(mark in data for mark in marks)
