# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the modules returned to the record of a host: what is found is weighed here, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    KEYS,
    PROFILES,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.values import parse_number

from .model import NAMES, Assignment, Connections, Host, Namespace, Problem, Process, Setting, Value
from .todo import Shell, for_host
from .wanted import Wanted

KERNEL = dict(zip(NAMES, PROFILES["kernel"]))
"""What holds after a boot where no file says otherwise; a new network namespace starts with them too."""


class Answers(NamedTuple):
    """What a host answered (the result of tcp_keepalive_info, None if it was not asked), and what a rollout made of it."""

    found: Mapping[str, Any] | None
    outcome: str | None = None


def host(name: str, answers: Answers, wanted: Wanted, shell: Shell) -> Host:
    """Return the record of a host, whatever it answered."""
    try:
        found = _host(name, answers, wanted)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"its answer is not that of the module ({type(error).__name__}: {error}); is another version there?"
        found = Host(name, "failed", why, answers.outcome)
    return _finished(found, wanted, shell)


def _host(name: str, answers: Answers, wanted: Wanted) -> Host:
    told = answers.found
    if told is None:
        return Host(
            name, "not_reached", "the run ended before this host was asked", answers.outcome
        )
    if told.get("unreachable") or told.get("failed") or "settings" not in told:
        return Host(
            name,
            "unreachable" if told.get("unreachable") else "failed",
            _why(told),
            answers.outcome,
        )
    settings = {each: _setting(each, told["settings"][each], wanted) for each in NAMES}
    problems = tuple(_problem(each) for each in told["problems"])
    state, message = _state(settings, problems)
    seen = told["connections"]
    return Host(
        name,
        state,
        message,
        answers.outcome,
        loader=_line(told["loader"]),
        settings=settings,
        dead_after=_number(told["dead_after"]),
        idle_limit=wanted.idle_limit,
        connections=Connections(*(int(seen[field]) for field in Connections._fields))
        if seen
        else None,
        source=_text(told["source"]),
        processes=tuple(map(_process, told["processes"])),
        processes_unseen=int(told["processes_unseen"] or 0),
        namespaces=tuple(map(_namespace, told["namespaces"])),
        problems=problems,
    )


def _setting(name: str, told: Mapping[str, Any], wanted: Wanted) -> Setting:
    lines = tuple(
        Assignment(
            _line(each["path"]),
            int(each["line"]),
            _line(each["key"]),
            _text(each["value"]),
            _line(each["fate"]),
        )
        for each in told["assignments"]
    )
    ours = [line.value for line in lines if line.path == wanted.path and line.key == KEYS[name]]
    return Setting(
        now=_number(told["runtime"]),
        boot=KERNEL[name] if told["boot"] is None else int(told["boot"]),
        persisted=_value(ours[-1]) if ours else None,
        wanted=wanted.values[name],
        winner=next((line for line in lines if line.fate == "winner" and line.value), None),
        assignments=lines,
    )


def _state(settings: Mapping[str, Setting], problems: Iterable[Problem]) -> tuple[str, str | None]:
    unknown = [name for name in NAMES if settings[name].now is None]
    if unknown:
        why = next(
            (each.problem for each in problems if each.path and each.path.startswith("/proc/sys")),
            "no reason given",
        )
        return "failed", f"{KEYS[unknown[0]]} is not known: {why}"
    if any(setting.overridden for setting in settings.values()):
        return "overridden", None
    return "as_wanted" if all(setting.as_wanted for setting in settings.values()) else "drift", None


def _process(told: Mapping[str, Any]) -> Process:
    counts = (int(told[field]) for field in ("established", "without_keepalive", "stale"))
    return Process(
        int(told["pid"]), _text(told["command"]) or "(ended)", _text(told["user"]), *counts
    )


def _namespace(told: Mapping[str, Any]) -> Namespace:
    values = told["settings"] or {}
    time, probes, intvl = (_number(values.get(name)) for name in NAMES)
    return Namespace(
        int(told["inode"]),
        _text(told["name"]),
        int(told["processes"]),
        time,
        probes,
        intvl,
        bool(told["differs"]),
    )


def _problem(told: Mapping[str, Any]) -> Problem:
    return Problem(_line(told["path"]), _number(told.get("line")), _line(told["problem"]))


def _number(told: Any) -> int | None:
    return None if told is None else int(told)


def _value(told: str | None) -> Value:
    """Return a number where it is one to the kernel, else the text."""
    number = parse_number(told or "")
    return number if isinstance(number, int) else told


def _why(told: Mapping[str, Any]) -> str:
    text = _line(told.get("msg") or "it gave no result and no reason")
    prefix = "Task failed: "  # ansible-core 2.19 and later, of everything
    return text[len(prefix) :] if text.startswith(prefix) else text


def _text(told: Any) -> str | None:
    return None if told is None else _line(told)


def _line(told: Any) -> str:
    return " ".join(str(told).split())


# --- what is found -----------------------------------------------------------------------------------------------


def _finished(found: Host, wanted: Wanted, shell: Shell) -> Host:
    findings = tuple(_findings(found))
    found = replace(found, findings=findings, arguments=wanted.arguments)
    return replace(found, todo=tuple(for_host(found, shell)))


def _findings(found: Host) -> Iterator[str]:
    if found.message:
        yield found.message
    if found.settings and found.state != "failed":
        yield from _of_settings(found.settings)
    if found.clears_idle_limit is False and found.settings:
        time = found.settings["time"].now
        yield f"the first probe comes after {time} s, not before the path forgets the connection at {found.idle_limit} s"
    seen = found.connections
    if seen and seen.without_keepalive:
        worst = next(
            (f", most in {each.command}" for each in found.processes if each.without_keepalive), ""
        )
        yield f"{seen.without_keepalive} of {seen.established} connections without keepalive{worst}"
    if seen and seen.stale:
        yield f"{_count(seen.stale, 'connection')} still under an older, longer time"
    if found.differing:
        yield f"{_count(found.differing, 'network namespace')} with other values"


def _of_settings(settings: Mapping[str, Setting]) -> Iterator[str]:
    for name, setting in settings.items():
        if setting.overridden:
            yield f"{name}: our file asks for {setting.persisted}, but the next boot sets {setting.boot} ({_origin(setting)})"
    now, boot = (_unlike(settings, moment) for moment in ("now", "boot"))
    where = ", ".join(
        sorted(
            {_origin(setting) for setting in settings.values() if setting.boot != setting.wanted}
        )
    )
    if now and now == boot:
        yield f"{now}, now and after the next boot ({where})"
        return
    if now:
        yield f"{now}, now"
    if boot and not any(setting.overridden for setting in settings.values()):
        yield f"{boot}, after the next boot ({where})"


def _unlike(settings: Mapping[str, Setting], moment: str) -> str:
    """Name the values that are not as wanted at that moment."""
    values = {name: getattr(setting, moment) for name, setting in settings.items()}
    return ", ".join(
        f"{name} {values[name]} instead of {setting.wanted}"
        for name, setting in settings.items()
        if values[name] != setting.wanted
    )


def _origin(setting: Setting) -> str:
    return (
        f"{setting.winner.path} line {setting.winner.line}" if setting.winner else "no file sets it"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
