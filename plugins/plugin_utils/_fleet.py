# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions of a rollout over many hosts, made from what their tasks registered.

Pure: nothing is asked or changed here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ._messages import failure_message, label, one_line, some_names
from ._variables import VariableError

DONE = "done"
ALREADY_RIGHT = "already_right"
PUT_BACK = "put_back"
FAILED = "failed"
UNREACHABLE = "unreachable"
NOT_REACHED = "not_reached"
WOULD_CHANGE = "would_change"
OUTCOMES = (DONE, ALREADY_RIGHT, WOULD_CHANGE, PUT_BACK, FAILED, UNREACHABLE, NOT_REACHED)
AS_WANTED = (DONE, ALREADY_RIGHT, WOULD_CHANGE)

MODULES = ("tcp_keepalive", "sysctl")
"""The modules whose change can be rolled out."""
# Prefixes of the variables in which the tasks of a host register their results: one a module.
PREFLIGHT = "rollout_preflight"
APPLIED = "rollout_applied"
VERIFIED = "rollout_verified"
RESTORED = "rollout_restored"
"""The variable in which the way back is registered."""

_MAX_DETAILS = 300
"""Characters of the output of a program that failed."""

Variables = Mapping[str, Any]
Result = Mapping[str, Any]


class Outcome(NamedTuple):
    """The outcome of a rollout on a host, and the reason."""

    outcome: str
    reason: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it counts for max_failures."""
        return self.outcome in (PUT_BACK, FAILED, UNREACHABLE)


def result_of(variables: Variables, step: str) -> Result | None:
    """Return what a host registered in a step, from the module that was not skipped."""
    for module in MODULES:
        result: Result | None = variables.get(f"{step}_{module}")
        if result and not result.get("skipped"):
            return result
    return None


def would_change(preflight: Result) -> bool:
    """Tell whether a result of check mode has changes; the task itself reports none."""
    return bool(preflight.get("changed_keys") or preflight.get("changed_files"))


def outcome_of(variables: Variables) -> Outcome:
    """Return the outcome on a host, from its variables."""
    preflight = result_of(variables, PREFLIGHT)
    if not preflight:
        return Outcome(NOT_REACHED, "it was not asked")
    if preflight.get("failed") or preflight.get("unreachable") or not would_change(preflight):
        return _outcome_of_preflight(preflight)
    applied = result_of(variables, APPLIED)
    if not applied:
        return Outcome(NOT_REACHED)
    if variables.get(RESTORED):
        return _outcome_of_restoring(variables)
    return _outcome_of_changing(applied, result_of(variables, VERIFIED))


def as_in_check_mode(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Return the outcomes of a run in check mode, which ends after the preflight."""
    changed = {}
    for host, outcome in outcomes.items():
        is_planned = outcome == Outcome(NOT_REACHED)
        changed[host] = Outcome(WOULD_CHANGE) if is_planned else outcome
    return changed


def _outcome_of_preflight(preflight: Result) -> Outcome:
    if preflight.get("unreachable"):
        return Outcome(UNREACHABLE, _message(preflight))
    if preflight.get("failed"):
        return Outcome(FAILED, f"nothing was changed: {_message(preflight)}")
    return Outcome(ALREADY_RIGHT)


def _outcome_of_changing(applied: Result, verified: Result | None) -> Outcome:
    if applied.get("unreachable"):
        reason = f"lost while it was changed, so it is as before or as wanted: {_message(applied)}"
        return Outcome(UNREACHABLE, reason)
    if verified and verified.get("unreachable"):
        reason = f"changed, but lost before that was verified: {_message(verified)}"
        return Outcome(UNREACHABLE, reason)
    if not applied.get("changed"):
        return Outcome(ALREADY_RIGHT)
    if not verified or verified.get("failed"):
        return Outcome(FAILED, "changed, but not verified")
    return Outcome(DONE)


