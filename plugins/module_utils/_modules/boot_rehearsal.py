# SPDX-License-Identifier: GPL-3.0-or-later

"""What the loader really sets, beside the prediction; imported only where a task asks for it."""

from __future__ import annotations

from typing import Any, Mapping

from .._host.boot.rehearsal import Rehearsal, rehearse
from .._sysctl.files.loaders import COMMAND_LINE, Loader
from .._sysctl.kernel.values import values_equal
from .._sysctl.keys import ACTIONS, is_glob
from .._sysctl.secrets import is_secret
from .._sysctl.text import printable


def rehearse_boot(info: Mapping[str, Any], loader: Loader) -> dict[str, Any]:
    """Return the part of the result of sysctl_info that a rehearsal adds.

    info: the result without it.
    """
    settings = info["settings"]
    reasons = {}
    for key, setting in settings.items():
        reason = _why_not(key, setting["winner"], loader)
        if reason:
            reasons[key] = reason
    rehearsal = rehearse(loader.name, [key for key in settings if key not in reasons])
    reasons.update(rehearsal.not_rehearsed)
    rehearsed = {}
    for key, value in rehearsal.values.items():
        rehearsed[key] = printable(value)
    return {
        "rehearsed": rehearsed,
        "disagreements": _disagreements(settings, rehearsal),
        "not_rehearsed": [{"key": key, "reason": reasons[key]} for key in sorted(reasons)],
    }


def _why_not(key: str, winner: Mapping[str, Any] | None, loader: Loader) -> str:
    """Return why a key cannot be rehearsed on any host, "" if it can."""
    if is_glob(key):
        return "it is a glob"
    if key in ACTIONS:
        return "writing it starts an action"
    if is_secret(key):
        return "its value is secret"
    if winner and winner["path"] == COMMAND_LINE:
        return "the kernel command line sets it before the loader runs"
    if winner and winner["by"] != loader.program:
        return f"{winner['by']} sets it after the loader has run"
    return ""


def _disagreements(
    settings: Mapping[str, Mapping[str, Any]], rehearsal: Rehearsal
) -> list[dict[str, Any]]:
    """Return the keys whose prediction is certain, and not what the loader set.

    Where no line sets a key, the loader must not have changed it.
    """
    disagreements = []
    for key, value in rehearsal.values.items():
        if not settings[key]["certain"]:
            continue
        predicted = settings[key]["boot"]
        expected = rehearsal.start_values[key] if predicted is None else predicted
        if not values_equal(key, expected, value):
            row = {"key": key, "boot": predicted, "rehearsed": printable(value)}
            disagreements.append(row)
    return disagreements
