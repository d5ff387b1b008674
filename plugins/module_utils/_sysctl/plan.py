# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will do, as one frozen object made from the request and the observed host.

Check mode, diff, result and the real run are views of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection, Iterable, Mapping, NamedTuple

from . import deferred
from .boot_files import BootFiles, Doubts, read_order
from .errors import TuningError
from .keys import is_glob, may_be_coupled
from .loaders import Loader
from .precedence import Precedence, precedence_of
from .request import Request, Values
from .sysctl_d import (
    Line,
    assigned_values,
    comment_out,
    edit,
    format_header,
    is_only_header,
    move_to_end,
    parse_lines,
)
from .text import encode
from .values import value_after_write, value_in_text, values_equal

if TYPE_CHECKING:
    from .undone import Undone

_NONE: Mapping[str, Any] = {}

_SHORT_VALUE = 4000
"""Bytes. The kernel takes all of so short a value in one write."""


class Observed(NamedTuple):
    """What a run has read on the host."""

    loader: Loader
    boot_files: BootFiles
    path: str = ""
    """Our file as the loader names it."""
    real_path: str = ""
    """Our file, links followed."""
    is_link: bool = False
    content: bytes | None = None
    """The bytes of our file."""
    runtime: Values = _NONE
    """Requested key that this kernel has, globs expanded -> its value; None: it has none yet."""
    matches: Mapping[str, list[str]] = _NONE
    """Glob -> the keys that it matches now."""
    attributes: tuple[tuple[str, str, str], ...] = ()
    """Attributes of our file (mode, owner, ...) that differ: name, current and requested value."""


class RuntimeWrite(NamedTuple):
    """A runtime value to set."""

    key: str
    before: str | None
    after: str


class FileChange(NamedTuple):
    """A file to replace, or (after None) to remove."""

    path: str
    real_path: str
    before: bytes | None
    after: bytes | None


class Effects(NamedTuple):
    """What the writes of a plan do besides setting their keys."""

    affected: Values
    """Each key that they may change, written ones included -> its value before them."""
    way_back: tuple[str, ...]
    """All keys that are set or affected, in the order in which writing them leads back."""
    irreversible: tuple[tuple[str, str], ...]
    """Keys that a reboot alone brings back, each with the reason."""


class Plan(NamedTuple):
    """What will be done, and what the state will be then."""

    request: Request
    observed: Observed
    desired: Values
    """Key -> the value to have, globs expanded. None: it stays as it is."""
    writes: tuple[RuntimeWrite, ...]
    files: tuple[FileChange, ...]
    boot_files: BootFiles
    """The boot files as they will be."""
    precedence: Precedence
    """What the next boot will then do."""
    overridden: tuple[tuple[str, Line | None], ...] = ()
    """Keys that the next boot would give another value, and the line that does (None: none)."""
    missing: tuple[str, ...] = ()
    """Requested keys that this kernel does not have."""
    removed_keys: tuple[str, ...] = ()
    """Keys that leave our file, and whose runtime value follows the next boot."""
    doubts: Doubts = ()
    """Reasons why the next boot may end otherwise, each with the keys that it is about."""
    undone: tuple[Undone, ...] = ()
    """Keys to set that already had a line at the last boot, which did not last."""
    effects: Effects | None = None
    """None: the writes change nothing but their keys."""

    @property
    def changed(self) -> bool:
        """Whether anything will be written."""
        return bool(self.writes or self.files)

    @property
    def masked_by_new_file(self) -> list[str]:
        """The files that a new one of ours replaces at boot."""
        if self.observed.content is not None or not self.files:
            return []
        order = read_order(self.boot_files, self.observed.loader)
        return [file.path for file in order if file.masked_by == self.observed.path]

    @property
    def may_be_unread(self) -> bool:
        """Whether the loader may not read our file: it reads each .conf file in /etc/sysctl.d."""
        folder, _sep, name = self.observed.path.rpartition("/")
        is_read = folder == "/etc/sysctl.d" and name.endswith(".conf") and name[0] != "."
        return self.request.persistent and not is_read

    def without_changes(self) -> Plan:
        """Return the plan with nothing of it carried out: the state after a failure."""
        keys = [*self.request.settings, *self.desired]
        return self._replace(
            writes=(),
            files=(),
            boot_files=self.observed.boot_files,
            precedence=self._precedence_before(keys),
        )

    def _precedence_before(self, keys: Collection[str]) -> Precedence:
        """Return what the next boot would do to these keys without this plan."""
        if not self.files:
            return self.precedence
        observed = self.observed
        return precedence_of(observed.boot_files, observed.loader, keys, live=observed.runtime)

    def contradictions(self) -> list[tuple[str, str, Line]]:
        """Return the keys to set whose line so far asks for another value than they have.

        Each with its runtime value and that line.
        """
        if not self.writes:
            return []
        boot = self._precedence_before([write.key for write in self.writes])
        contradictions = []
        for write in self.writes:
            line = boot.winner(write.key)
            if write.before is None or line is None or line.value is None:
                continue
            at_boot = value_after_write(write.key, line.value, write.before)
            if not values_equal(write.key, write.before, at_boot):
                contradictions.append((write.key, write.before, line))
        return contradictions


