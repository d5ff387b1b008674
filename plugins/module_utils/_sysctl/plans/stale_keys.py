# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that leave our file, and keep a value that nothing sets any more."""

from __future__ import annotations

from ..files.sysctl_d import assigned_values
from ..globs import stands_for
from ..keys import is_glob
from .plan import Plan


def stale_keys(plan: Plan) -> list[str]:
    """Return the keys removed from our file of which nothing says what they become then.

    A key that had no line in our file is left out: this run does not change what it boots as.
    """
    names = _names_taken_out(plan)
    globs = [name for name in names if is_glob(name)]
    stale = []
    for key in plan.removed_keys:
        has_no_value = plan.desired[key] is None and key in plan.observed.runtime
        if has_no_value and (key in names or any(stands_for(name, key) for name in globs)):
            stale.append(key)
    return stale


def _names_taken_out(plan: Plan) -> set[str]:
    """Return the keys and globs that lines of our file were about, and none is any more."""
    observed = plan.observed
    before = assigned_values(observed.content or b"", observed.loader)
    after = plan.boot_files.contents.get(observed.real_path, b"")
    return set(before).difference(assigned_values(after, observed.loader))
