# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will do: one frozen object, made from what is asked and what is found. Check mode, diff, result and run are views of it."""

from __future__ import annotations

from typing import Mapping

from .base import TuningError, dataclass, replace
from .boot import Rules, Tree, read_order, rules_for
from .keys import is_glob
from .loaders import Loader
from .sysctl_d import Line, comment_out, edit, encode, header_lines, nothing_left, parse
from .values import check, same

Values = Mapping[str, "str | None"]


@dataclass(frozen=True)
class Request:
    """What a user asks for."""

    settings: Values
    """Canonical key -> value. None only with ``present`` false."""
    path: str
    header: str
    present: bool = True
    exclusive: bool = False
    runtime: bool = True
    persistent: bool = True
    on_override: str = "fail"
    ignore_missing: bool = False
    unsafe: bool = False


@dataclass(frozen=True)
class Observed:
    """What was found on the host."""

    loader: Loader
    tree: Tree
    path: str
    """Our file as the loader names it."""
    real: str
    """Our file, links followed."""
    is_link: bool
    before: bytes | None
    """The bytes of our file."""
    runtime: Values
    """Each key asked for, globs expanded, that this kernel has -> its value. None: it has none to tell yet."""
    matches: Mapping[str, list[str]]
    """Glob -> the keys it matches now."""
    attributes: tuple[tuple[str, str, str], ...] = ()
    """What of mode, owner, group and context of our file is not as asked: (name, is, asked)."""


@dataclass(frozen=True)
class Write:
    """A runtime value to set."""

    key: str
    before: str | None
    after: str


@dataclass(frozen=True)
class FileChange:
    """A file to replace, or (after None) to remove."""

    path: str
    real: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Plan:
    """What will be done, and what will hold then."""

    request: Request
    observed: Observed
    wanted: Values
    """Key -> the value to hold, globs expanded. None: it stays as it is."""
    writes: tuple[Write, ...]
    files: tuple[FileChange, ...]
    tree: Tree
    """The boot files as they will be."""
    rules: Rules
    """What the next boot will then do."""
    overridden: tuple[tuple[str, Line | None], ...]
    """Keys that the next boot would give another value, and the line that does. None: nothing that is read gives one."""
    missing: tuple[str, ...]
    taken_out: tuple[str, ...]
    """Keys that leave our file, and whose runtime value follows the next boot."""

    @property
    def changed(self) -> bool:
        return bool(self.writes or self.files)

    @property
    def masks(self) -> list[str]:
        """The files that a new one of ours replaces at boot."""
        if self.observed.before is not None or not self.files:
            return []
        name = self.observed.path.rpartition("/")[2]
        namesakes = {where: {name: names[name]} for where, names in self.tree.listing.items() if name in names}
        order = read_order(replace(self.tree, listing={"/etc": {}, **namesakes}), self.observed.loader)
        return [source.path for source in order if source.masked_by == self.observed.path]

    def undone(self) -> Plan:
        """Return the plan with nothing of it carried out: what holds after a failure."""
        tree = self.observed.tree
        rules = rules_for(tree, self.observed.loader, [*self.request.settings, *self.wanted])
        return replace(self, writes=(), files=(), tree=tree, rules=rules)


def other_keys(request: Request, before: bytes | None, loader: Loader) -> list[str]:
    """Return the keys that ``exclusive`` takes out of our file."""
    found = parse(before or b"", loader) if request.exclusive and request.persistent else []
    return list(dict.fromkeys(line.key for line in found if line.key and line.key not in request.settings))


def make_plan(request: Request, observed: Observed) -> Plan:
    """Decide everything, or refuse. Planning again after the plan was carried out gives one without changes."""
    asked = _expand(request.settings, observed)
    if request.present:
        for key, value in asked.items():
            check(key, str(value), observed.runtime.get(key), request.unsafe)
    missing = _missing(request, observed)
    files = _BootFiles(request, observed, asked)
    overridden = files.edit()
    wanted = dict(asked) if request.present else {}
    for key, stated in files.taken_out.items():
        winner = files.rules.winner(key)
        wanted[key] = winner.value if winner and winner.value else stated
    live = observed.runtime if request.runtime else {}
    writes = tuple(
        Write(key, live[key], value)
        for key, value in wanted.items()
        if value is not None and key in live and not same(key, live[key], value)
    )
    return Plan(
        request,
        observed,
        wanted,
        writes,
        files.changes(),
        files.tree,
        files.rules,
        overridden,
        missing,
        tuple(files.taken_out),
    )