def surplus_keys(request: Request, content: bytes | None, loader: Loader) -> list[str]:
    """Return the keys that leave our file beside settings that come: listed, or ``exclusive``."""
    keys: dict[str, None] = dict.fromkeys(request.absent)
    if not request.exclusive or not request.persistent:
        return list(keys)
    for line in parse_lines(content or b"", loader):
        if line.key and line.key not in request.settings and line.key not in request.kept:
            keys[line.key] = None
    return list(keys)


def make_plan(request: Request, observed: Observed) -> Plan:
    """Decide everything, or raise TuningError.

    Planning again after the plan was carried out gives a plan without changes.
    """
    request = with_numbers_for_words(request, observed)
    requested = expand_globs(request.settings, observed)
    if request.present:
        _validate_values(request, requested, observed)
        _refuse_conflicts(request, requested, observed)
    missing = _missing_keys(request, observed)
    editor = _BootFileEditor(request, observed, requested)
    overridden = editor.edit()
    desired = dict(requested) if request.present else {}
    for key, stated in editor.removed.items():
        at_boot = editor.value_at_boot(key)
        desired[key] = stated if at_boot is None else at_boot
        if at_boot is None and stated is not None:
            request.validate(key, stated, observed.runtime.get(key))
    return Plan(
        request=request,
        observed=observed,
        desired=desired,
        writes=runtime_writes(request, desired, observed.runtime, editor.removed),
        files=editor.changes(),
        boot_files=editor.boot_files,
        precedence=editor.precedence,
        overridden=overridden,
        missing=missing,
        removed_keys=tuple(editor.removed),
        doubts=_doubts_about(desired, editor),
    )


def _doubts_about(desired: Values, editor: _BootFileEditor) -> Doubts:
    """Return each doubt about the values of the next boot, with the keys that it is about."""
    request = editor.request
    if not editor.boot_files.doubts or not request.persistent or request.on_doubt == "ignore":
        return ()
    values = {**request.settings, **desired}
    return editor.boot_files.doubts_about(editor.precedence.winner, values)


def runtime_writes(
    request: Request, desired: Values, live: Values, removed_keys: Collection[str] = ()
) -> tuple[RuntimeWrite, ...]:
    """Return the runtime values to set, in the order given.

    Removed keys have no bound: they take the value of the next boot, be it lower or higher.
    """
    if not request.runtime:
        return ()
    writes = []
    for key, value in desired.items():
        if value is None or key not in live:
            continue
        target = value if key in removed_keys else request.target(live[key], value)
        if not values_equal(key, live[key], target):
            writes.append(RuntimeWrite(key, before=live[key], after=target))
    return tuple(writes)


def expand_globs(settings: Values, observed: Observed) -> dict[str, str | None]:
    """Return the settings with each glob replaced by its matches; an explicit key wins over it."""
    expanded: dict[str, str | None] = {}
    for key, value in settings.items():
        if not is_glob(key):
            expanded[key] = value
            continue
        for match in observed.matches.get(key, ()):
            if match not in settings:
                expanded[match] = value
    return expanded


