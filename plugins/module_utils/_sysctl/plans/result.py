# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a module: a view of its plan."""

from __future__ import annotations

from typing import Any, Iterable

from ..files.sysctl_d import assigned_values, line_result
from ..kernel.values import NEGATIVE_ZERO
from ..keys import as_glob
from ..secrets import display_value, is_secret
from ..text import printable
from .plan import Plan
from .request import Values


def build_result(plan: Plan) -> dict[str, Any]:
    """Return the result of carrying out a plan, or of checking what it would do."""
    overridden = []
    for key, winner in plan.overridden:
        overridden.append({"key": key, **line_result(key, winner)})
    return {
        "changed": plan.changed,
        "changed_keys": [printable(write.key) for write in plan.writes],
        "changed_files": [printable(change.path) for change in plan.files],
        "settings": build_settings(plan),
        "previous": _previous_values(plan),
        "overridden": overridden,
        "doubts": [doubt.result(keys) for doubt, keys in plan.doubts],
        "undone": [undone.result() for undone in plan.undone],
        "missing": list(plan.missing),
        "irreversible": _irreversible_keys(plan),
        "path": plan.observed.path,
        "loader": plan.boot_files.loader_name(plan.observed.loader),
        "diff": _diff(plan),
    }


def _diff(plan: Plan) -> list[dict[str, str]]:
    """Return Ansible's diff of a plan, which is empty if nothing changes."""
    if not plan.changed:
        return []
    from .diff import build_diff  # most runs change nothing

    return build_diff(plan)


def _previous_values(plan: Plan) -> dict[str, str | None]:
    """Return the runtime values before the run, which a later task can set again.

    They include keys that the writes may change as a side effect, in the order in which to restore
    them. No task can ask for a -0.
    """
    live = plan.live_before
    keys: Iterable[str] = plan.effects.way_back if plan.effects else plan.desired
    previous = {}
    for key in keys:
        if is_displayable(key, live) and live[key] != NEGATIVE_ZERO:
            previous[printable(as_glob(key))] = display_value(key, live[key])
    return previous


def _irreversible_keys(plan: Plan) -> list[dict[str, str]]:
    """Return the keys that a reboot alone brings back, each with the reason."""
    if not plan.effects:
        return []
    return [
        {"key": printable(key), "reason": printable(reason)}
        for key, reason in plan.effects.irreversible
    ]


def _keys_in_doubt(plan: Plan) -> set[str]:
    """Return the keys whose value at boot is not certain, also where nobody asked for doubts."""
    doubts = plan.doubts
    if not plan.request.persistent or plan.request.on_doubt == "ignore":
        values = {**plan.request.settings, **plan.desired}
        if plan.boot_files.doubts or not plan.precedence.are_certain(values):
            from ..boot.boot_doubts import doubts_of_boot  # few hosts have doubts

            doubts = doubts_of_boot(plan.precedence, plan.boot_files.doubts, values)
    if not doubts:
        return set()
    from ..files.doubts import keys_in_doubt  # few plans have doubts

    return keys_in_doubt(doubts)


def is_displayable(key: str, live: Values) -> bool:
    """Tell whether a runtime value is known and may be shown."""
    return live.get(key) is not None and not is_secret(key)


def build_settings(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return for each key its values at runtime and in our file, before and after, and at boot."""
    observed = plan.observed
    written = plan.written
    file_before = assigned_values(observed.content or b"", observed.loader)
    file_after = assigned_values(_our_content_after(plan) or b"", observed.loader)
    doubted_keys = _keys_in_doubt(plan)
    settings = {}
    for key in {**plan.request.settings, **plan.desired}:
        requested = plan.desired.get(key, plan.request.settings.get(key))
        live = observed.runtime.get(key)
        after = written.get(key, live)
        if plan.is_affected(key) and plan.desired.get(key) is None:
            after = value_after_effects(key, plan)
        runtime = {
            "before": display_value(key, live),
            "after": display_value(key, after),
        }
        persistent = {
            "before": display_value(key, file_before.get(key)),
            "after": display_value(key, file_after.get(key)),
        }
        settings[printable(key)] = {
            "value": display_value(key, requested),
            "runtime": runtime,
            "persistent": persistent,
            "boot": {
                **line_result(key, plan.precedence.winner(key)),
                "certain": key not in doubted_keys,
            },
        }
    return settings


def value_after_effects(key: str, plan: Plan) -> str | None:
    """Return the value of a key that only other writes change, None if it is not known."""
    from .coupled_request import value_after_writes  # few keys are changed so

    return value_after_writes(key, plan.written, plan.live_before)


def _our_content_after(plan: Plan) -> bytes | None:
    """Return the bytes of our file once the plan is carried out."""
    for change in plan.files:
        if change.real_path == plan.observed.real_path:
            return change.after
    return plan.observed.content
