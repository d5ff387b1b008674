# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that a loader keeps of all that it reads, and the order in which it writes them.

Sources: sysctl.d(5), src/sysctl/sysctl.c of systemd, src/sysctl.c of procps; where the two differ
is in ``loaders.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator

from ..._lazy_module import LazyModule
from ..keys import is_glob
from .loaders import COMMAND_LINE, Loader
from .sysctl_d import Line

if TYPE_CHECKING:
    from .. import globs
else:
    globs = LazyModule(__name__, "..globs")

_GLOBS = ""
"""Stands for all globs, where lines are looked up by key."""


class LoaderLines:
    """The lines of a loader."""

    def __init__(self, lines: Iterable[Line], loader: Loader) -> None:
        self._loader = loader
        self.assignments: dict[str, Line] = {}
        """Key or glob -> the line that assigns it last, in the order in which they are written."""
        self.excluded: dict[str, Line] = {}
        """Key -> the line that keeps globs off it."""
        self.named: set[str] = set()
        """The keys that globs are kept off, those with empty parts as they are spelled."""
        self._has_spellings = False
        """Whether a line has a spelling that matters."""
        self._repeated: list[Line] = []
        """All assignments, for a loader that writes each of them."""
        self._arguments: dict[str, Line] = {}
        """Key -> the last argument for it on the kernel command line, which the kernel writes."""
        self._numbered: dict[str, list[tuple[int, Line]]] = {}
        """Key -> the lines that are written to it, each with its place in the order."""
        for line in lines:
            self._read(line)
        self._patterns = []
        for line in reversed(self._in_writing_order()):
            if is_glob(line.key):
                self._patterns.append((globs.split_glob(line.key), line))

    def _read(self, line: Line) -> None:
        loader = self._loader
        self.named.add(line.spelling or line.key)
        if line.spelling:
            self._has_spellings = True
        earlier = self.assignments.get(line.key)
        if line.value is None and line.spelling:
            return
        if line.value is None:
            self.excluded[line.key] = line
            if loader.can_unset:
                self.assignments.pop(line.key, None)
            return
        if line.path == COMMAND_LINE:
            self._arguments[line.key] = line
        if loader.writes_repeats:
            self._repeated.append(line)
        if line.value == "" and earlier and not loader.can_unset:
            return
        is_repeated = earlier is not None and earlier.value == line.value
        if is_repeated and loader.repeat_keeps_order:
            if is_glob(line.key):
                return
        else:
            self.assignments.pop(line.key, None)  # so that it becomes the last one in the order
        self.assignments[line.key] = line

    def _in_writing_order(self) -> list[Line]:
        if self._loader.writes_repeats:
            return self._repeated
        return list(self.assignments.values())

    def written_to(self, keys: Iterable[str]) -> list[Line]:
        """Return the lines that the loader writes to these keys, and all globs, in its order."""
        numbered = self._numbered_lines()
        selected = list(numbered[_GLOBS])
        for key in keys:
            selected.extend(numbered.get(key, ()))
        return [line for _number, line in sorted(selected)]

    def naming(self, key: str) -> list[Line]:
        """Return the lines of a key that some line names that are written to it, in their order."""
        if self._has_spellings:
            return [line for line in self.written_to([key]) if self.keys_written_by(line, [key])]
        if self._loader.writes_repeats:
            return [line for _number, line in self._numbered_lines()[key]]
        lines = [self.assignments[key]]
        if key in self._arguments:
            lines.insert(0, self._arguments[key])
        return lines

    def keys_written_by(self, line: Line, keys: Iterable[str]) -> list[str]:
        """Return those of some keys to which the loader writes a line."""
        return globs.keys_written_by(line.key, keys, self.named, line.spelling)

    def _numbered_lines(self) -> dict[str, list[tuple[int, Line]]]:
        if not self._numbered:
            self._numbered[_GLOBS] = []
            for number, line in enumerate(self._in_writing_order()):
                key = _GLOBS if is_glob(line.key) else line.key
                self._numbered.setdefault(key, []).append((number, line))
        return self._numbered

    def globs_matching(self, key: str) -> Iterator[Line]:
        """Yield the lines of globs that match a key, the last one first."""
        for segments, line in self._patterns:
            if globs.glob_matches(segments, key):
                yield line
