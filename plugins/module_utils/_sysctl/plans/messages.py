# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages about a plan: why it is refused, and what it warns of."""

from __future__ import annotations

from typing import Iterator, Sequence

from ..errors import TuningError
from ..files.boot_files import read_order
from ..files.doubts import Doubt, Doubts
from ..files.loaders import COMMAND_LINE
from ..files.stages import is_read_later
from ..files.sysctl_d import Line, name_of_value
from ..globs import stands_for
from ..kernel.couplings import names_of, variable_of
from ..keys import is_glob
from ..one_line import shorten
from ..secrets import quote_value
from .effects import Effects
from .plan import Plan
from .result import value_after_effects
from .stale_keys import stale_keys
from .undone import describe_undone

_MAX_KEYS_OF_DOUBT = 3
"""Keys that a message about a doubt names."""
MAX_NAMED = 10
"""Keys that one message, or one kind of warning, names; the others are counted."""


def refuse_overridden(plan: Plan) -> None:
    """Refuse a plan whose values the next boot would undo, unless the user asked for a warning."""
    errors = override_errors(plan)
    if not errors:
        return
    texts = [str(error) for error in errors]
    message = "; ".join(shorten(texts, MAX_NAMED, "overridden"))
    if not _explain_unread(plan):
        message += (
            ". Change or remove what says so, choose a path that is read later, "
            "or set on_override to 'comment_out' (lines in /etc) or 'warn'"
        )
    raise _plan_refusal(message, errors[0].key)


def _plan_refusal(message: str, key: str | None) -> TuningError:
    error = TuningError(message, key)
    error.refuses_plan = True
    return error


def override_errors(plan: Plan) -> list[TuningError]:
    """Return an error for each key of a plan that is refused because the next boot undoes it."""
    if plan.request.on_override == "warn":
        return []
    return [
        TuningError(_describe_override(plan, key, winner), key) for key, winner in plan.overridden
    ]


def _describe_override(plan: Plan, key: str, winner: Line | None) -> str:
    requested = plan.desired.get(key, plan.request.settings.get(key))
    value = quote_value(key, requested)
    at_boot = _describe_boot(plan, key, winner)
    unread = _explain_unread(plan)
    if unread:
        at_boot = f"{at_boot}: {unread}"
    return f"{key}: {plan.observed.path} asks for {value}, but the next boot {at_boot}"


def _describe_boot(plan: Plan, key: str, winner: Line | None) -> str:
    """Describe what the next boot does to a key, and the line that makes it do so."""
    if winner is None:
        return "does not set it"
    location = winner.path
    if winner.path != COMMAND_LINE:
        location = f"{winner.path} line {winner.number}"
    refused = plan.precedence.decision(key).refused
    if refused is not None:
        value = quote_value(name_of_value(key, refused), refused.value)
        reason = plan.precedence.why_refused(refused, key)
        because = f": {reason}" if reason else ""
        return f"does not set it, since the kernel refuses {value}, which {location} says{because}"
    action = "leaves it alone"
    if winner.value is not None:
        value = quote_value(name_of_value(key, winner), winner.value)
        action = f"sets {value}{_explain_other_key(key, winner)}"
    return f"{action}, as {location} says{_reader(winner)}"


def _reader(winner: Line) -> str:
    """Return which program reads a line, "" where it is the loader."""
    return f" (read by {winner.by})" if is_read_later(winner.by) else ""


def _explain_other_key(key: str, winner: Line) -> str:
    """Explain how a line of another key decides this one, "" if it is a line of this key."""
    if stands_for(winner.key, key):
        return ""
    if is_glob(winner.key):
        names = [name for name in names_of(key) if stands_for(winner.key, name)]
        if names:
            return f" by {winner.key}, which matches {names[0]}, the same variable"
        return f" by {winner.key}, which matches a key that changes it"
    if variable_of(winner.key) == variable_of(key):
        return f" by {winner.key}, which is the same variable"
    return f" by setting {winner.key}, which changes it"


def _explain_unread(plan: Plan) -> str:
    """Explain why nothing reads our file at boot, and what to do, "" if something reads it."""
    observed = plan.observed
    order = read_order(plan.boot_files, observed.loader)
    for stage in plan.boot_files.stages:
        order.extend(stage.read_order(plan.boot_files))
    for file in order:
        if file.real_path == observed.real_path and file.masked_by is None:
            return ""
    for file in order:
        if file.path == observed.path:
            return f"{file.masked_by} masks it; choose another name for path"
    return f"{observed.loader.name} does not read it; {_path_that_is_read(observed.path)}"