def _expand(settings: Values, observed: Observed) -> dict[str, str | None]:
    """Return the keys themselves: globs give way to what they match, and to keys that are named."""
    expanded: dict[str, str | None] = {}
    for key, value in settings.items():
        if is_glob(key):
            expanded.update((match, value) for match in observed.matches.get(key, ()) if match not in settings)
        else:
            expanded[key] = value
    return expanded


def _missing(request: Request, observed: Observed) -> tuple[str, ...]:
    if not request.runtime:
        return ()
    missing = tuple(key for key in request.settings if key not in observed.runtime and not observed.matches.get(key))
    if missing and request.present and not request.ignore_missing:
        what = "matches no key of this kernel" if is_glob(missing[0]) else "this kernel has no such key"
        raise TuningError(
            f"{missing[0]}: {what}; check the spelling, load its module first, or set 'ignore_missing: true' to keep it for later",
            missing[0],
        )
    return missing


class _BootFiles:
    """The boot files while a plan is made: edited in memory, and asked who wins."""

    def __init__(self, request: Request, observed: Observed, asked: Values) -> None:
        self.request = request
        self.observed = observed
        self.tree = observed.tree
        removed = other_keys(request, observed.before, observed.loader)
        self.removed = set(removed)
        self.taken_out: dict[str, str | None] = {} if request.present else dict(asked)
        self.taken_out.update((key, None) for key in _expand(dict.fromkeys(removed), observed) if key not in asked)
        self.judged = {**request.settings, **asked}
        self.commented: dict[str, str] = {}
        self._rules: Rules | None = None

    @property
    def rules(self) -> Rules:
        """What the next boot does with the files as they are now in memory."""
        if self._rules is None:
            self._rules = rules_for(self.tree, self.observed.loader, [*self.judged, *self.taken_out])
        return self._rules

    def edit(self) -> tuple[tuple[str, Line | None], ...]:
        """Bring our file, and where asked the lines that beat it, to what is wanted; return what stands in the way."""
        if not self.request.persistent:
            return ()
        ours = self._ours()
        if ours is not None or self.observed.before is not None:
            self._set(self.observed.path, self.observed.real, ours)
        losing = self._losing()
        while self.request.on_override == "comment_out" and self._take_out_of_the_way(losing):
            losing = self._losing()
        return tuple(losing)

    def changes(self) -> tuple[FileChange, ...]:
        observed, after = self.observed, self.tree.contents
        ours = after.get(observed.real) if self.request.persistent else observed.before
        changes = []
        if ours != observed.before or (ours is not None and self.request.persistent and observed.attributes):
            changes.append(FileChange(observed.path, observed.real, observed.before, ours))
        for real, path in self.commented.items():
            if real != observed.real:
                changes.append(FileChange(path, real, observed.tree.contents[real], after[real]))
        return tuple(changes)

    def _ours(self) -> bytes | None:
        request, observed = self.request, self.observed
        before = observed.before
        if request.present and (before is not None or request.settings):
            assign = {key: str(value) for key, value in request.settings.items()}
            head = encode(header_lines(request.header)) if before is None else b""
            return head + edit(before or b"", observed.loader, assign, self.removed.__contains__)
        if before is None:
            return None
        after = edit(before, observed.loader, {}, request.settings.__contains__)
        return None if not observed.is_link and nothing_left(before, after, request.header) else after

    def _losing(self) -> list[tuple[str, Line | None]]:
        if not self.request.present:
            return []
        winner = self.rules.winner
        winners = ((key, value, winner(key)) for key, value in self.judged.items())
        return [(key, line) for key, value, line in winners if not same(key, line and line.value, value)]

    def _take_out_of_the_way(self, losing: list[tuple[str, Line | None]]) -> bool:
        indexes: dict[str, set[int]] = {}
        for _key, winner in losing:
            if winner and winner.real.startswith("/etc/"):
                self.commented[winner.real] = winner.path
                indexes.setdefault(winner.real, set()).add(winner.piece)
        for real, found in indexes.items():
            data = comment_out(self.tree.contents[real], self.observed.loader, found)
            self._set(self.commented[real], real, data)
        return bool(indexes)

    def _set(self, path: str, real: str, data: bytes | None) -> None:
        self.tree = self.tree.with_file(path, real, data)
        self._rules = None
