# SPDX-License-Identifier: GPL-3.0-or-later

"""Which line decides a key at the next boot.

1. The last assignment of a key wins. An explicit one wins over every glob, wherever either stands.
2. A line ``-key`` keeps globs off that key.
3. A key that others act on has the value of the last write of any of them, see
   ``boot_effects.py``.

Sources: sysctl.d(5), src/sysctl/sysctl.c of systemd, src/sysctl.c of procps; where the two differ
is in ``loaders.py``.
"""

from __future__ import annotations

from typing import Collection, Iterable, Iterator, Mapping

from .boot_files import BootFiles, boot_lines, read_order
from .keys import glob_matches, is_glob, key_to_path, may_be_coupled, split_glob
from .loaders import Loader
from .sysctl_d import Line
from .text import encode

_MANY_KEYS = 100
"""From so many keys on, nearly every file names one of them: it is cheaper to parse them all."""

_GLOBS = ""
"""Stands for all globs, where lines are looked up by key."""


class Precedence:
    """The outcome of reading lines in order, as one loader does.

    start_values: variable -> its value before the loader runs; None: what kernels start with. They
    matter to keys that others act on, where these do so only when their value changes.
    """

    def __init__(
        self,
        lines: Iterable[Line],
        loader: Loader,
        start_values: Mapping[str, str] | None = None,
    ) -> None:
        self.loader = loader
        self._start_values = start_values
        self.assignments: dict[str, Line] = {}
        """Key or glob -> the line that assigns it last, in the order in which they are written."""
        self.excluded: dict[str, Line] = {}
        self._repeated: list[Line] = []
        """All assignments, for a loader that writes each of them."""
        for line in lines:
            self._read(line)
        self._winners: dict[str, Line | None] = {}
        self._written_lines: dict[str, list[tuple[int, Line]]] = {}
        """Key -> the lines that the loader writes for it, each with its place in the order."""
        self._patterns = []
        for line in reversed(list(self.assignments.values())):
            if line.value and is_glob(line.key):
                self._patterns.append((split_glob(line.key), line))

    def _read(self, line: Line) -> None:
        loader = self.loader
        earlier = self.assignments.get(line.key)
        if line.value is None:
            self.excluded[line.key] = line
            if loader.can_unset:
                self.assignments.pop(line.key, None)
            return
        if line.value == "" and earlier and not loader.can_unset:
            return
        if loader.writes_repeats:
            self._repeated.append(line)
        is_repeated = earlier is not None and earlier.value == line.value
        if is_repeated and loader.repeat_keeps_order:
            if is_glob(line.key):
                return
        else:
            self.assignments.pop(line.key, None)  # so that it becomes the last one in the order
        self.assignments[line.key] = line

    def lines_written_to(self, keys: Iterable[str]) -> list[Line]:
        """Return the lines that the loader writes to these keys, and all globs, in its order."""
        if not self._written_lines:
            self._index_written_lines()
        numbered_lines = list(self._written_lines[_GLOBS])
        for key in keys:
            numbered_lines.extend(self._written_lines.get(key, ()))
        return [line for _number, line in sorted(numbered_lines)]

    def _index_written_lines(self) -> None:
        lines = self._repeated if self.loader.writes_repeats else self.assignments.values()
        self._written_lines[_GLOBS] = []
        for number, line in enumerate(lines):
            key = _GLOBS if is_glob(line.key) else line.key
            self._written_lines.setdefault(key, []).append((number, line))

    def winner(self, key: str) -> Line | None:
        """Return the line that decides a key at boot, None if there is none.

        A line whose value is None keeps every other line off the key. A line of another key is
        one that acts on this one; its value is then what this key becomes.
        """
        if key not in self._winners:
            self._winners[key] = self._find_winner(key)
        return self._winners[key]

    def _find_winner(self, key: str) -> Line | None:
        if may_be_coupled(key) and not is_glob(key):
            return self._find_winner_among_coupled(key)
        return self.assignment(key)

    def _find_winner_among_coupled(self, key: str) -> Line | None:
        # Few keys act on each other: the others do not pay for compiling the simulation.
        from .boot_effects import last_effect, names_that_matter

        names = names_that_matter(key)
        no_globs = {name for name in names if name in self.assignments or name in self.excluded}
        lines = self.lines_written_to(names)
        line = last_effect(key, lines, no_globs, self.loader, self._start_values)
        return line or self.excluded.get(key)

    def assignment(self, key: str) -> Line | None:
        """Return the last line that names a key, or else the last glob that matches it."""
        line = self.assignments.get(key)
        if line or is_glob(key):
            return line
        if key in self.excluded:
            return self.excluded[key]
        for segments, glob_line in self._patterns:
            if glob_matches(segments, key):
                return glob_line
        return None


def precedence_of(
    boot_files: BootFiles,
    loader: Loader,
    keys: Collection[str],
    start_values: Mapping[str, str] | None = None,
) -> Precedence:
    """Work out what the next boot does to these keys.

    A line that decides a key contains its last segment or a glob character. Files without either
    are not parsed: 1,000 files beside ours would cost more than all the rest of a run.
    """
    files = [file for file in read_order(boot_files, loader) if file.masked_by is None]
    if len(keys) < _MANY_KEYS:
        marks = _marks_of(keys)
        files = [file for file in files if _has_mark(boot_files, file.real_path, marks)]
    return Precedence(boot_lines(boot_files, loader, files), loader, start_values)


def _marks_of(keys: Iterable[str]) -> set[bytes]:
    """Return texts of which every line that decides one of these keys contains one."""
    marks = {b"*", b"?", b"["}
    for key in _with_coupled(keys):
        last_segment = key_to_path(key).rpartition("/")[2]
        marks.add(encode(last_segment))
        marks.add(encode(key_to_path(last_segment)))  # its dots as slashes, the other spelling
    return marks


def _with_coupled(keys: Iterable[str]) -> Iterator[str]:
    """Yield these keys, and all whose lines can act on one of them."""
    for key in keys:
        yield key
        if may_be_coupled(key):
            from .boot_effects import names_that_matter

            yield from names_that_matter(key)


def _has_mark(boot_files: BootFiles, real_path: str, marks: set[bytes]) -> bool:
    data = boot_files.contents.get(real_path, b"")
    return any(mark in data for mark in marks)
