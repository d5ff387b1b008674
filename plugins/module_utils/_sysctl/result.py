# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run tells its user: a view of a plan."""

from __future__ import annotations

from typing import Any

from .diff import build_diff
from .plan import Plan
from .request import Values
from .secrets import SECRET_SUFFIXES, display_value, value_display
from .sysctl_d import assigned_values, line_result
from .text import printable


def build_result(plan: Plan) -> dict[str, Any]:
    """Return what a run comes to, in check mode too."""
    live = plan.observed.runtime
    return {
        "changed": plan.changed,
        "changed_keys": [printable(write.key) for write in plan.writes],
        "changed_files": [printable(change.path) for change in plan.files],
        "settings": build_settings(plan),
        "previous": {
            printable(key): display_value(key, live[key])
            for key in plan.desired
            if is_displayable(key, live)
        },
        "overridden": [{"key": key, **line_result(key, winner)} for key, winner in plan.overridden],
        "missing": list(plan.missing),
        "path": plan.observed.path,
        "loader": plan.observed.loader.name,
        "diff": build_diff(plan),
    }


def is_displayable(key: str, live: Values) -> bool:
    """Tell whether a runtime value is known, and may be shown."""
    return live.get(key) is not None and not key.endswith(SECRET_SUFFIXES)


def build_settings(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return each key's value now, in our file and at boot, before and after."""
    observed = plan.observed
    written = {write.key: write.after for write in plan.writes}
    ours = next(
        (change.after for change in plan.files if change.real_path == observed.real_path),
        observed.content,
    )
    before, after = (
        assigned_values(data or b"", observed.loader) for data in (observed.content, ours)
    )
    told = {}
    for key in {**plan.request.settings, **plan.desired}:
        live, show = observed.runtime.get(key), value_display(key)
        told[printable(key)] = {
            "value": show(plan.desired.get(key, plan.request.settings.get(key))),
            "runtime": {"before": show(live), "after": show(written.get(key, live))},
            "persistent": {"before": show(before.get(key)), "after": show(after.get(key))},
            "boot": line_result(key, plan.precedence.winner(key)),
        }
    return told
