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

from ..._lazy_module import LazyModule
from ..files.boot_files import USUAL_HOST, BootFiles, boot_lines, read_order
from ..files.loader_lines import LoaderLines
from ..files.loaders import Loader
from ..files.sysctl_d import Line
from ..kernel.values import is_plain_number, value_after_write, value_in_text, values_equal
from ..keys import (
    KEYS_TAKING_NAMES,
    NO_MODULES_AFTER,
    is_glob,
    key_to_path,
    may_be_coupled,
    may_be_limited,
)
from ..text import LONGEST_WRITE, encode
from .decision import Decision, refused_decision

if TYPE_CHECKING:
    from ..kernel import kernel_text
else:
    kernel_text = LazyModule(__name__, "..kernel.kernel_text")


_MANY_KEYS = 100
"""From so many keys on, nearly every file names one of them: it is cheaper to parse them all."""


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
        self.lines = LoaderLines(lines, loader)
        self._decisions: dict[str, Decision] = {}

    def winner(self, key: str) -> Line | None:
        """Return the line that decides a key at boot, None if there is none.

        Its value is what the key takes from it. A line whose value is None keeps every other line
        off the key. A line of another key is one that acts on this one; its value is then what
        this key becomes.
        """
        return self.decision(key).winner

    def decision(self, key: str) -> Decision:
        """Return how the next boot decides a key."""
        if key not in self._decisions:
            self._decisions[key] = self._decide(key)
        return self._decisions[key]

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

    def are_certain(self, keys: Iterable[str]) -> bool:
        """Tell whether it is known what values the winners give these keys."""
        return all(self.decision(key).is_certain for key in keys)

    def is_of_this_kernel(self) -> bool:
        """Tell whether it is the kernel of this machine that will boot, as far as is known."""
        return any(value is not None for value in self.live.values())

    def why_refused(self, line: Line, key: str) -> str:
        """Return which value of this or another key makes the kernel refuse a line, "" if none."""
        if not self._can_write(key):
            return "its mode lets nobody write it on this host"
        for refused, reason in self.decision(key).refusals:
            if refused == line:
                return f"at that point of the boot {reason}"
        return ""

    def is_taken(self, line: Line, key: str) -> bool:
        """Tell whether the kernel takes a line that assigns a key, as far as that is known."""
        if self.why_refused(line, key):
            return False
        is_empty_and_unknown = not line.value and self.live.get(key) is None
        return is_empty_and_unknown or self._taken_line(line, key) is not None

    def last_taken(self, key: str) -> Decision:
        """Return the last line of a key that the kernel does not refuse, as a decision.

        If it refuses all, that is a line without value, which keeps globs off the key.
        """
        if is_glob(key):
            return Decision(None)  # a line of this spelling is a glob, and kept off such a name
        last_line = self.lines.assignments[key]
        winner: Line | None = None
        unclear: Line | None = None
        for line in reversed(self.lines.naming(key)):
            taken = self._taken_line(line, key)
            if taken is None:
                if winner is None and kernel_text.changes_if_refused(key, line.value or ""):
                    unclear = line
                continue
            if winner is None:
                winner = taken
            else:
                winner = winner._replace(value=_filled(key, winner, taken))
            if not self._leaves_numbers_out(key, winner):
                break
        if winner is not None:
            return Decision(winner=winner, unclear=unclear)
        if not last_line.value and self.live.get(key) is None:
            return Decision(last_line)
        return refused_decision(last_line)._replace(unclear=unclear)

    def _decide(self, key: str) -> Decision:
        """Return how this loader and the programs before it decide a key."""
        decision = self._with_stop(key, self._own_decision(key))
        if self.earlier is None:
            return self._completed(key, decision, None)
        earlier = self.earlier.decision(key)
        if decision.winner and decision.winner.value:
            return self._completed(key, decision, earlier.winner)
        is_set_before = earlier.winner is not None and bool(earlier.winner.value)
        return earlier._replace(
            unclear=decision.unclear or earlier.unclear,
            refused=None if is_set_before else decision.refused or earlier.refused,
            refusals=decision.refusals,
        )

    def _with_stop(self, key: str, decision: Decision) -> Decision:
        """Return a decision with the line that stops the loading of modules before the winner."""
        winner = decision.winner
        if key not in KEYS_TAKING_NAMES or winner is None or not winner.value:
            return decision
        from .module_stops import stopping_line

        return decision._replace(stopped_by=stopping_line(winner, self))

    def _completed(self, key: str, decision: Decision, earlier: Line | None) -> Decision:
        """Return a decision with the numbers that only an earlier line gives."""
        line = decision.winner
        if line is None or not line.value or not self._leaves_numbers_out(key, line):
            return decision
        if earlier and earlier.value:
            line = line._replace(value=_filled(key, line, earlier))
        is_incomplete = self._leaves_numbers_out(key, line)
        return decision._replace(winner=line, is_incomplete=is_incomplete)

    def _own_decision(self, key: str) -> Decision:
        """Return how the lines of this loader decide a key."""
        if is_glob(key) and self.live.get(key) is None:
            return Decision(self.lines.assignments.get(key))
        if may_be_coupled(key):
            # Few keys act on each other: the others do not pay for compiling the simulation.
            from .boot_effects import coupled_decision

            return coupled_decision(key, self)
        is_limited = may_be_limited(key) and self._can_write(key)
        decision = self._limited_decision(key) if is_limited else self._assigned(key)
        winner = decision.winner
        if winner and winner.value:
            is_known = self._is_known(key, winner.value) and not winner.may_lead_nowhere
            return decision if is_known else decision._replace(unclear=winner)
        return decision

    def _limited_decision(self, key: str) -> Decision:
        from .mutual_limits import keys_limiting, limited_decision

        return limited_decision(key, self) if keys_limiting(key) else self._assigned(key)

    def _can_write(self, key: str) -> bool:
        return self.traits.can_write(self.loader, key)

    def _is_known(self, key: str, text: str) -> bool:
        """Tell whether the kernel is known to take a text as it is."""
        live = self.live.get(key)
        is_kept = text == live and is_plain_number(text)
        return is_kept or kernel_text.is_known(key, text, live, self.traits.available_names)

    def _assigned(self, key: str) -> Decision:
        """Return the decision of the last line that names a key, or else of the last glob."""
        if key in self.lines.assignments:
            return self.last_taken(key)
        if key in self.lines.excluded:
            return Decision(self.lines.excluded[key])
        for line in self.lines.globs_matching(key):
            taken = self._taken_line(line, key)
            if taken is not None:
                return Decision(taken)
        return Decision(None)

    def _leaves_numbers_out(self, key: str, line: Line) -> bool:
        """Tell whether a line has fewer numbers than its key, so that a line before it counts."""
        live = self.live.get(key) or ""
        has_fewer_fields = len((line.value or "").split()) < len(live.split())
        return has_fewer_fields and kernel_text.is_made_of_numbers(key, live)

    def _taken_line(self, line: Line, key: str) -> Line | None:
        """Return a line with the value that a key takes from it, None if the kernel refuses it."""
        if not self._can_write(key):
            return None
        text = line.value or ""
        live = self.live.get(key)
        if not text and live is None:
            # A key of text is emptied, one of numbers is not, and which one this is is not known.
            return line if self.loader.can_unset and line.key == key else None
        if len(text) >= LONGEST_WRITE and not self.loader.writes_in_parts:
            text = kernel_text.first_write(key, text)
        value = value_in_text(key, text, live)
        if value is None:
            return None
        return line if values_equal(key, value, line.value) else line._replace(value=value)


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
        from ..files.script_loaders import script_runs

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
        if key in KEYS_TAKING_NAMES:
            yield from NO_MODULES_AFTER
        if may_be_coupled(key):
            from .boot_effects import names_that_matter

            yield from names_that_matter(key)
        if may_be_limited(key):
            from .mutual_limits import keys_limiting

            yield from keys_limiting(key)


def _has_mark(boot_files: BootFiles, real_path: str, marks: set[bytes]) -> bool:
    data = boot_files.contents.get(real_path, b"")
    return any(mark in data for mark in marks)