def _outcome_of_restoring(variables: Variables) -> Outcome:
    """Return the outcome on a host that failed, so that it was to be put back."""
    restored = variables[RESTORED]
    if restored.get("unreachable"):
        return Outcome(UNREACHABLE, f"lost before it was put back: {_message(restored)}")
    if restored.get("failed"):
        return Outcome(FAILED, f"NOT put back: {_message(restored)}")
    reason = f"{_failed_task_name(variables)}: {_failure_reason(variables)}"
    stuck = [str(entry["key"]) for entry in restored.get("not_restored") or ()]
    if stuck:
        return Outcome(FAILED, f"put back, except {', '.join(stuck)}; {reason}")
    if restored.get("skipped"):  # the change had failed, and rolled itself back
        return Outcome(FAILED, reason)
    return Outcome(PUT_BACK, reason)


def _failed_task_name(variables: Variables) -> str:
    """Return the name of the task whose failure Ansible notes for rescue, whatever its version."""
    task = variables.get("ansible_failed_task")
    if isinstance(task, Mapping):
        return str(task.get("name", ""))
    return str(getattr(task, "name", ""))


def _failure_reason(variables: Variables) -> str:
    """Return the message of the failed task; that of a verification is its differences.

    A module that fails has undone its change, so only a verification fails with changes to make.
    """
    result = variables.get("ansible_failed_result") or {}
    if would_change(result):
        differences = ", ".join(_differences(result)) or "the file differs"
        return f"it was set, but does not hold: {differences}"
    message = failure_message(result.get("msg") or "it failed")
    details = one_line(result.get("stderr") or result.get("stdout") or "")
    if not details or details in message:
        return message
    if len(details) > _MAX_DETAILS:
        details = f"... {details[-_MAX_DETAILS:]}"  # programs say last what stopped them
    return f"{message}: {details}"


def _differences(verified: Result) -> Iterator[str]:
    """Yield the settings that are not as they were set."""
    for key, setting in (verified.get("settings") or {}).items():
        runtime = setting["runtime"]
        persistent = setting["persistent"]
        value = setting["value"]
        if runtime["before"] != runtime["after"]:
            yield f"{key} is {runtime['before']} instead of {value}"
        elif persistent["before"] != persistent["after"]:
            yield f"{verified['path']} says {persistent['before']} for {key} instead of {value}"


def _message(result: Result) -> str:
    return failure_message(result.get("msg") or "it gave no reason")


# Before the first batch


def check_serial(serial: Sequence[str]) -> None:
    """Refuse sizes of batches that are none."""
    for size in serial or [""]:
        if not re.fullmatch(r"[1-9]\d*|(100|[1-9]\d?)%", size):
            raise VariableError(
                f"rollout_serial: {size!r} is not a batch size; "
                "give a number of hosts from 1, or 1% to 100%"
            )


def check_module_options(
    module: str, options: Any, supported: Sequence[str], refused: Mapping[str, str]
) -> None:
    """Refuse rollout_options that are not for the module.

    supported: the options that can be rolled out.
    refused: other options of the module, with the reason and the remedy.
    """
    if module != "sysctl":
        if options:
            raise VariableError(
                f"rollout_options are for rollout_via=sysctl, and rollout_via is {module}; "
                "set the variables of the role tcp_keepalive instead"
            )
        return
    if options and not isinstance(options, Mapping):
        raise VariableError(
            f"rollout_options: {options!r} is not a dictionary; give options of the module sysctl, "
            'such as -e \'{"rollout_options": {"settings": {"net.core.somaxconn": 4096}}}\''
        )
    unknown = sorted(set(options or ()).difference(supported))
    for name in unknown:
        if name in refused:
            raise VariableError(f"rollout_options: {name} cannot be rolled out: {refused[name]}")
    if unknown:
        raise VariableError(
            f"rollout_options: {unknown[0]!r} is not an option that can be rolled out; "
            f"give some of {', '.join(sorted(supported))}"
        )
    if not (options or {}).get("settings"):
        raise VariableError("rollout_options: settings is missing; give the keys and values to set")


def hosts_to_change(preflights: Mapping[str, Result | None], first: Sequence[str]) -> list[str]:
    """Return the hosts to be changed, in order: the canaries first."""
    hosts = [host for host, result in preflights.items() if result and would_change(result)]
    canaries = [host for host in first if host in hosts]
    others = [host for host in hosts if host not in first]
    return canaries + others


