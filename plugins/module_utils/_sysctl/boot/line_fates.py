# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of every line that the programs come to at the next boot."""

from __future__ import annotations

from typing import Iterator, Mapping, NamedTuple

from ..files.boot_files import BootFiles, boot_lines, read_order
from ..files.loaders import Loader
from ..files.sysctl_d import Line
from ..globs import glob_matches, split_glob, stands_for
from ..kernel.couplings import names_of
from ..keys import is_glob
from .precedence import after_stages, outcome_of


class NextBootLines:
    """All lines that the programs come to, in reading order, and their files."""

    def __init__(self, boot_files: BootFiles, loader: Loader) -> None:
        order = read_order(boot_files, loader)
        self.of_loader = list(boot_lines(boot_files, loader, order))
        self.lines = list(self.of_loader)
        self.masked = {file.path for file in order if file.masked_by}
        self.files = [(file, loader.program) for file in order]
        for stage in boot_files.stages:
            self.files.extend((file, stage.by) for file in stage.read_order(boot_files))
            self.lines.extend(stage.lines(boot_files))


class NextBoot:
    """What becomes of all lines that the programs come to."""

    def __init__(
        self,
        all_lines: NextBootLines,
        boot_files: BootFiles,
        loader: Loader,
        runtime: Mapping[str, str | None],
    ) -> None:
        self.lines = all_lines.lines
        self._masked = all_lines.masked
        read_lines = (
            line for line in all_lines.of_loader if line.key and line.path not in self._masked
        )
        self._of_loader = outcome_of(read_lines, loader, live=runtime)
        self.precedence = after_stages(self._of_loader, boot_files, runtime)
        self._lines_of_key: dict[str, list[int]] = {}
        self._glob_lines: list[_GlobLine] = []
        for number, line in enumerate(self.lines):
            self._lines_of_key.setdefault(line.key, []).append(number)
            if is_glob(line.key) and line.value is not None:
                self._glob_lines.append(_GlobLine(number, line.key, split_glob(line.key)))

    def lines_about(self, key: str) -> Iterator[Line]:
        """Yield the lines that name a variable or match it, in reading order.

        A line of another variable is among them if it is the winner.
        """
        winner = self.precedence.winner(key)
        names = _names_of(key)
        numbers: set[int] = set()
        for name in names:
            numbers.update(self._lines_of_key.get(name, ()))
        for glob in self._glob_lines:
            if any(glob_matches(glob.segments, name) for name in names):
                numbers.add(glob.number)
        if winner:
            for number in self._lines_of_key.get(winner.key, ()):
                if _is_same_line(self.lines[number], winner):
                    numbers.add(number)
        for number in sorted(numbers):
            yield self.lines[number]

    def fate_of(self, line: Line, key: str) -> str:
        """Return what becomes of a line about a key."""
        loader = self._of_loader
        if line.path in self._masked and line.by == loader.loader.program:
            return "masked"
        sets_variable = any(stands_for(line.key, name) for name in _names_of(key))
        if line.value is not None and sets_variable and not self.precedence.is_taken(line, key):
            return "refused"
        winner = self.precedence.winner(key)
        if winner and _is_same_line(line, winner):
            return "winner"
        if key in loader.lines.excluded and key not in loader.lines.assignments:
            return "excluded"
        return "overridden"


def _names_of(key: str) -> list[str]:
    """Return all names of the variable that a key sets; of a glob, itself."""
    return [key] if is_glob(key) else names_of(key)


def _is_same_line(line: Line, winner: Line) -> bool:
    """Tell whether a winner is this line, whatever value it gives to the key."""
    return winner._replace(value=line.value) == line


class _GlobLine(NamedTuple):
    number: int
    key: str
    segments: list[str]
