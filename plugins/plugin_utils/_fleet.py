# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollout made of each host, read from what its tasks registered; nothing is asked or changed here."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

DONE, ALREADY_RIGHT, PUT_BACK, FAILED, UNREACHABLE, NOT_REACHED = OUTCOMES = (
    "done",
    "already_right",
    "put_back",
    "failed",
    "unreachable",
    "not_reached",
)
AS_WANTED = (DONE, ALREADY_RIGHT)
PREFLIGHT, APPLIED, VERIFIED, BACK = (
    "rollout_preflight",
    "rollout_applied",
    "rollout_verified",
    "rollout_put_back",
)
"""Variables in which a host's tasks register what came of them."""

_NAMED = 20
"""Hosts that a line of the report names."""


class Outcome(NamedTuple):
    """What became of a host, and why."""

    outcome: str
    reason: str = ""

    @property
    def counts_as_failure(self) -> bool:
        return self.outcome in (PUT_BACK, FAILED, UNREACHABLE)


def outcome_of(known: Mapping[str, Any]) -> Outcome:
    """Tell what became of a host, from its variables."""
    preflight, applied, verified = (known.get(name) for name in (PREFLIGHT, APPLIED, VERIFIED))
    if not preflight:
        return Outcome(NOT_REACHED, "it was not asked")
    if preflight.get("unreachable"):
        return Outcome(UNREACHABLE, _why(preflight))
    if preflight.get("failed"):
        return Outcome(FAILED, f"nothing was changed: {_why(preflight)}")
    if not preflight.get("would_change"):
        return Outcome(ALREADY_RIGHT)
    if not applied or applied.get("skipped"):
        return Outcome(NOT_REACHED)
    return _after_the_change(applied, verified or {}, known.get(BACK))


def _after_the_change(
    applied: Mapping[str, Any], verified: Mapping[str, Any], back: Mapping[str, Any] | None
) -> Outcome:
    if applied.get("unreachable"):
        return Outcome(
            UNREACHABLE,
            f"lost while it was changed, so it is as before or as wanted: {_why(applied)}",
        )
    if back:
        return _put_back(back)
    if verified.get("unreachable"):
        return Outcome(UNREACHABLE, f"changed, but lost before that was verified: {_why(verified)}")
    if applied.get("changed"):
        return (
            Outcome(DONE)
            if verified and not verified.get("failed")
            else Outcome(FAILED, "changed, but not verified")
        )
    return Outcome(ALREADY_RIGHT)


def _put_back(back: Mapping[str, Any]) -> Outcome:
    why = str(back.get("why") or "")
    if back.get("unreachable"):
        return Outcome(UNREACHABLE, f"lost before it was put back: {_why(back)}")
    if back.get("failed"):
        return Outcome(FAILED, f"NOT put back: {_why(back)}")
    return Outcome(PUT_BACK if back.get("put_back") else FAILED, why)


def _why(told: Mapping[str, Any]) -> str:
    return one_line(told.get("msg") or "it gave no reason")


def one_line(text: object) -> str:
    """Return a message in one line, without what Ansible puts before each one."""
    line = " ".join(str(text).split())
    prefix = "Task failed: "  # ansible-core 2.19 and later
    return line[len(prefix) :] if line.startswith(prefix) else line


# --- before -----------------------------------------------------------------------------------------------------


def problem(options: Mapping[str, Any]) -> str | None:
    """Say what of the options of a rollout cannot be meant."""
    if not options["rollout"].strip():
        return "rollout_name is empty; give the rollout a name, by which it can be put back"
    for size in options["serial"] or [""]:
        if not re.fullmatch(r"[1-9]\d*|(100|[1-9]\d?)%", size):
            return f"rollout_serial: {size!r} is no size of a batch; give a number of hosts from 1, or 1% to 100%"
    for name in ("max_failures", "soak"):
        if options[name] < 0:
            return f"rollout_{name} is {options[name]}; give 0 or more"
    return None


def to_change(preflights: Mapping[str, Mapping[str, Any]], first: Sequence[str]) -> list[str]:
    """Return the hosts that are to be changed, in order: the canaries first."""
    found = [host for host, told in preflights.items() if told.get("would_change")]
    return [host for host in first if host in found] + [host for host in found if host not in first]


def batches(hosts: int, serial: Sequence[object]) -> list[int]:
    """Return the sizes of the batches that Ansible will make; the last size is used again and again."""
    sizes: list[int] = []
    while sum(sizes) < hosts:
        size = _size(serial[min(len(sizes), len(serial) - 1)], hosts)
        sizes.append(min(size, hosts - sum(sizes)))
    return sizes


def share_done(sizes: Sequence[int], ended: int, forks: int) -> float:
    """Return how much of the time is over: a batch takes as many turns as it has times as many hosts as are done at once."""
    turns = [-(-size // forks) for size in sizes]
    over = sum(turn for index, turn in enumerate(turns) if sum(sizes[: index + 1]) <= ended)
    return over / max(sum(turns), 1)


def _size(given: object, hosts: int) -> int:
    text = str(given).strip()
    number = int(int(text[:-1]) / 100 * hosts) if text.endswith("%") else int(text)
    return max(number, 1)


# --- after ------------------------------------------------------------------------------------------------------


def counts(outcomes: Mapping[str, Outcome]) -> dict[str, int]:
    """Return how many hosts had which outcome, those that occur."""
    counted = Counter(each.outcome for each in outcomes.values())
    return {name: counted[name] for name in OUTCOMES if counted[name]}


def in_words(counted: Mapping[str, int]) -> str:
    """Say it in a line."""
    return (
        ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counted.items())
        or "none"
    )


def table(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Yield a line for what went wrong with a host, or several of them, and for those not reached."""
    groups: dict[Outcome, list[str]] = {}
    for host, outcome in outcomes.items():
        if outcome.outcome not in AS_WANTED:
            groups.setdefault(outcome, []).append(host)
    for outcome, hosts in sorted(groups.items(), key=lambda each: OUTCOMES.index(each[0].outcome)):
        more = f" and {len(hosts) - _NAMED} more" if len(hosts) > _NAMED else ""
        reason = f": {outcome.reason}" if outcome.reason else ""
        yield f"{outcome.outcome.replace('_', ' '):11}  {', '.join(hosts[:_NAMED])}{more}{reason}"
