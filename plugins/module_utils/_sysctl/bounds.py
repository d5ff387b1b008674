# SPDX-License-Identifier: GPL-3.0-or-later

"""Our file where values are minimums or maximums: the options at_least and at_most.

Imported only for a request that has one of them.
"""

from __future__ import annotations

from typing import Mapping

from .boot_file_editor import BootFileEditor
from .keys import is_glob
from .precedence import Precedence
from .sysctl_d import assigned_values
from .values import value_in_text


class BoundedFileEditor(BootFileEditor):
    """The boot files of a host while they are edited for a request with bounds.

    A key to which other lines give a value within its bound needs no line of ours.
    """

    def is_file_needed(self) -> bool:
        boot = self.precedence_in(self.observed.boot_files)
        for key, value in self.request.settings.items():
            if is_glob(key) or not self.is_accepted_at_boot(key, str(value), boot):
                return True
        return False

    def keys_to_assign(self, before: bytes) -> dict[str, str]:
        """Return the keys that need a line in our file, which has these bytes so far.

        A line of ours would set a value within its bound back to the bound. Globs always get
        their line, since which keys they match may change.
        """
        request = self.request
        observed = self.observed
        requested = super().keys_to_assign(before)
        current = self._values_taken(assigned_values(before, observed.loader))
        globs = {key: value for key, value in requested.items() if is_glob(key)}
        others = self.assign(before, globs)
        boot = self.precedence_in(
            observed.boot_files.with_file(observed.path, observed.real_path, others)
        )
        assign = {}
        for key, value in requested.items():
            is_accepted_in_ours = request.accepts(key, current.get(key), value)
            is_needed = key in globs or not self.is_accepted_at_boot(key, value, boot)
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