def batch_sizes(hosts: int, serial: Sequence[object]) -> list[int]:
    """Return the sizes of the batches that Ansible will make; the last size is repeated."""
    sizes: list[int] = []
    remaining = hosts
    while remaining > 0:
        size = _batch_size(serial[min(len(sizes), len(serial) - 1)], hosts)
        sizes.append(min(size, remaining))
        remaining -= sizes[-1]
    return sizes


def _batch_size(size: object, hosts: int) -> int:
    text = str(size).strip()
    if text.endswith("%"):
        number = int(int(text[:-1]) / 100 * hosts)
    else:
        number = int(text)
    return max(number, 1)


def share_done(sizes: Sequence[int], ended: int, forks: int) -> float:
    """Return which share of the time is over once so many hosts have ended.

    A batch takes as many turns as it has groups of ``forks`` hosts.
    """
    turns_done = turns_total = hosts = 0
    for size in sizes:
        turns = math.ceil(size / forks)
        hosts += size
        turns_total += turns
        if hosts <= ended:
            turns_done += turns
    return turns_done / max(turns_total, 1)


# After a batch


def count_outcomes(outcomes: Mapping[str, Outcome]) -> dict[str, int]:
    """Return the number of hosts for each outcome that occurs."""
    counts = Counter(outcome.outcome for outcome in outcomes.values())
    return {name: counts[name] for name in OUTCOMES if counts[name]}


def count_failures(outcomes: Mapping[str, Outcome], max_unreachable: int) -> int:
    """Return the number of hosts that failed; so many of them may be unreachable."""
    counts = Counter(outcome.outcome for outcome in outcomes.values())
    return counts[PUT_BACK] + counts[FAILED] + max(0, counts[UNREACHABLE] - max_unreachable)


def describe(outcome: Outcome) -> str:
    """Return an outcome and its reason in a line."""
    return ": ".join(filter(None, [label(outcome.outcome), outcome.reason]))


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return the counts in a line, such as "2 done, 1 put back"."""
    parts = [f"{number} {label(name)}" for name, number in counts.items()]
    return ", ".join(parts) or "none"


def failure_lines(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Yield a line for each outcome and reason of hosts that are not as wanted."""
    groups: dict[Outcome, list[str]] = {}
    for host, outcome in outcomes.items():
        if outcome.outcome not in AS_WANTED:
            groups.setdefault(outcome, []).append(host)
    for outcome in sorted(groups, key=_rank):
        hosts = groups[outcome]
        line = f"{label(outcome.outcome):11}  {some_names(hosts)}"
        if outcome.reason:
            line += f": {outcome.reason}"
        yield line


def undone_lines(preflights: Mapping[str, Result | None]) -> Iterator[str]:
    """Yield a line for each set of keys that the last boot of some hosts did not keep."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host, result in preflights.items():
        undone = (result or {}).get("undone") or ()
        keys = tuple(entry["key"] for entry in undone)
        if keys:
            groups.setdefault(keys, []).append(host)
    for keys, hosts in groups.items():
        yield (
            f"{some_names(hosts)}: undone since the last boot: {', '.join(keys)}; something set it "
            "later, or it was never applied, and the next boot may undo it again"
        )


def _rank(outcome: Outcome) -> int:
    return OUTCOMES.index(outcome.outcome)


# The ledgers of the hosts


class KnownRollout(NamedTuple):
    """A rollout that ledgers know."""

    rollout: str
    at: str
    """When it first changed a host, in UTC."""
    hosts: int
    """The number of hosts that it changed."""
    undone: int
    """On how many of them it was rolled back."""


def merge_ledgers(ledgers: Mapping[str, Sequence[Result]]) -> list[KnownRollout]:
    """Return the rollouts that hosts know, oldest first."""
    rollouts: dict[str, KnownRollout] = {}
    for entries in ledgers.values():
        for entry in entries:
            name = str(entry["rollout"])
            time = str(entry["at"])
            rollout = rollouts.get(name, KnownRollout(rollout=name, at=time, hosts=0, undone=0))
            undone_here = 1 if entry["undone"] else 0
            rollouts[name] = rollout._replace(
                at=min(rollout.at, time),
                hosts=rollout.hosts + 1,
                undone=rollout.undone + undone_here,
            )
    return sorted(rollouts.values(), key=lambda rollout: (rollout.at, rollout.rollout))