def _path_that_is_read(path: str) -> str:
    """Return the advice to give a file a name like its own under which each loader reads it."""
    name = path.rpartition("/")[2].lstrip(".")
    if name in ("", "conf", "sysctl.conf"):
        return "leave out path"  # the default of each module is read, and is its own
    if not name.endswith(".conf"):
        name = f"{name}.conf"
    return f"set 'path: /etc/sysctl.d/{name}'"


def warn_of_unread_file(plan: Plan) -> Iterator[str]:
    """Yield a warning if the loader does not read our file, though others say the same now."""
    our_file_stays = plan.boot_files.contents.get(plan.observed.real_path) is not None
    if not plan.request.persistent or not plan.request.present or not our_file_stays:
        return
    reason = _explain_unread(plan)
    if reason and not plan.overridden:
        yield (
            f"{plan.observed.path} has no effect at boot, though other files set the same values "
            f"now: {reason}"
        )


def refuse_doubts(plan: Plan) -> None:
    """Refuse a plan whose outcome at the next boot is not certain, if the user asked for that."""
    if plan.request.on_doubt != "fail":
        return
    for doubt, keys in plan.doubts:
        if any(key not in plan.removed_keys or not plan.request.present for key in keys):
            message = f"{_describe_doubts([doubt], keys)}, or set on_doubt to 'warn' or 'ignore'"
            raise _plan_refusal(message, keys[0])


def _doubts_alike(doubts: Doubts) -> Iterator[tuple[list[Doubt], list[str]]]:
    """Yield the doubts that differ in nothing but their lines together, with all their keys."""
    alike: dict[Doubt, list[Doubt]] = {}
    keys: dict[Doubt, dict[str, None]] = {}
    for doubt, doubted_keys in doubts:
        reason = doubt._replace(keys=(), line=None)
        alike.setdefault(reason, []).append(doubt)
        keys.setdefault(reason, {}).update(dict.fromkeys(doubted_keys))
    for reason, group in alike.items():
        yield group, list(keys[reason])


def _describe_doubts(doubts: Sequence[Doubt], keys: Sequence[str]) -> str:
    """Return what is in doubt; the doubts are alike."""
    named = ", ".join(shorten(keys, _MAX_KEYS_OF_DOUBT))
    doubt = doubts[0]
    location = doubt.path
    lines = dict.fromkeys(str(doubt.line) for doubt in doubts if doubt.line is not None)
    if lines:
        noun = "line" if len(lines) == 1 else "lines"
        numbers = ", ".join(shorten(list(lines), _MAX_KEYS_OF_DOUBT))
        location = f"{doubt.path} {noun} {numbers}"
    return (
        f"{named}: not certain at the next boot: {doubt.by}: {doubt.why} ({location}). "
        f"To be sure, {doubt.remedy}"
    )


def plan_warnings(plan: Plan) -> Iterator[str]:
    """Yield what the user should know about a plan that is carried out."""
    yield from _warn_of_overrides(plan)
    for doubts, keys in _doubts_alike(plan.doubts):
        yield _describe_doubts(doubts, keys)
    for line, winner in plan.changed_lines:
        yield _describe_changed_line(line, winner)
    yield from warn_of_unread_file(plan)
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


def _warn_of_overrides(plan: Plan) -> Iterator[str]:
    """Yield a warning for each of the first overridden keys, and one that counts the others."""
    for key, winner in plan.overridden[:MAX_NAMED]:
        yield _describe_override(plan, key, winner)
    if len(plan.overridden) > MAX_NAMED:
        yield f"the next boot overrides {len(plan.overridden)} of the keys in all: see 'overridden'"


def _describe_changed_line(line: Line, winner: Line) -> str:
    value = quote_value(line.key, line.value)
    at_boot = quote_value(line.key, winner.value)
    return (
        f"{line.key}: line {line.number} of {line.path} sets {value}, but the next boot makes it "
        f"{at_boot}{_explain_other_key(line.key, winner)}; set both keys in one task, or remove "
        "that line"
    )


def _warn_of_no_return(effects: Effects) -> Iterator[str]:
    """Yield a warning for each key that cannot be taken back before a reboot."""
    for key, reason in effects.irreversible:
        yield f"{key}: this cannot be taken back before a reboot: {reason}"


def _warn_of_stale_values(plan: Plan) -> Iterator[str]:
    """Yield a warning for each removed key that keeps its runtime value until the reboot."""
    stale = stale_keys(plan)
    for key in stale[:MAX_NAMED]:
        value = plan.observed.runtime[key]
        if plan.is_affected(key):
            value = value_after_effects(key, plan)
        shown = "as another key makes it" if value is None else quote_value(key, value)
        yield f"{key}: no file gives it a value at boot, so it stays {shown} until the reboot"
    if len(stale) > MAX_NAMED:
        yield f"no file gives {len(stale)} of the removed keys a value at boot: see 'settings'"
