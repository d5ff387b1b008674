# SPDX-License-Identifier: GPL-3.0-or-later

"""The module tcp_keepalive_info: settings, connections, and other network namespaces."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NoReturn, Sequence

from .._host.boot.reading import detect_loader, read_boot_files
from .._host.boot.settings_undone import find_undone
from .._host.files import HostFiles
from .._keepalive.connections import find_inode, read_connections
from .._keepalive.inet_diag import count_states
from .._keepalive.namespaces import other_namespaces, read_keepalive
from .._keepalive.own_connection import own_connection
from .._keepalive.processes import count_by_process
from .._keepalive.profiles import KEYS, dead_after
from .._sysctl.boot.boot_doubts import doubts_of_boot
from .._sysctl.boot.precedence import Precedence, precedence_of
from .._sysctl.errors import TuningError
from .._sysctl.files.boot_files import BootFiles
from .._sysctl.files.doubts import Doubts, keys_in_doubt
from .._sysctl.files.loaders import Loader
from .._sysctl.kernel.values import parse_number
from .._sysctl.plans.undone import Undone
from .._sysctl.secrets import quote_value
from .._sysctl.text import printable, quote
from . import sysctl_info
from .arguments import Options
from .base import TuningModule

OPTIONS: Options = {
    "sockets": {"type": "bool", "default": True},
    "process_limit": {"type": "int", "default": 20},
    "namespaces": {"type": "bool", "default": True},
    "assignments": {"type": "bool", "default": False},
    "rehearse": {"type": "bool", "default": False},
}


def run() -> NoReturn:
    """Run the module."""
    module = TuningModule(OPTIONS)
    try:
        result = inspect_keepalive(module.params)
    except (OSError, TuningError) as error:
        module.fail(error)
    module.exit_json(changed=False, **result)


def inspect_keepalive(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the requested parts; the others are empty."""
    _check_process_limit(params["process_limit"])
    problems: list[dict[str, Any]] = []
    files = HostFiles("/")
    loader = detect_loader(files)
    runtime, runtime_problem = read_keepalive()
    boot_files = read_boot_files(files)
    precedence = precedence_of(boot_files, loader, KEYS.values(), live=_texts_of(runtime))
    boot = _boot_values(boot_files, precedence, problems)
    undone = _find_undone(runtime, precedence, files)
    values = {key: str(runtime[name]) for name, key in KEYS.items()}
    doubts = doubts_of_boot(precedence, boot_files.doubts, values)
    settings = _settings(runtime, boot, undone, doubts)
    rehearsal: dict[str, Any] = {}
    if params["assignments"] or params["rehearse"]:
        info = sysctl_info.inspect_settings(boot_files, loader, KEYS.values(), files)
        rehearsal = _details(info, params, loader, settings, problems)
    if runtime_problem:
        problems.append({"path": "/proc/sys", "problem": runtime_problem})
    connections = _connections_result(runtime, params, problems)
    namespaces = []
    if params["namespaces"]:
        namespaces = other_namespaces(runtime, problems)
    return {
        "loader": boot_files.loader_name(loader),
        "settings": settings,
        "booted": undone[0].booted if undone else None,
        "dead_after": _dead_after(runtime),
        **connections,
        "namespaces": namespaces,
        "doubts": [doubt.result(keys) for doubt, keys in doubts],
        "problems": problems,
        **rehearsal,
    }


def _check_process_limit(limit: int) -> None:
    # To Python true is a number, to users it is none.
    if isinstance(limit, bool):
        raise TuningError(
            f"process_limit: {quote(limit)} is not an integer; "
            "give one, such as 'process_limit: 60'"
        )
    if limit < 0:
        raise TuningError(
            f"process_limit {limit} is below 0; give how many processes to list at most"
        )


def _texts_of(runtime: Mapping[str, int | None]) -> dict[str, str]:
    """Return key -> what tells the kernel's reading of a text: each holds one number."""
    texts = {}
    for name, key in KEYS.items():
        texts[key] = str(runtime[name] or 0)
    return texts


