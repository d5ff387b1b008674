# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run tells its user: a view of a plan."""

from __future__ import annotations

from typing import Any

from .plan import Plan, Values
from .sysctl_d import assigned, said
from .values import SECRETS, printable, shower, shown


def result(plan: Plan) -> dict[str, Any]:
    """Return what a run comes to, in check mode too."""
    live = plan.observed.runtime
    return {
        "changed": plan.changed,
        "settings": settings(plan),
        "previous": {printable(key): shown(key, live[key]) for key in plan.wanted if shows(key, live)},
        "overridden": [{"key": key, **said(key, winner)} for key, winner in plan.overridden],
        "missing": list(plan.missing),
        "path": plan.observed.path,
        "loader": plan.observed.loader.name,
        "diff": _diff(plan) if plan.changed else [],
    }


def shows(key: str, live: Values) -> bool:
    """Tell whether a runtime value is known, and may be shown."""
    return live.get(key) is not None and not key.endswith(SECRETS)


def settings(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return each key's value now, in our file and at boot, before and after."""
    observed = plan.observed
    written = {write.key: write.after for write in plan.writes}
    ours = next((change.after for change in plan.files if change.real == observed.real), observed.before)
    before, after = (assigned(data or b"", observed.loader) for data in (observed.before, ours))
    told = {}
    for key in {**plan.request.settings, **plan.wanted}:
        live, show = observed.runtime.get(key), shower(key)
        told[printable(key)] = {
            "value": show(plan.wanted.get(key, plan.request.settings.get(key))),
            "runtime": {"before": show(live), "after": show(written.get(key, live))},
            "persistent": {"before": show(before.get(key)), "after": show(after.get(key))},
            "boot": said(key, plan.rules.winner(key)),
        }
    return told


def _diff(plan: Plan) -> list[dict[str, str]]:
    from .diff import diff

    return diff(plan)
