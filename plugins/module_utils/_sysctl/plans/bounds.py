# SPDX-License-Identifier: GPL-3.0-or-later

"""Our file where values are minimums or maximums: the options at_least and at_most.

Imported only for a request that has one of them.
"""

from __future__ import annotations

from typing import Mapping

from ..boot.precedence import Precedence
from ..files.sysctl_d import assigned_values
from ..kernel.rounding import kept_numbers
from ..kernel.values import numbers_in, value_in_text
from ..keys import is_glob, may_be_rounded
from .boot_file_editor import BootFileEditor
from .plan import Observed
from .request import Request, Values

_WIDEST_STEP = 65536
"""No kernel keeps numbers further apart than this, or than twice the number."""


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


def with_kept_bounds(request: Request, observed: Observed) -> Request:
    """Return a request with the nearest bounds that the kernel keeps as they are.

    It would round others to numbers that are out of the bounds.
    """
    settings = dict(request.settings)
    for key, value in request.settings.items():
        names = observed.matches.get(key, ()) if is_glob(key) else (key,)
        live = {name: observed.runtime.get(name) for name in names if may_be_rounded(name)}
        if value is None or not live:
            continue
        bounds = numbers_in(value)
        kept = [_bound_of_all(bound, live, request.at_least) for bound in bounds]
        if kept != bounds:
            settings[key] = " ".join(str(number) for number in kept)
    return request._replace(settings=settings)


def _bound_of_all(bound: int, live: Values, at_least: bool) -> int:
    """Return the nearest number within a bound that all of these keys keep, as far as is known."""
    for _round in live:
        nearest = bound
        for key, value in live.items():
            nearest = _kept_bound(key, nearest, value, at_least)
        if nearest == bound:
            break
        bound = nearest
    return bound


def _kept_bound(key: str, bound: int, live: str | None, at_least: bool) -> int:
    """Return the nearest number within a bound that a key keeps, the bound if none is known."""
    lowest, highest = (bound, 2 * bound + _WIDEST_STEP) if at_least else (0, bound)
    nearest = bound
    while lowest <= highest:
        middle = (lowest + highest) // 2
        kept = kept_numbers(key, [middle], live)
        if not kept:
            return bound
        is_within = kept[0] >= bound if at_least else kept[0] <= bound
        if is_within:
            nearest = kept[0]
        if is_within == at_least:
            highest = middle - 1
        else:
            lowest = middle + 1
    return nearest
