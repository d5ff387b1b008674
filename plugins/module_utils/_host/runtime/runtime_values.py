# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the runtime values of a plan, read them back, and restore them after an error."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..._lazy_module import LazyModule
from ..._sysctl.errors import TuningError, describe_os_error
from ..._sysctl.kernel.values import values_equal
from ..._sysctl.plans.plan import Plan, RuntimeWrite
from ..._sysctl.plans.request import Values
from ..._sysctl.secrets import quote_value
from .proc_sys import read_key, write_key

if TYPE_CHECKING:
    from . import refusals
else:
    refusals = LazyModule(__name__, ".refusals")


_ROUNDS = 3
"""How often values are restored that a write of another key may change again."""


class RuntimeValues:
    """The runtime values of a plan whose keys act on no others.

    The steps of a transaction are ``write_first``, then the files, then ``write_last``.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.attempted: list[str] = []
        """The keys that the kernel was given a value for, be it refused or not, in this order."""
        self._planned = {write.key: write for write in plan.writes}

    def write_first(self) -> None:
        """Write all values in the order given, and read all of them back."""
        if self.plan.writes:
            keys = self.keys()
            self._write(keys)
            self._verify(keys)

    def write_last(self) -> None:
        """Write what must come after the files: nothing here."""

    def restore(self) -> dict[str, str]:
        """Restore the values before, and return key -> reason for those that cannot be."""
        runtime = self.plan.observed.runtime
        return restore_values({key: runtime[key] for key in reversed(self.attempted)})

    def keys(self) -> list[str]:
        """Return the keys that are to have a value and that the kernel has."""
        runtime = self.plan.observed.runtime
        return [
            key for key, value in self.plan.desired.items() if value is not None and key in runtime
        ]

    def _write(self, keys: list[str]) -> None:
        """Write the values of these keys that differ, in the order given.

        A key that was right when the plan was made is looked at again in its turn, since writing
        another key may have changed it.
        """
        for key in keys:
            write = self._planned.get(key) or self._correction(key)
            if write is None:
                continue
            self.attempted.append(key)
            try:
                write_key(key, write.after)
            except OSError as error:
                self._handle_refusal(refusals.write_error(write, error))

    def _correction(self, key: str) -> RuntimeWrite | None:
        """Return the write that a key needs which the plan leaves as it is; None: none."""
        desired = str(self.plan.desired[key])
        if self.plan.request.accepts(key, self._read(key), desired):
            return None
        return RuntimeWrite(key, before=self.plan.observed.runtime[key], after=desired)

    def _handle_refusal(self, refusal: TuningError) -> None:
        """End the run, or return to go on with it."""
        raise refusal

    def _verify(self, keys: list[str]) -> None:
        """Read these values back, those that were right before as well."""
        for key in keys:
            live = self._unwanted_value(key)
            if live is not None:
                raise self._not_kept_error(key, live)

    def _unwanted_value(self, key: str) -> str | None:
        """Return the live value of a key, None if it is as desired."""
        live = self._read(key)
        if self.plan.request.accepts(key, live, str(self.plan.desired[key])):
            return None
        return live

    def _read(self, key: str) -> str:
        """Return the runtime value of a key, which was there when the plan was made."""
        try:
            return read_key(key)
        except FileNotFoundError as error:
            raise refusals.vanished_error(key) from error
        except OSError as error:
            raise TuningError(f"{key}: cannot be read back", key, error) from error

    def _not_kept_error(self, key: str, live: str) -> TuningError:
        """Return the error for a key that reads as it should not."""
        return refusals.not_kept_error(key, live, self.plan, self.attempted)


def restore_values(before: Values) -> dict[str, str]:
    """Restore earlier values in the order given, and return key -> reason for those that differ.

    Only what differs is written, so a value that the kernel refused and never took needs nothing.
    Writing one key may change another, or be what restores it: what is there at the end counts.
    """
    reasons: dict[str, str] = {}
    for _round in range(_ROUNDS):
        refusals = {key: _restore_value(key, value) for key, value in before.items()}
        reasons = {}
        for key, value in before.items():
            reason = _explain_difference(key, value)
            if reason:
                reasons[key] = refusals[key] or reason
        if not reasons:
            break
    return reasons


def _restore_value(key: str, value: str | None) -> str:
    """Restore a value, and return why the kernel refuses it, "" if it does not."""
    if value is None or not _explain_difference(key, value):
        return ""
    try:
        write_key(key, value)
    except OSError as error:
        return describe_os_error(error)
    return ""


def _explain_difference(key: str, value: str | None) -> str:
    """Return why a key does not have this value, "" if it does."""
    try:
        live: str | None = read_key(key)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return ""  # its interface or module went away, and what it was set to with it
        if error.errno != errno.EIO:
            return describe_os_error(error)
        live = None
    if values_equal(key, live, value):
        return ""
    if value is None:
        return "it had no value to go back to"
    return f"the kernel did not take {quote_value(key, value)} again"
