# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the result of tcp_keepalive_info to the record of a host; only this file judges results."""

from __future__ import annotations

import os
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    KEYS,
    PROFILES,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    COMMAND_LINE,
    LOADERS,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    parse_number,
    value_in_text,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._messages import (
    failure_message,
    one_line,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._plurals import count_text
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import (
    Desired,
    explicit_arguments,
)

from .model import (
    SETTING_NAMES,
    Assignment,
    Connections,
    FileValue,
    Host,
    Namespace,
    Problem,
    Process,
    Setting,
)
from .todo import Shell, ask_again, commands_for_host

KERNEL_DEFAULTS = dict(zip(SETTING_NAMES, PROFILES["kernel"]))
"""The values after a boot where no file sets them. A new network namespace starts with them too."""

Settings = Mapping[str, Setting]
Result = Mapping[str, Any]
"""The result of tcp_keepalive_info, or a part of it."""


class Answer(NamedTuple):
    """What a run knows of a host."""

    result: Result | None
    """None if the host was not queried."""
    outcome: str | None = None
    """The outcome of a rollout on the host, None if there was no rollout."""


def build_host(name: str, answer: Answer, desired: Desired, shell: Shell) -> Host:
    """Return the record of a host, whatever it answered."""
    try:
        host = _host_from_answer(name, answer, desired)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        message = (
            f"its result is not one of tcp_keepalive_info ({reason}); "
            "does another version of the collection run there?"
        )
        host = Host(name=name, state="failed", message=message, outcome=answer.outcome)
    findings = tuple(_findings(host))
    host = host._replace(findings=findings, arguments=_arguments(host, desired))
    return host._replace(todo=tuple(commands_for_host(host, shell)))


def build_host_with_wrong_variables(
    name: str, message: str, outcome: str | None, shell: Shell
) -> Host:
    """Return the record of a host whose desired state is not known."""
    host = Host(name=name, state="failed", message=one_line(message), outcome=outcome)
    host = host._replace(findings=tuple(_findings(host)))
    return host._replace(todo=(ask_again(host, shell),))


def _host_from_answer(name: str, answer: Answer, desired: Desired) -> Host:
    result = answer.result
    if result is None:
        state = "not_reached"
        message = "the run ended before this host was asked"
    elif result.get("unreachable"):
        state = "unreachable"
        message = _failure_reason(result)
    elif result.get("failed") or "settings" not in result:
        state = "failed"
        message = _failure_reason(result)
    else:
        return _host_from_result(name, result, desired)._replace(outcome=answer.outcome)
    return Host(name=name, state=state, message=message, outcome=answer.outcome)


def _host_from_result(name: str, result: Result, desired: Desired) -> Host:
    settings = {}
    for setting_name in SETTING_NAMES:
        settings[setting_name] = _setting(setting_name, result["settings"][setting_name], desired)
    problems = tuple(map(_problem, result["problems"]))
    problems += tuple(map(_not_rehearsed, result.get("not_rehearsed", ())))
    state, message = _state(settings, problems)
    return Host(
        name=name,
        state=state,
        message=message,
        loader=one_line(result["loader"]),
        settings=settings,
        dead_after=_optional_int(result["dead_after"]),
        idle_limit=desired.idle_limit,
        connections=_connections(result["connections"]),
        source=_optional_line(result["source"]),
        processes=tuple(map(_process, result["processes"])),
        processes_unseen=int(result["processes_unseen"] or 0),
        namespaces=tuple(map(_namespace, result["namespaces"])),
        problems=problems,
        overriding=tuple(_overriding_files(settings, desired.path, result["loader"])),
        doubts=tuple(map(_doubt, result["doubts"])),
        booted=_optional_line(result["booted"]),
        disagreements=tuple(map(_disagreement, result.get("disagreements", ()))),
    )


def _arguments(host: Host, desired: Desired) -> Mapping[str, Any]:
    """Return the variables without which the role would not set the wanted values."""
    settings = host.settings or {}
    if any(setting.managed for setting in settings.values()):
        wanted = {name: setting.wanted for name, setting in settings.items()}
        return {**desired.arguments, **explicit_arguments(wanted)}
    return desired.arguments


def _failure_reason(result: Result) -> str:
    return failure_message(result.get("msg") or "it gave no result and no reason")


def _setting(name: str, result: Result, desired: Desired) -> Setting:
    lines = tuple(map(_assignment, result["assignments"]))
    boot = _optional_int(result["boot"])
    setting = Setting(
        now=_optional_int(result["runtime"]),
        boot=KERNEL_DEFAULTS[name] if boot is None else boot,
        persisted=_persisted_value(lines, desired.path, KEYS[name]),
        wanted=desired.values[name],
        winner=_winner(lines),
        assignments=lines,
        undone=bool(result["undone"]),
        wanted_from=desired.origins[name],
    )
    if desired.is_default:
        return _as_managed(setting, desired.path)
    return setting


def _as_managed(setting: Setting, path: str) -> Setting:
    """Return a setting that nobody asked for but our file on the host, which was asked for once.

    As when the values were parameters of the role, in a play that the audit does not know.
    """
    persisted = setting.persisted
    if not isinstance(persisted, int) or persisted == setting.wanted:
        return setting
    return setting._replace(wanted=persisted, wanted_from=f"{path} on the host", managed=True)


def _persisted_value(lines: Iterable[Assignment], path: str, key: str) -> FileValue:
    """Return the value that a file sets for a key: its last line for the key counts."""
    value = None
    for line in lines:
        if line.path == path and line.key == key:
            value = line.value
    # The text stays where the kernel would not read it as a number. It reads one, and no further.
    number = parse_number(value_in_text(key, value or "", live="0") or "")
    return number if isinstance(number, int) else value


def _winner(lines: Iterable[Assignment]) -> Assignment | None:
    for line in lines:
        # A line without a value only keeps globs away from the key, and sets nothing.
        if line.fate == "winner" and line.value:
            return line
    return None


def _overriding_files(settings: Settings, path: str, loader: str) -> list[str]:
    """Return the files that are read after ours and set something else, also if ours is to come."""
    files = set()
    for setting in settings.values():
        winner = setting.winner
        if winner is None or setting.boot == setting.wanted or winner.path in (path, COMMAND_LINE):
            continue
        is_after = winner.is_read_later or _is_read_after(winner.path, path, loader)
        if setting.persisted is not None or is_after:
            files.add(winner.path)
    return sorted(files)


def _is_read_after(path: str, our_path: str, loader: str) -> bool:
    """Tell whether a loader reads a file after ours: files are read in the order of their names."""
    if loader in LOADERS and path == LOADERS[loader].last_file:
        return True
    return os.path.basename(path) > os.path.basename(our_path)


def _state(settings: Settings, problems: Iterable[Problem]) -> tuple[str, str | None]:
    """Return the state of a host, and a message where the values are unknown."""
    for name, setting in settings.items():
        if setting.now is None:
            return "failed", f"{KEYS[name]} is not known: {_reason_unreadable(problems)}"
    if any(setting.overridden for setting in settings.values()):
        return "overridden", None
    if all(setting.as_wanted for setting in settings.values()):
        return "as_wanted", None
    return "drift", None


def _reason_unreadable(problems: Iterable[Problem]) -> str:
    for problem in problems:
        if problem.path.startswith("/proc/sys"):
            return problem.problem
    return "no reason given"


# --- parts of a result ---


def _assignment(result: Result) -> Assignment:
    return Assignment(
        path=one_line(result["path"]),
        line=int(result["line"]),
        key=one_line(result["key"]),
        value=_optional_line(result["value"]),
        fate=one_line(result["fate"]),
        by=one_line(result["by"] or ""),
    )


def _connections(result: Result | None) -> Connections | None:
    if not result:
        return None
    return Connections(
        established=int(result["established"]),
        with_keepalive=int(result["with_keepalive"]),
        without_keepalive=int(result["without_keepalive"]),
        unknown=int(result["unknown"]),
        stale=int(result["stale"]),
    )


def _process(result: Result) -> Process:
    return Process(
        pid=int(result["pid"]),
        command=_optional_line(result["command"]) or "(ended)",
        user=_optional_line(result["user"]),
        established=int(result["established"]),
        without_keepalive=int(result["without_keepalive"]),
        stale=int(result["stale"]),
    )


def _namespace(result: Result) -> Namespace:
    settings = result["settings"] or {}
    return Namespace(
        inode=int(result["inode"]),
        name=_optional_line(result["name"]),
        processes=int(result["processes"]),
        time=_optional_int(settings.get("time")),
        probes=_optional_int(settings.get("probes")),
        intvl=_optional_int(settings.get("intvl")),
        differs=bool(result["differs"]),
    )


def _doubt(result: Result) -> str:
    where = one_line(result["path"])
    if result["line"] is not None:
        where = f"{where} line {result['line']}"
    return f"{one_line(result['by'])}: {one_line(result['why'])} ({where})"


def _problem(result: Result) -> Problem:
    return Problem(
        path=one_line(result["path"]),
        line=_optional_int(result.get("line")),
        problem=one_line(result["problem"]),
    )


def _not_rehearsed(result: Result) -> Problem:
    return Problem(
        path=one_line(result["key"]),
        line=None,
        problem=f"not rehearsed: {one_line(result['reason'])}",
    )


def _disagreement(result: Result) -> str:
    key, boot, rehearsed = (_optional_line(result[name]) for name in ("key", "boot", "rehearsed"))
    predicted = "no change" if boot is None else boot
    return f"in a rehearsal the sysctl loader gave {key} {rehearsed}, and {predicted} was predicted"


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _optional_line(value: Any) -> str | None:
    return None if value is None else one_line(value)


# --- findings ---


def _findings(host: Host) -> Iterator[str]:
    """Yield what is wrong with a host, the most important first."""
    if host.message:
        yield host.message
    if host.settings and host.state != "failed":
        yield from _undone_finding(host)
        yield from _setting_findings(host.settings)
    if host.settings and host.as_managed:
        yield _managed_finding(host.settings)
    for doubt in host.doubts:
        yield f"not certain after the next boot: {doubt}"
    if host.settings and host.misses_idle_limit:
        time = host.settings["time"].now
        yield (
            f"the first probe comes after {time} s, "
            f"but the path forgets an idle connection after {host.idle_limit} s"
        )
    yield from host.disagreements
    if host.connections:
        yield from _connection_findings(host.connections, host.processes)
    if host.differing_namespaces:
        yield f"{count_text(host.differing_namespaces, 'network namespace')} with other values"


def _undone_finding(host: Host) -> Iterator[str]:
    settings = host.settings or {}
    undone = []
    for name in host.undone_settings:
        setting = settings[name]
        undone.append(
            f"{name} is {setting.now} instead of {setting.boot} ({_boot_origin(setting)})"
        )
    if undone:
        yield (
            f"undone since the boot of {host.booted}: {', '.join(undone)}; "
            "something set it later, or it was never applied"
        )


def _managed_finding(settings: Settings) -> str:
    values = []
    origin = ""
    for name, setting in settings.items():
        if setting.managed:
            values.append(f"{name} {setting.wanted}")
            origin = setting.wanted_from
    return f"as managed: {', '.join(values)} by {origin}, since no variable says anything"


def _setting_findings(settings: Settings) -> Iterator[str]:
    any_overridden = False
    for name, setting in settings.items():
        if setting.overridden:
            any_overridden = True
            yield (
                f"{name}: our file asks for {setting.persisted}, "
                f"but the next boot sets {setting.boot} ({_boot_origin(setting)})"
            )
    now = _differences(settings, "now")
    boot = _differences(settings, "boot")
    origins = ", ".join(_boot_origins(settings))
    if now and now == boot:
        yield f"{now}, now and after the next boot ({origins})"
        return
    if now:
        yield f"{now}, now"
    if boot and not any_overridden:
        yield f"{boot}, after the next boot ({origins})"


def _differences(settings: Settings, moment: str) -> str:
    """List the values that are not as wanted; `moment` is `now` or `boot`."""
    differences = []
    for name, setting in settings.items():
        value = getattr(setting, moment)
        if value != setting.wanted:
            differences.append(f"{name} {value} instead of {setting.wanted}")
    return ", ".join(differences)


def _boot_origins(settings: Settings) -> list[str]:
    """Return where the values that the next boot sets wrongly come from."""
    origins = set()
    for setting in settings.values():
        if setting.boot != setting.wanted:
            origins.add(_boot_origin(setting))
    return sorted(origins)


def _boot_origin(setting: Setting) -> str:
    if setting.winner is None:
        return "no file sets it"
    origin = f"{setting.winner.path} line {setting.winner.line}"
    if setting.winner.is_read_later:
        origin += f", read by {setting.winner.by}"
    return origin


def _connection_findings(connections: Connections, processes: Iterable[Process]) -> Iterator[str]:
    if connections.without_keepalive:
        yield (
            f"{connections.without_keepalive} of "
            f"{count_text(connections.established, 'connection')} "
            f"without keepalive{_worst_process(processes)}"
        )
    if connections.stale:
        yield f"{count_text(connections.stale, 'connection')} still on an older, longer timer"


def _worst_process(processes: Iterable[Process]) -> str:
    """Name the process with most connections without keepalive: they are listed first."""
    for process in processes:
        if process.without_keepalive:
            return f", most in {process.command}"
    return ""
