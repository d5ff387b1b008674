# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the modules returned to the record of a host: what is found is weighed here, and nowhere else."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keepalive import KEYS, PROFILES
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.values import number_of

from .model import NAMES, Assignment, Connections, Host, Namespace, Problem, Process, Setting, Value
from .todo import Shell, for_host
from .wanted import Wanted

KERNEL = dict(zip(NAMES, PROFILES["kernel"]))
"""What holds after a boot where no file says otherwise; a new network namespace starts with them too."""


class Answers(NamedTuple):
    """The results of a host's tasks, None for one that did not run."""

    settings: Mapping[str, Any] | None
    sockets: Mapping[str, Any] | None
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
    told = answers.settings
    if told is None:
        return Host(name, "not_reached", "the run ended before this host was asked", answers.outcome)
    if told.get("unreachable") or told.get("failed") or "settings" not in told:
        state = "unreachable" if told.get("unreachable") else "failed"
        return Host(name, state, _why(told), answers.outcome)
    settings = {each: _setting(each, told["settings"][KEYS[each]], wanted) for each in NAMES}
    problems = [_problem(each) for each in told["problems"]]
    state, message = _state(settings, problems)
    return Host(
        name,
        state,
        message,
        outcome=answers.outcome,
        loader=str(told["loader"]),
        settings=settings,
        dead_after=_dead_after(settings),
        idle_limit=wanted.idle_limit,
        **_sockets(answers.sockets, problems),
    )


def _setting(name: str, told: Mapping[str, Any], wanted: Wanted) -> Setting:
    lines = tuple(
        Assignment(_line(each["path"]), int(each["line"]), str(each["key"]), _text(each["value"]), str(each["fate"]))
        for each in told["assignments"]
    )
    ours = [line.value for line in lines if line.path == wanted.path and line.key == KEYS[name]]
    winner = next((line for line in lines if line.fate == "winner" and line.value), None)
    return Setting(
        now=_value(told["runtime"]),
        boot=KERNEL[name] if told["boot"] in (None, "") else _value(told["boot"]),
        persisted=_value(ours[-1]) if ours else None,
        wanted=wanted.values[name],
        winner=winner,
        assignments=lines,
    )


def _state(settings: Mapping[str, Setting], problems: list[Problem]) -> tuple[str, str | None]:
    unknown = [name for name in NAMES if settings[name].now is None]
    if unknown:
        path = f"/proc/sys/net/ipv4/tcp_keepalive_{unknown[0]}"
        why = next((problem.problem for problem in problems if problem.path == path), "it gave no value")
        return "failed", f"{path}: {why}"
    if any(setting.overridden for setting in settings.values()):
        return "overridden", None
    return "as_wanted" if all(setting.as_wanted for setting in settings.values()) else "drift", None


def _dead_after(settings: Mapping[str, Setting]) -> int | None:
    """Return the seconds from the last byte to ETIMEDOUT when the peer is gone."""
    time, probes, intvl = (settings[name].now for name in NAMES)
    return (
        time + probes * intvl if isinstance(time, int) and isinstance(probes, int) and isinstance(intvl, int) else None
    )


def _sockets(told: Mapping[str, Any] | None, problems: list[Problem]) -> dict[str, Any]:
    if told is None or told.get("skipped"):
        return {"problems": tuple(problems)}
    if told.get("unreachable") or told.get("failed") or "connections" not in told:
        why = f"connections were not counted: {_why(told)}"
        return {"problems": (*problems, Problem(None, None, why))}
    problems += [_problem(each) for each in told["problems"]]
    return {
        "connections": Connections(*(int(told["connections"][field]) for field in Connections._fields)),
        "processes": tuple(map(_process, told["processes"])),
        "processes_unseen": int(told["processes_unseen"]),
        "namespaces": tuple(map(_namespace, told["namespaces"])),
        "problems": tuple(dict.fromkeys(problems)),
    }


def _process(told: Mapping[str, Any]) -> Process:
    counts = (int(told[field]) for field in ("established", "without_keepalive", "stale"))
    return Process(told["pid"] and int(told["pid"]), _line(told["command"]), _text(told["user"]), *counts)


def _namespace(told: Mapping[str, Any]) -> Namespace:
    time, probes, intvl = (_value((told["settings"] or {}).get(name)) for name in NAMES)
    processes = told["processes"]
    name = _text(told["name"])
    return Namespace(int(told["inode"]), name, processes and int(processes), time, probes, intvl, bool(told["differs"]))


def _problem(told: Any) -> Problem:
    if isinstance(told, Mapping):
        return Problem(_text(told.get("path")), told.get("line"), _line(told["problem"]))
    return Problem(None, None, _line(told))


def _value(told: Any) -> Value:
    """Return a number where it is one to the kernel, else the text."""
    if told is None or isinstance(told, int):
        return told if told is None else int(told)
    text = _line(told)
    number = number_of(text)
    return number if isinstance(number, int) else text


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
    todo = tuple(for_host(found, wanted.arguments, shell))
    return Host(**{**vars(found), "findings": findings, "todo": todo})


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
        worst = next((f", most in {each.command}" for each in found.processes if each.without_keepalive), "")
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
    where = ", ".join(sorted({_origin(setting) for setting in settings.values() if setting.boot != setting.wanted}))
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
    return f"{setting.winner.path} line {setting.winner.line}" if setting.winner else "no file sets it"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
