# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that leave our file, and keep a value that nothing sets any more."""

from __future__ import annotations

from ..files.sysctl_d import assigned_values
from ..globs import stands_for
from .plan import Plan


def stale_keys(plan: Plan) -> list[str]:
    """Return the keys removed from our file of which nothing says what they become then.

    A key that had no line in our file is left out: this run does not change what it boots as.
    """
    runtime = plan.observed.runtime
    return [
        key
        for key in plan.removed_keys
        if plan.desired[key] is None and key in runtime and _is_taken_out(plan, key)
    ]


def _is_taken_out(plan: Plan, key: str) -> bool:
    """Tell whether a line of our file, which goes, was about a key."""
    observed = plan.observed
    before = assigned_values(observed.content or b"", observed.loader)
    after = plan.boot_files.contents.get(observed.real_path, b"")
    gone = set(before).difference(assigned_values(after, observed.loader))
    return any(stands_for(name, key) for name in gone)