def with_numbers_for_words(request: Request, observed: Observed) -> Request:
    """Return a request with 1 and 0 in place of words such as yes, where a key takes numbers."""
    numbers = {}
    for key, value in request.settings.items():
        if value is not None and value[:1].isalpha():
            names = observed.matches.get(key, ()) if is_glob(key) else (key,)
            live = [observed.runtime[name] for name in names if name in observed.runtime]
            number = deferred.number_for_word(key, value, live)
            if number != value:
                numbers[key] = number
    return request._replace(settings={**request.settings, **numbers}) if numbers else request


def _validate_values(request: Request, requested: Values, observed: Observed) -> None:
    must_fit_one_write = request.persistent and not observed.loader.writes_in_parts
    for key, value in requested.items():
        text = str(value)
        request.validate(key, text, observed.runtime.get(key))
        if must_fit_one_write and len(text) > _SHORT_VALUE:
            deferred.refuse_cut_value(key, text)


def _refuse_conflicts(request: Request, requested: Values, observed: Observed) -> None:
    """Refuse values of keys that undo each other, and two values for one variable."""
    coupled = {key: str(value) for key, value in requested.items() if may_be_coupled(key)}
    if not coupled or request.has_bound:
        return
    # Few keys act on each other: the others do not pay for compiling this.
    from .coupled_request import refuse_conflicts

    settings = {key: str(value) for key, value in request.settings.items()}
    refuse_conflicts(settings, coupled, observed.runtime)


def _missing_keys(request: Request, observed: Observed) -> tuple[str, ...]:
    """Return the requested keys that this kernel does not have, or refuse them."""
    if not request.runtime:
        return ()
    missing = find_missing(request, observed)
    if missing and request.present and not request.ignore_missing:
        raise missing_error(missing[0], "check the spelling")
    return tuple(missing)


def find_missing(request: Request, observed: Observed) -> list[str]:
    """Return the requested keys that this kernel does not have."""
    missing = []
    for key in request.settings:
        if key not in observed.runtime and not observed.matches.get(key):
            missing.append(key)
    return missing


def missing_error(key: str, advice: str) -> TuningError:
    """Return the error for a key that this kernel does not have."""
    reason = "matches no key of this kernel" if is_glob(key) else "this kernel has no such key"
    return TuningError(
        f"{key}: {reason}; {advice}, load its module first, "
        "or set 'ignore_missing: true' to keep it for later",
        key,
    )