def _settings(
    runtime: Mapping[str, int | None],
    boot: Mapping[str, int | None],
    undone: Iterable[Undone],
    doubts: Doubts,
) -> dict[str, dict[str, Any]]:
    doubted_keys = keys_in_doubt(doubts)
    undone_keys = {setting.key for setting in undone}
    settings = {}
    for name, key in KEYS.items():
        settings[name] = {
            "runtime": runtime[name],
            "boot": boot[name],
            "certain": key not in doubted_keys,
            "undone": key in undone_keys,
        }
    return settings


def _boot_values(
    boot_files: BootFiles, precedence: Precedence, problems: list[dict[str, Any]]
) -> dict[str, int | None]:
    """Return the values that the next boot sets, None where it leaves the kernel's own."""
    for problem in boot_files.problems:
        if problem.matters:
            entry = {"path": printable(problem.path), "problem": printable(problem.reason)}
            problems.append(entry)
    values: dict[str, int | None] = dict.fromkeys(KEYS)
    for name, key in KEYS.items():
        winner = precedence.winner(key)
        refused = precedence.decision(key).refused
        if refused is not None:
            value = quote_value(key, refused.value)
            reason = f"line {refused.number} gives {key} {value}, which the kernel refuses"
            problems.append({"path": printable(refused.path), "problem": reason})
        elif winner is not None and winner.value is not None:
            values[name] = int(parse_number(winner.value))
    return values


def _find_undone(
    runtime: Mapping[str, int | None], precedence: Precedence, files: HostFiles
) -> Sequence[Undone]:
    """Return the settings that the last boot did not keep."""
    values: dict[str, str | None] = {}
    for name, key in KEYS.items():
        number = runtime[name]
        values[key] = None if number is None else str(number)
    contradictions = precedence.contradictions(values)
    return find_undone(contradictions, files) if contradictions else ()


def _details(
    info: Mapping[str, Any],
    params: Mapping[str, Any],
    loader: Loader,
    settings: Mapping[str, dict[str, Any]],
    problems: list[dict[str, Any]],
) -> dict[str, Any]:
    """Add what sysctl_info returns to the settings; return what a rehearsal gives."""
    if params["assignments"]:
        _add_assignments(settings, info, problems)
    if params["rehearse"]:
        return sysctl_info.rehearse_boot(info, loader)
    return {}


def _add_assignments(
    settings: Mapping[str, dict[str, Any]],
    info: Mapping[str, Any],
    problems: list[dict[str, Any]],
) -> None:
    """Add to each setting what sysctl_info returns: the line that wins, and every line about it."""
    for name, key in KEYS.items():
        setting = info["settings"][key]
        settings[name]["winner"] = setting["winner"]
        settings[name]["assignments"] = setting["assignments"]
    for problem in info["problems"]:
        without_line = {"path": problem["path"], "problem": problem["problem"]}
        if without_line not in problems:
            problems.append(problem)


def _dead_after(runtime: Mapping[str, int | None]) -> int | None:
    """Return after how many seconds a dead peer is noticed, None if a value is not known."""
    values = [runtime[name] for name in KEYS]
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return None
    return dead_after(*numbers)


def _connections_result(
    runtime: Mapping[str, int | None], params: Mapping[str, Any], problems: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the counts of the connections, for all of them and by process."""
    result: dict[str, Any] = {
        "source": None,
        "connections": None,
        "processes": [],
        "processes_unseen": None,
    }
    if not params["sockets"]:
        return result
    connections = read_connections(_longest_timer(runtime), problems)
    if connections is None:
        return result
    own = own_connection()
    if own:
        connections.remove(find_inode(own))
    result["source"] = connections.source
    result["connections"] = count_states(connections.states)
    if params["process_limit"]:
        result.update(count_by_process(connections, params["process_limit"], problems))
    return result


def _longest_timer(runtime: Mapping[str, int | None]) -> float:
    """Return the longest keepalive timer (ms) that today's settings could start.

    A connection that has answered a probe goes on with a timer of ``intvl``.
    """
    time = runtime["time"]
    intvl = runtime["intvl"]
    if time is None or intvl is None:
        return float("inf")
    return max(time, intvl) * 1000
