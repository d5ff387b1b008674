# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan that goes back to an earlier state."""

from __future__ import annotations

from typing import Iterable

from ..boot.precedence import precedence_of
from .plan import FileChange, Observed, Plan
from .planning import runtime_writes
from .request import Request, Values


def make_restore_plan(observed: Observed, runtime: Values, files: Iterable[FileChange]) -> Plan:
    """Plan to go back to earlier runtime values and files.

    files: those that are not as before, in their bytes or their attributes.
    The same laws hold as for ``make_plan``; keys that the kernel does not have now are missing.
    """
    changes = tuple(files)
    boot_files = observed.boot_files
    for change in changes:
        boot_files = boot_files.with_file(change.path, change.real_path, change.after)
    request = Request(settings=runtime, path="", header="")
    return Plan(
        request=request,
        observed=observed,
        desired=runtime,
        writes=runtime_writes(request, runtime, observed.runtime),
        files=changes,
        boot_files=boot_files,
        precedence=precedence_of(boot_files, observed.loader, runtime, live=observed.runtime),
        missing=tuple(key for key in runtime if key not in observed.runtime),
    )