class _BootFileEditor:
    """Edits the boot files in memory, and works out what the next boot makes of them."""

    def __init__(self, request: Request, observed: Observed, requested: Values) -> None:
        self.request = request
        self.observed = observed
        self.boot_files = observed.boot_files
        surplus = surplus_keys(request, observed.content, observed.loader)
        self._surplus = set(surplus)
        self.removed: dict[str, str | None] = {} if request.present else dict(requested)
        """Key that leaves our file -> the value stated for it, if any."""
        stated = {key: request.absent.get(key) for key in surplus}
        for key, value in expand_globs(stated, observed).items():
            if key not in requested:
                self.removed[key] = value
        self._checked = {**request.settings, **requested}
        """The values that the next boot should give, globs as written and expanded."""
        self._commented: dict[str, str] = {}
        """Real path of each other file that is edited -> its path as the loader names it."""
        self._precedence: Precedence | None = None

    @property
    def precedence(self) -> Precedence:
        """What the next boot does with the files as they are now in memory."""
        if self._precedence is None:
            self._precedence = self._precedence_in(self.boot_files)
        return self._precedence

    def _precedence_in(self, boot_files: BootFiles) -> Precedence:
        keys = [*self._checked, *self.removed]
        observed = self.observed
        return precedence_of(boot_files, observed.loader, keys, live=observed.runtime)

    def value_at_boot(self, key: str) -> str | None:
        """Return what a key holds after the next boot, as far as a line decides it."""
        winner = self.precedence.winner(key)
        if winner is None or winner.value is None:
            return None
        live = self.observed.runtime.get(key)
        return winner.value if live is None else value_after_write(key, winner.value, live)

    def edit(self) -> tuple[tuple[str, Line | None], ...]:
        """Edit our file, and those that override it with comment_out; return what is overridden."""
        if not self.request.persistent:
            return ()
        content = self._our_content()
        if content is not None or self.observed.content is not None:
            self._set_file(self.observed.path, self.observed.real_path, content)
        self._move_behind_defaults()
        overridden = self._put_in_order(self._overridden())
        if self.request.on_override == "comment_out":
            while self._comment_out_winners(overridden):
                overridden = self._overridden()
        return tuple(overridden)

    def _put_in_order(
        self, overridden: list[tuple[str, Line | None]]
    ) -> list[tuple[str, Line | None]]:
        """Move lines of ours behind those that would change their keys; return the overridden."""
        for _round in overridden:
            keys = self._keys_changed_by_ours(overridden)
            if not keys:
                break
            self._move_to_end(keys)
            overridden = self._overridden()
        return overridden

    def _move_behind_defaults(self) -> None:
        """Move lines of interfaces behind those of the defaults that they would inherit."""
        keys = [key for key in self.request.settings if may_be_coupled(key)]
        data = self.boot_files.contents.get(self.observed.real_path)
        if keys and data is not None and self.request.present:
            from .coupled_request import lines_before_their_default

            early = lines_before_their_default(data, self.observed.loader, keys)
            if early:
                self._move_to_end(early)

    def _move_to_end(self, keys: Collection[str]) -> None:
        observed = self.observed
        data = self.boot_files.contents[observed.real_path]
        moved = move_to_end(data, observed.loader, keys)
        self._set_file(observed.path, observed.real_path, moved)

    def _keys_changed_by_ours(self, overridden: Iterable[tuple[str, Line | None]]) -> list[str]:
        """Return the keys, or globs, with a line of ours that another line of ours undoes."""
        keys: dict[str, None] = {}
        for key, winner in overridden:
            is_ours = winner is not None and winner.real_path == self.observed.real_path
            if is_ours and not self._is_direct(key, winner):
                keys[self._requested_name(key)] = None
        return list(keys)

    def _is_direct(self, key: str, winner: Line | None) -> bool:
        """Tell whether the line that decides a key sets the key itself."""
        if winner is None or not may_be_coupled(key):
            return True
        from .coupled_request import is_direct

        return is_direct(key, winner)

    def _requested_name(self, key: str) -> str:
        """Return the key or the glob under which a key is requested."""
        if key in self.request.settings:
            return key
        for glob, matches in self.observed.matches.items():
            if key in matches and glob in self.request.settings:
                return glob
        return key

    def changes(self) -> tuple[FileChange, ...]:
        """Return the files that differ now, ours first."""
        observed = self.observed
        changes = []
        if self.request.persistent:
            content = self.boot_files.contents.get(observed.real_path)
            attributes_differ = content is not None and bool(observed.attributes)
            if content != observed.content or attributes_differ:
                change = FileChange(
                    path=observed.path,
                    real_path=observed.real_path,
                    before=observed.content,
                    after=content,
                )
                changes.append(change)
        for real_path, path in self._commented.items():
            if real_path != observed.real_path:
                before = observed.boot_files.contents[real_path]
                after = self.boot_files.contents[real_path]
                changes.append(FileChange(path, real_path, before=before, after=after))
        return tuple(changes)

    def _our_content(self) -> bytes | None:
        """Return our file as it should be, None where there should be none."""
        request = self.request
        before = self.observed.content
        if before is None:
            if not request.present or not self._is_file_needed():
                return None
            header = encode(format_header(request.header))
            return header + self._edit_ours(b"", self._keys_to_assign(b""))
        if request.present:
            return self._edit_ours(before, self._keys_to_assign(before))
        after = self._edit_ours(before, {})
        if not self.observed.is_link and is_only_header(before, after, request.header):
            return None
        return after

    def _is_file_needed(self) -> bool:
        """Tell whether our file must be created.

        With bounds it need not if the other files give every key a value within its bound.
        """
        settings = self.request.settings
        if not self.request.has_bound:
            return bool(settings)
        boot = self._precedence_in(self.observed.boot_files)
        return any(
            is_glob(key) or not self._is_accepted_at_boot(key, str(value), boot)
            for key, value in settings.items()
        )

    def _edit_ours(self, data: bytes, assign: Mapping[str, str]) -> bytes:
        """Assign these keys, and remove surplus ones and those requested but not assigned."""
        drop = {*self.request.settings, *self._surplus, *self._other_names()}.difference(assign)
        return edit(data, self.observed.loader, assign, drop, self._text_for_line)

    def _text_for_line(self, key: str, text: str, requested: str) -> str:
        """Return the text that a line of our file should have: a comment behind a value stays."""
        live = self.observed.runtime.get(key)
        current = value_in_text(key, text, live)
        if current is None:
            return self.request.target(text, requested)
        value = self.request.target(current, requested)
        if values_equal(key, current, value):
            return text
        if values_equal(key, current, text):
            return value
        return deferred.value_with_comment(key, text, value, live)

    def _other_names(self) -> set[str]:
        """Return the other names of the requested variables: our file has the one requested."""
        coupled = [key for key in self.request.settings if may_be_coupled(key)]
        if not coupled:
            return set()
        from .coupled_request import other_names

        return other_names(coupled)

    def _keys_to_assign(self, before: bytes) -> dict[str, str]:
        """Return the keys that need a line in our file, which has these bytes so far.

        With a bound, a key to which other lines give a value within it needs none: a line of
        ours would set it back to the bound. Globs always get their line, since which keys they
        match may change.
        """
        request = self.request
        requested = {key: str(value) for key, value in request.settings.items()}
        if not request.has_bound:
            return requested
        observed = self.observed
        current = self._values_taken(assigned_values(before, observed.loader))
        globs = {key: value for key, value in requested.items() if is_glob(key)}
        others = self._edit_ours(before, globs)
        boot = self._precedence_in(
            observed.boot_files.with_file(observed.path, observed.real_path, others)
        )
        assign = {}
        for key, value in requested.items():
            is_accepted_in_ours = request.accepts(key, current.get(key), value)
            is_needed = key in globs or not self._is_accepted_at_boot(key, value, boot)
            if is_accepted_in_ours or (is_needed and key in current):
                assign[key] = value
            elif is_needed:
                assign[key] = self._value_to_add(key, value, boot)
        return assign

    def _values_taken(self, values: Mapping[str, str]) -> dict[str, str | None]:
        """Return what the keys take from the texts of a file."""
        live = self.observed.runtime
        return {key: value_in_text(key, text, live.get(key)) for key, text in values.items()}

    def _value_to_add(self, key: str, value: str, boot: Precedence) -> str:
        """Return the value for a line that keeps a bound.

        Where no file sets the key, that is a live value within the bound: a line with the bound
        itself would set it back at the next boot.
        """
        if boot.winner(key) is not None:
            return value
        return self.request.target(self.observed.runtime.get(key), value)

    def _is_accepted_at_boot(self, key: str, value: str, boot: Precedence) -> bool:
        winner = boot.winner(key)
        boot_value = winner.value if winner else None
        return self.request.accepts(key, boot_value, value)

    def _overridden(self) -> list[tuple[str, Line | None]]:
        """Return the keys with no accepted value at the next boot, each with the winning line."""
        if not self.request.present:
            return []
        overridden = []
        for key, value in self._checked.items():
            if not self._is_accepted_at_boot(key, str(value), self.precedence):
                overridden.append((key, self.precedence.winner(key)))
        return overridden

    def _comment_out_winners(self, overridden: Iterable[tuple[str, Line | None]]) -> bool:
        """Comment out the winning lines of files under /etc; tell whether there were any."""
        segments: dict[str, set[int]] = {}
        for key, winner in overridden:
            # A line of another key stays: somebody else relies on what it sets.
            is_direct = self._is_direct(key, winner)
            if winner and is_direct and winner.real_path.startswith("/etc/"):
                self._commented[winner.real_path] = winner.path
                segments.setdefault(winner.real_path, set()).add(winner.segment)
        for real_path, numbers in segments.items():
            rules = self._rules_of(real_path)
            data = comment_out(self.boot_files.contents[real_path], rules, numbers)
            self._set_file(self._commented[real_path], real_path, data)
        return bool(segments)

    def _rules_of(self, real_path: str) -> Loader:
        """Return by which rules a file is cut into lines: those of the program that reads it."""
        for stage in self.boot_files.stages:
            if any(file.real_path == real_path for file in stage.files):
                return stage.rules
        return self.observed.loader

    def _set_file(self, path: str, real_path: str, data: bytes | None) -> None:
        self.boot_files = self.boot_files.with_file(path, real_path, data)
        self._precedence = None
