# SPDX-License-Identifier: GPL-3.0-or-later

"""Edit the boot files in memory, and work out what the next boot makes of them.

What only some requests need is in files of their own, see ``planning.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Mapping

from ..._lazy_module import LazyModule
from ..boot.precedence import Precedence, precedence_of
from ..files.boot_files import BootFiles
from ..files.sysctl_d import Line, edit, format_header, is_only_header
from ..kernel.values import value_in_text, values_equal
from ..keys import may_be_rounded
from ..text import encode
from .plan import FileChange, Observed
from .request import Request, Values

if TYPE_CHECKING:
    from ..files import whole_lines
    from ..kernel import kernel_text
else:
    kernel_text = LazyModule(__name__, "..kernel.kernel_text")
    whole_lines = LazyModule(__name__, "..files.whole_lines")


class BootFileEditor:
    """The boot files of a host while they are edited in memory."""

    def __init__(
        self,
        request: Request,
        observed: Observed,
        desired: Values,
        removed: Mapping[str, str | None],
        surplus: Collection[str],
    ) -> None:
        """Take the boot files as observed.

        desired: key or glob -> the value that the next boot should give.
        removed: key that leaves our file, globs expanded -> the value stated for it, if any.
        surplus: keys and globs whose lines leave our file, unless they are assigned.
        """
        self.request = request
        self.observed = observed
        self.boot_files = observed.boot_files
        self.removed = removed
        self.desired = desired
        self._surplus = surplus
        self.other_files: dict[str, str] = {}
        """Real path of each other file that is edited -> its path as the loader names it."""
        self._precedence: Precedence | None = None

    @property
    def precedence(self) -> Precedence:
        """What the next boot does with the files as they are now in memory."""
        if self._precedence is None:
            self._precedence = self.precedence_in(self.boot_files)
        return self._precedence

    def precedence_in(self, boot_files: BootFiles) -> Precedence:
        """Return what the next boot would do with these boot files."""
        keys = [*self.desired, *self.removed]
        loader = self.observed.loader
        return precedence_of(boot_files, loader, keys, live=self._values_to_have())

    def _values_to_have(self) -> Values:
        """Return the runtime values, those that are requested in place of what there is now.

        A run that writes them fails if the kernel does not take them; a bound it may round.
        """
        request = self.request
        runtime = self.observed.runtime
        if not request.present or not request.runtime:
            return runtime
        values = dict(runtime)
        for key, desired in self.desired.items():
            live = runtime.get(key)
            is_kept = not request.has_bound or not may_be_rounded(key)
            if live is not None and desired is not None and is_kept:
                values[key] = request.target(live, desired)
        return values

    def value_at_boot(self, key: str) -> str | None:
        """Return what a key holds after the next boot, None if no line decides that."""
        return self.precedence.value_at_boot(key, self.observed.runtime.get(key))

    def edit_our_file(self) -> None:
        """Give our file what it should have, or remove it."""
        content = self._our_content()
        if content is not None or self.observed.content is not None:
            self.set_file(self.observed.path, self.observed.real_path, content)

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
        for real_path, path in self.other_files.items():
            if real_path != observed.real_path:
                before = observed.boot_files.contents[real_path]
                after = self.boot_files.contents[real_path]
                change = FileChange(path=path, real_path=real_path, before=before, after=after)
                changes.append(change)
        return tuple(changes)

    def _our_content(self) -> bytes | None:
        """Return our file as it should be, None where there should be none."""
        request = self.request
        before = self.observed.content
        if before is None:
            if not request.present or not self.is_file_needed():
                return None
            header = encode(format_header(request.header))
            return header + self.assign(b"", self.keys_to_assign(b""))
        if request.present:
            return self.assign(before, self.keys_to_assign(before))
        after = self.assign(before, {})
        if not self.observed.is_link and is_only_header(before, after, request.header):
            return None
        return after

    def is_file_needed(self) -> bool:
        """Tell whether our file must be created."""
        return bool(self.request.settings)

    def keys_to_assign(self, _before: bytes) -> dict[str, str]:
        """Return the keys that need a line in our file, which has these bytes so far."""
        return {key: str(value) for key, value in self.request.settings.items()}

    def assign(self, data: bytes, assign: Mapping[str, str]) -> bytes:
        """Assign these keys, and remove surplus ones and those requested but not assigned."""
        drop = {*self.request.settings, *self._surplus}.difference(assign)
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
        return kernel_text.value_with_comment(key, text, value, live)

    def is_accepted_at_boot(self, key: str, value: str, boot: Precedence) -> bool:
        """Tell whether a boot gives a key a value that is as requested."""
        winner = boot.winner(key)
        boot_value = winner.value if winner else None
        if not self.boot_files.traits.can_write(self.observed.loader, key):
            boot_value = self.observed.runtime.get(key)  # it keeps what it has
        return self.request.accepts(key, boot_value, value)

    def overridden(self) -> list[tuple[str, Line | None]]:
        """Return the keys with no accepted value at the next boot, each with the winning line."""
        if not self.request.present:
            return []
        overridden = []
        for key, value in self.desired.items():
            if not self.is_accepted_at_boot(key, str(value), self.precedence):
                overridden.append((key, self.precedence.winner(key)))
        return overridden

    def move_to_end(self, keys: Collection[str]) -> bool:
        """Move our lines for these keys to the end of our file; tell whether that changes it."""
        observed = self.observed
        data = self.boot_files.contents[observed.real_path]
        moved = whole_lines.move_to_end(data, observed.loader, keys)
        if moved == data:
            return False
        self.set_file(observed.path, observed.real_path, moved)
        return True

    def set_file(self, path: str, real_path: str, data: bytes | None) -> None:
        """Give a file these bytes, or (None) remove it."""
        self.boot_files = self.boot_files.with_file(path, real_path, data)
        self._precedence = None
