# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages about a plan: why it is refused, and what it warns of."""

from __future__ import annotations

from typing import Iterator, Sequence

from .boot_files import COMMAND_LINE, KERNEL, Doubt, read_order
from .couplings import variable_of
from .errors import TuningError
from .keys import is_glob
from .loaders import LOADERS
from .plan import Effects, Plan
from .secrets import quote_value
from .sysctl_d import Line
from .undone import describe_undone

_LOADERS = ("", KERNEL, *(loader.program for loader in LOADERS.values()))
_MAX_NAMED = 3
"""Keys that a message about a doubt names."""


def refuse_overridden(plan: Plan) -> None:
    """Refuse a plan whose values the next boot would undo, unless the user asked for a warning."""
    if not plan.overridden or plan.request.on_override == "warn":
        return
    key, winner = plan.overridden[0]
    others = len(plan.overridden) - 1
    more = f" ({others} more: see 'overridden')" if others else ""
    raise TuningError(
        f"{_describe_override(plan, key, winner)}{more}. Change or remove what says so, "
        "choose a path that is read later, "
        "or set on_override to 'comment_out' (lines in /etc) or 'warn'",
        key,
    )


def _describe_override(plan: Plan, key: str, winner: Line | None) -> str:
    requested = plan.desired.get(key, plan.request.settings.get(key))
    value = quote_value(key, requested)
    at_boot = _describe_boot(key, winner, plan.precedence.refused_line(key))
    unread = _explain_unread(plan)
    return f"{key}: {plan.observed.path} asks for {value}, but the next boot {at_boot}{unread}"


def _describe_boot(key: str, winner: Line | None, refused: Line | None) -> str:
    """Describe what the next boot does to a key, and the line that makes it do so."""
    if winner is None:
        return "does not set it"
    location = winner.path
    if winner.path != COMMAND_LINE:
        location = f"{winner.path} line {winner.number}"
    if refused is not None:
        value = quote_value(key, refused.value)
        return f"does not set it, since the kernel refuses {value}, which {location} says"
    action = "leaves it alone"
    if winner.value is not None:
        action = f"sets {quote_value(key, winner.value)}{_explain_other_key(key, winner)}"
    return f"{action}, as {location} says{_reader(winner)}"


def _reader(winner: Line) -> str:
    """Return which program reads a line, "" where it is the loader."""
    return "" if winner.by in _LOADERS else f" (read by {winner.by})"


def _explain_other_key(key: str, winner: Line) -> str:
    """Explain how a line of another key decides this one, "" if it is a line of this key."""
    if winner.key == key or is_glob(winner.key):
        return ""
    if variable_of(winner.key) == variable_of(key):
        return f" by {winner.key}, which is the same variable"
    return f" by setting {winner.key}, which changes it"


def _explain_unread(plan: Plan) -> str:
    """Explain why the loader does not read our file, "" if it does."""
    observed = plan.observed
    order = read_order(plan.boot_files, observed.loader)
    for file in order:
        if file.real_path == observed.real_path and file.masked_by is None:
            return ""
    for file in order:
        if file.path == observed.path:
            return f"; {file.masked_by} masks our file, which is therefore not read"
    return (
        f"; {observed.loader.name} does not read our file: "
        "choose a path in /etc/sysctl.d that ends in .conf"
    )


def refuse_doubts(plan: Plan) -> None:
    """Refuse a plan whose outcome at the next boot is not certain, if the user asked for that."""
    if plan.doubts and plan.request.on_doubt == "fail":
        doubt, keys = plan.doubts[0]
        raise TuningError(
            f"{_describe_doubt(doubt, keys)}, or set on_doubt to 'warn' or 'ignore'", keys[0]
        )


def _describe_doubt(doubt: Doubt, keys: Sequence[str]) -> str:
    named = ", ".join(keys[:_MAX_NAMED])
    if len(keys) > _MAX_NAMED:
        named += f" and {len(keys) - _MAX_NAMED} more"
    location = doubt.path
    if doubt.line is not None:
        location = f"{doubt.path} line {doubt.line}"
    return (
        f"{named}: not certain at the next boot: {doubt.by}: {doubt.why} ({location}). "
        f"To be sure, {doubt.remedy}"
    )


def plan_warnings(plan: Plan) -> Iterator[str]:
    """Yield what the user should know about a plan that is carried out."""
    for key, winner in plan.overridden:
        yield _describe_override(plan, key, winner)
    for doubt, keys in plan.doubts:
        yield _describe_doubt(doubt, keys)
    if plan.undone:
        yield describe_undone(plan.undone)
    if plan.effects:
        yield from _warn_of_no_return(plan.effects)
    if plan.request.runtime:
        yield from _warn_of_stale_values(plan)
    for masked in plan.masked_by_new_file:
        yield (
            f"{plan.observed.path} now replaces {masked} at boot, and all that is set there; "
            "choose another name for path"
        )
    for problem in plan.observed.boot_files.problems:
        if problem.matters:
            yield (
                f"{problem.path} cannot be read, "
                f"so what it sets at boot is not known: {problem.reason}"
            )


def _warn_of_no_return(effects: Effects) -> Iterator[str]:
    """Yield a warning for each key that cannot be taken back before a reboot."""
    for key, reason in effects.irreversible:
        yield f"{key}: this cannot be taken back before a reboot: {reason}"


def _warn_of_stale_values(plan: Plan) -> Iterator[str]:
    """Yield a warning for each removed key that keeps its runtime value until the reboot."""
    runtime = plan.observed.runtime
    for key in plan.removed_keys:
        if plan.desired[key] is None and key in runtime:
            value = quote_value(key, runtime[key])
            yield f"{key}: no file gives it a value at boot, so it stays {value} until the reboot"
