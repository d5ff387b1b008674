# SPDX-License-Identifier: GPL-3.0-or-later

"""Which line decides a key at the next boot.

1. The last assignment of a key wins. An explicit one wins over every glob, wherever either stands.
2. A line ``-key`` keeps globs off that key.
3. A key that others act on has the value of the last write of any of them, see
   ``boot_effects.py``.
4. A line that the kernel refuses sets nothing, see ``mutual_limits.py`` too. Where the loader
   writes only the last line of a key, that line keeps the earlier ones off all the same.

Sources: sysctl.d(5), src/sysctl/sysctl.c of systemd, src/sysctl.c of procps; where the two differ
is in ``loaders.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Iterable, Iterator, Mapping

from .._lazy_module import LazyModule
from .boot_files import USUAL_HOST, BootFiles, boot_lines, read_order
from .keys import (
    is_glob,
    key_to_path,
    may_be_coupled,
    may_be_limited,
)
from .loaders import COMMAND_LINE, Loader
from .sysctl_d import Line
from .text import encode
from .values import is_plain_number, value_after_write, value_in_text, values_equal

if TYPE_CHECKING:
    from . import globs, kernel_text
else:
    globs = LazyModule(__name__, ".globs")
    kernel_text = LazyModule(__name__, ".kernel_text")


_MANY_KEYS = 100
"""From so many keys on, nearly every file names one of them: it is cheaper to parse them all."""

_ONE_PAGE = 4095
"""Bytes. The kernel looks at no more of one write."""


_GLOBS = ""
"""Stands for all globs, where lines are looked up by key."""


class Precedence:
    """The outcome of reading lines in order, as one loader does.

    start_values: variable -> its value before the loader runs; None: what kernels start with. They
    matter to keys that others act on, where these do so only when their value changes.
    live: key -> the runtime value that it has or will have, as far as that is known. It tells what
    the kernel makes of a text.
    earlier: the outcome so far, of programs that ran before.
    """

    traits = USUAL_HOST

    def __init__(
        self,
        lines: Iterable[Line],
        loader: Loader,
        start_values: Mapping[str, str] | None = None,
        live: Mapping[str, str | None] | None = None,
        earlier: Precedence | None = None,
    ) -> None:
        self.loader = loader
        self.earlier = earlier
        self.start_values = start_values
        self.live = live or {}
        self.assignments: dict[str, Line] = {}
        """Key or glob -> the line that assigns it last, in the order in which they are written."""
        self.excluded: dict[str, Line] = {}
        self._repeated: list[Line] = []
        """All assignments, for a loader that writes each of them."""
        self._arguments: dict[str, Line] = {}
        """Key -> the last argument for it on the kernel command line, which the kernel writes."""
        self._refused: dict[str, Line] = {}
        """Key -> the line that decides it, if the kernel refuses that line."""
        self.unclear: dict[str, Line] = {}
        """Key -> its winner, or a line after it, that gives it a value that is not known."""
        self.incomplete: dict[str, Line] = {}
        """Key -> its winner, if no line gives all of its numbers."""
        self.reset_later: dict[str, Line] = {}
        """Key -> its winner, if the kernel sets the key once more after the loader has run."""
        for line in lines:
            self._read(line)
        self._refusals: dict[str, list[tuple[Line, str]]] = {}
        """Key -> the lines that the kernel refuses because of earlier ones, with the reasons."""
        self._winners: dict[str, Line | None] = {}
        self._written_lines: dict[str, list[tuple[int, Line]]] = {}
        """Key -> the lines that the loader writes for it, each with its place in the order."""
        self._patterns = []
        for line in reversed(self._lines_to_write()):
            if is_glob(line.key):
                self._patterns.append((globs.split_glob(line.key), line))

    def _read(self, line: Line) -> None:
        loader = self.loader
        earlier = self.assignments.get(line.key)
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

    def lines_written_to(self, keys: Iterable[str]) -> list[Line]:
        """Return the lines that the loader writes to these keys, and all globs, in its order."""
        if not self._written_lines:
            self._index_written_lines()
        numbered_lines = list(self._written_lines[_GLOBS])
        for key in keys:
            numbered_lines.extend(self._written_lines.get(key, ()))
        return [line for _number, line in sorted(numbered_lines)]

    def _index_written_lines(self) -> None:
        self._written_lines[_GLOBS] = []
        for number, line in enumerate(self._lines_to_write()):
            key = _GLOBS if is_glob(line.key) else line.key
            self._written_lines.setdefault(key, []).append((number, line))

    def _lines_to_write(self) -> list[Line]:
        """Return the lines that the loader writes, in its order."""
        if self.loader.writes_repeats:
            return self._repeated
        return list(self.assignments.values())

    def winner(self, key: str) -> Line | None:
        """Return the line that decides a key at boot, None if there is none.

        Its value is what the key takes from it. A line whose value is None keeps every other line
        off the key. A line of another key is one that acts on this one; its value is then what
        this key becomes.
        """
        if key not in self._winners:
            self._winners[key] = self._find_winner(key)
        return self._winners[key]

    def value_at_boot(self, key: str, live: str | None) -> str | None:
        """Return what a key holds after the next boot, None if no line decides that.

        live: the runtime value, None if it is not known.
        """
        winner = self.winner(key)
        if winner is None or winner.value is None:
            return None
        return winner.value if live is None else value_after_write(key, winner.value, live)

    def contradictions(self, runtime: Mapping[str, str | None]) -> list[tuple[str, str, Line]]:
        """Return the keys to which the next boot gives another value than they have.

        Each with that runtime value and the line that decides it at boot.
        """
        contradictions = []
        for key, live in runtime.items():
            line = self.winner(key)
            at_boot = self.value_at_boot(key, live)
            if line is None or live is None or at_boot is None:
                continue
            if not values_equal(key, live, at_boot):
                contradictions.append((key, live, line))
        return contradictions

    def _find_winner(self, key: str) -> Line | None:
        line = self._find_own_winner(key)
        earlier = self.earlier.winner(key) if self.earlier else None
        if self.earlier and (line is None or not line.value):
            return earlier
        if line and line.value and self._leaves_numbers_out(key, line):
            if earlier and earlier.value:
                line = line._replace(value=_filled(key, line, earlier))
            if self._leaves_numbers_out(key, line):
                self.incomplete[key] = line
        return line

    def is_of_this_kernel(self) -> bool:
        """Tell whether it is the kernel of this machine that will boot, as far as is known."""
        return any(value is not None for value in self.live.values())

    def _find_own_winner(self, key: str) -> Line | None:
        if is_glob(key):
            return self.assignment(key)
        if not may_be_coupled(key):
            line = self._limited_winner(key) if may_be_limited(key) else self.assignment(key)
            if line and line.value:
                self._note_unknown_value(key, line)
            return line
        # Few keys act on each other: the others do not pay for compiling the simulation.
        from .boot_effects import coupled_winner

        return coupled_winner(key, self)

    def _limited_winner(self, key: str) -> Line | None:
        from .mutual_limits import keys_limiting, limited_winner

        return limited_winner(key, self) if keys_limiting(key) else self.assignment(key)

    def note_refusal(self, key: str, line: Line, reason: str) -> None:
        """Note that the kernel refuses a line because of what there is before it."""
        self._refusals.setdefault(key, []).append((line, reason))

    def why_refused(self, line: Line, key: str) -> str:
        """Return which value of this or another key makes the kernel refuse a line, "" if none."""
        if may_be_limited(key) or may_be_coupled(key):
            self.winner(key)
        for refused, reason in self._refusals.get(key, ()):
            if refused == line:
                return f"at that point of the boot {reason}"
        return ""

    def refuse(self, key: str, line: Line) -> Line:
        """Note that the kernel refuses the line that decides a key; return one without value."""
        self._refused[key] = line
        return line._replace(value=None)

    def _note_unknown_value(self, key: str, line: Line) -> None:
        """Note that the kernel may refuse the value of a line, or make another one of it."""
        text = line.value or ""
        live = self.live.get(key)
        is_kept = text == live and is_plain_number(text)
        if not is_kept and not kernel_text.is_known(key, text, live, self.traits.available_names):
            self.unclear[key] = line

    def assignment(self, key: str) -> Line | None:
        """Return the last line that sets a key by its name, or else the last glob that does."""
        if is_glob(key):
            return self.assignments.get(key)
        if key in self.assignments:
            return self.last_taken(key)
        if key in self.excluded:
            return self.excluded[key]
        for segments, line in self._patterns:
            if globs.glob_matches(segments, key):
                taken = self._taken_line(line, key)
                if taken is not None:
                    return taken
        return None

    def last_taken(self, key: str) -> Line:
        """Return the last line of a key that the kernel does not refuse.

        If it refuses all, that is a line without value, which keeps globs off the key.
        """
        last_line = self.assignments[key]
        winner: Line | None = None
        for line in reversed(self._lines_written_by_name(key)):
            taken = self._taken_line(line, key)
            if taken is None:
                continue
            if winner is None:
                winner = taken
            else:
                winner = winner._replace(value=_filled(key, winner, taken))
            if not self._leaves_numbers_out(key, winner):
                break
        if winner is not None:
            return winner
        if not last_line.value and self.live.get(key) is None:
            return last_line
        return self.refuse(key, last_line)

    def _leaves_numbers_out(self, key: str, line: Line) -> bool:
        """Tell whether a line has fewer numbers than its key, so that a line before it counts."""
        live = self.live.get(key) or ""
        has_fewer_fields = len((line.value or "").split()) < len(live.split())
        return has_fewer_fields and kernel_text.is_made_of_numbers(key, live)

    def _lines_written_by_name(self, key: str) -> list[Line]:
        """Return the lines that name a key and are written at boot, in their order."""
        if self.loader.writes_repeats:
            if not self._written_lines:
                self._index_written_lines()
            return [line for _number, line in self._written_lines[key]]
        lines = [self.assignments[key]]
        if key in self._arguments:
            lines.insert(0, self._arguments[key])
        return lines

    def _taken_line(self, line: Line, key: str) -> Line | None:
        """Return a line with the value that a key takes from it, None if the kernel refuses it."""
        text = line.value or ""
        live = self.live.get(key)
        if not text and live is None:
            # A key of text is emptied, one of numbers is not, and which one this is is not known.
            return line if self.loader.can_unset and line.key == key else None
        if len(text) >= _ONE_PAGE and not self.loader.writes_in_parts:
            text = kernel_text.first_write(key, text)
        value = value_in_text(key, text, live)
        if value is None:
            return None
        return line if values_equal(key, value, line.value) else line._replace(value=value)

    def is_taken(self, line: Line, key: str) -> bool:
        """Tell whether the kernel takes a line that assigns a key, as far as that is known."""
        if self.why_refused(line, key):
            return False
        is_empty_and_unknown = not line.value and self.live.get(key) is None
        return is_empty_and_unknown or self._taken_line(line, key) is not None

    def has_unclear(self) -> bool:
        """Tell whether any of the winners asked for so far is followed by an unclear change."""
        if self.unclear or self.incomplete or self.reset_later:
            return True
        return self.earlier is not None and self.earlier.has_unclear()

    def refused_line(self, key: str) -> Line | None:
        """Return the line that decides a key although the kernel refuses it."""
        self.winner(key)
        line = self._refused.get(key)
        if line is None and self.earlier:
            return self.earlier.refused_line(key)
        return line


def _filled(key: str, line: Line, earlier: Line) -> str:
    """Return what a key holds once the values of two lines were written to it."""
    return value_after_write(key, line.value or "", earlier.value or "")


def precedence_of(
    boot_files: BootFiles,
    loader: Loader,
    keys: Collection[str],
    start_values: Mapping[str, str] | None = None,
    live: Mapping[str, str | None] | None = None,
) -> Precedence:
    """Work out what the next boot does to these keys. The arguments are those of Precedence.

    A line that decides a key contains its last segment or a glob character. Files without either
    are not parsed: 1,000 files beside ours would cost more than all the rest of a run.
    """
    files = [file for file in read_order(boot_files, loader) if file.masked_by is None]
    if len(keys) < _MANY_KEYS:
        marks = _marks_of(keys)
        files = [file for file in files if _has_mark(boot_files, file.real_path, marks)]
    lines = boot_lines(boot_files, loader, files)
    return after_stages(outcome_of(lines, loader, start_values, live), boot_files, live)


def outcome_of(
    lines: Iterable[Line],
    loader: Loader,
    start_values: Mapping[str, str] | None = None,
    live: Mapping[str, str | None] | None = None,
) -> Precedence:
    """Return the outcome of the lines of all files of a loader, in its order."""
    runs = [lines]
    if loader.script:
        from .script_loaders import script_runs

        runs = [*script_runs(lines, loader, live or {})]
    precedence = Precedence(runs[0], loader, start_values, live)
    for run in runs[1:]:
        precedence = Precedence(run, loader, live=live, earlier=precedence)
    return precedence


def after_stages(
    precedence: Precedence, boot_files: BootFiles, live: Mapping[str, str | None] | None = None
) -> Precedence:
    """Return the outcome once other programs have applied what they do after the loader."""
    for stage in boot_files.stages:
        lines = [line for line in stage.lines(boot_files) if line.key]
        precedence = Precedence(lines, stage.rules, live=live, earlier=precedence)
    outcome: Precedence | None = precedence
    while outcome:
        outcome.traits = boot_files.traits
        outcome = outcome.earlier
    return precedence


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
        if may_be_limited(key):
            from .mutual_limits import keys_limiting

            yield from keys_limiting(key)


def _has_mark(boot_files: BootFiles, real_path: str, marks: set[bytes]) -> bool:
    data = boot_files.contents.get(real_path, b"")
    return any(mark in data for mark in marks)
