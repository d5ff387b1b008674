# SPDX-License-Identifier: GPL-3.0-or-later

"""Explain attributes of a file that Ansible cannot set: each by its option, value and remedy."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from .._sysctl.errors import TuningError
from .._sysctl.text import quote

NO_MODE = "neither octal nor symbolic"
MODE_REMEDY = "write it as mode: '0644' or mode: u=rw,go=r"


class _Failure(NamedTuple):
    """A failure of Ansible's, by the start of its message."""

    start: str
    option: str
    reason: str
    """What it means, "" where Ansible's details say it."""
    remedy: str


_FAILURES = (
    _Failure(
        start="chown failed: failed to look up",
        option="owner",
        reason="this host has no such user",
        remedy="create the user first, or give another one",
    ),
    _Failure(
        start="chgrp failed: failed to look up",
        option="group",
        reason="this host has no such group",
        remedy="create the group first, or give another one",
    ),
    _Failure(
        start="mode must be",
        option="mode",
        reason=f"it is {NO_MODE}",
        remedy=MODE_REMEDY,
    ),
    _Failure(
        start="Invalid mode",
        option="mode",
        reason="it has more than permissions",
        remedy=MODE_REMEDY,
    ),
    _Failure(
        start="chattr failed",
        option="attributes",
        reason="",
        remedy="give letters that chattr(1) and the file system know, such as +d, or leave it out",
    ),
)


def attribute_error(
    msg: str, details: object, params: Mapping[str, Any], os_error: OSError | None
) -> TuningError:
    """Return the error for an attribute that Ansible cannot set.

    msg, details: what Ansible says. params: option -> value. os_error: what the kernel says.
    """
    path = params["path"]
    for failure in _FAILURES:
        if msg.startswith(failure.start):
            value = quote(params.get(failure.option))
            reason = failure.reason or _reason_in(details) or msg
            return TuningError(
                f"{failure.option}: {value} cannot be given to {path}: {reason}; {failure.remedy}"
            )
    return TuningError(f"{path}: {msg}", None, os_error)


def _reason_in(details: object) -> str:
    """Return the first line of what a program says."""
    text = str(details or "").rpartition("Error while setting attributes:")[2].strip()
    return text.partition("\n")[0]
