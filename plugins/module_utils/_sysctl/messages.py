# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be said of a plan: why it is refused, or what to be warned of."""

from __future__ import annotations

from typing import Iterator

from .boot_files import COMMAND_LINE, read_order
from .errors import TuningError
from .plan import Plan
from .secrets import quote_value
from .sysctl_d import Line


def refuse_overridden(plan: Plan) -> None:
    """Refuse a plan whose values the next boot would undo, unless the user takes that with a warning."""
    if plan.overridden and plan.request.on_override != "warn":
        more = (
            f" ({len(plan.overridden) - 1} more: see 'overridden')"
            if len(plan.overridden) > 1
            else ""
        )
        raise TuningError(
            f"{_describe_override(plan, *plan.overridden[0])}{more}. Change or remove what says so, choose a path that is read later, "
            "or set on_override to 'comment_out' (lines in /etc) or 'warn'",
            plan.overridden[0][0],
        )


def _describe_override(plan: Plan, key: str, winner: Line | None) -> str:
    asked = quote_value(key, plan.desired.get(key, plan.request.settings.get(key)))
    says = "does not set it"
    if winner:
        where = (
            winner.path if winner.path == COMMAND_LINE else f"{winner.path} line {winner.number}"
        )
        says = f"sets {quote_value(key, winner.value)}" if winner.value else "leaves it alone"
        says = f"{says}, as {where} says"
    return f"{key}: {plan.observed.path} asks for {asked}, but the next boot {says}{_explain_unread(plan)}"


def _explain_unread(plan: Plan) -> str:
    """Say why a loader passes over our file; nothing if it does not."""
    observed = plan.observed
    order = read_order(plan.boot_files, observed.loader)
    if any(source.real_path == observed.real_path and not source.masked_by for source in order):
        return ""
    mask = next((source.masked_by for source in order if source.path == observed.path), None)
    if mask:
        return f"; {mask} masks our file, which is therefore not read"
    return f"; {observed.loader.name} does not read our file: choose a path in /etc/sysctl.d that ends in .conf"


def plan_warnings(plan: Plan) -> Iterator[str]:
    """Yield what a user should know of a plan that goes ahead."""
    observed = plan.observed
    for key, winner in plan.overridden:
        yield _describe_override(plan, key, winner)
    for key in plan.removed_keys if plan.request.runtime else ():
        if plan.desired[key] is None and key in observed.runtime:
            value = quote_value(key, observed.runtime[key])
            yield f"{key}: no file gives it a value at boot, so it stays {value} until the reboot"
    for masked in plan.masked_by_new_file:
        yield f"{observed.path} now replaces {masked} at boot, and all that is set there; choose another name for path"
    for path, why, matters in observed.boot_files.problems:
        if matters:
            yield f"{path} cannot be read, so what it sets at boot is not known: {why}"
