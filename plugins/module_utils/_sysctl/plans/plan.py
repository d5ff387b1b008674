# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run will do, as one frozen object made from the request and the observed host.

Check mode, diff, result and the real run are views of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection, Mapping, NamedTuple

from ..boot.precedence import Precedence, precedence_of
from ..files.boot_files import BootFiles, read_order
from ..files.loaders import Loader
from ..files.sysctl_d import Line
from ..keys import may_be_limited
from .request import Request, Values

if TYPE_CHECKING:
    from ..files.doubts import Doubts
    from .effects import Effects
    from .module_file import ModuleNeeds
    from .undone import Undone

_NONE: Mapping[str, Any] = {}


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
    modules: ModuleNeeds | None = None
    """None: nothing is asked about kernel modules."""


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
    changed_lines: tuple[tuple[Line, Line], ...] = ()
    """Lines of our file that are not requested, each with a requested one that decides its key."""
    undone: tuple[Undone, ...] = ()
    """Keys to set that already had a line at the last boot, which did not last."""
    effects: Effects | None = None
    """None: the writes change nothing but their keys."""

    @property
    def changed(self) -> bool:
        """Whether anything will be written."""
        return bool(self.writes or self.files)

    @property
    def writes_limited_keys(self) -> bool:
        """Whether a key is written that may limit another one, or be limited by it."""
        return any(may_be_limited(write.key) for write in self.writes)

    @property
    def masked_by_new_file(self) -> list[str]:
        """The files that a new one of ours replaces at boot."""
        if self.observed.content is not None or not self.files:
            return []
        order = read_order(self.boot_files, self.observed.loader)
        names = (self.observed.path, self.observed.real_path)
        return [file.path for file in order if file.masked_by in names]

    @property
    def may_be_unread(self) -> bool:
        """Whether the loader may not read our file: it reads each .conf file in /etc/sysctl.d."""
        folder, _sep, name = self.observed.path.rpartition("/")
        is_read = folder == "/etc/sysctl.d" and name.endswith(".conf") and name[0] != "."
        return self.request.persistent and not is_read

    @property
    def written(self) -> dict[str, str]:
        """Key -> the value that is written to it."""
        return {write.key: write.after for write in self.writes}

    @property
    def live_before(self) -> Values:
        """The runtime values before the writes, also of keys that the writes may change."""
        runtime = self.observed.runtime
        return {**runtime, **self.effects.affected} if self.effects else runtime

    def is_affected(self, key: str) -> bool:
        """Tell whether the writes may change a key that has a value."""
        return self.effects is not None and self.effects.affected.get(key) is not None

    def without_changes(self) -> Plan:
        """Return the plan with nothing of it carried out: the state after a failure."""
        from ..boot.boot_doubts import doubts_of_boot  # few runs fail

        values = {**self.request.settings, **self.desired}
        precedence = self._precedence_before(list(values))
        doubts: Doubts = ()
        if self.request.persistent and self.request.on_doubt != "ignore":
            doubts = doubts_of_boot(precedence, self.observed.boot_files.doubts, values)
        return self._replace(
            writes=(),
            files=(),
            boot_files=self.observed.boot_files,
            precedence=precedence,
            doubts=doubts,
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
        before = {write.key: write.before for write in self.writes}
        return self._precedence_before(list(before)).contradictions(before)
