# SPDX-License-Identifier: GPL-3.0-or-later

"""What TCP keepalive is on a host: its settings, its connections, and the namespaces that have settings of their own."""

from __future__ import annotations

from typing import Any, Mapping, NoReturn

from .base import TuningError
from .boot import Tree, rules_for
from .host import Files
from .inet_diag import counted
from .loaders import Loader
from .module import TuningModule
from .namespaces import namespaces, now
from .processes import processes
from .sockets import established
from .values import KEEPALIVE, number_of, printable, quoted


def run(module: TuningModule) -> NoReturn:
    """End the module with the state of TCP keepalive."""
    try:
        told = inspect(module.params)
    except (OSError, TuningError) as error:
        module.fail(error)
    module.exit_json(changed=False, **told)


def inspect(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked for; what is not has the value of nothing there."""
    if params["process_limit"] < 0:
        raise TuningError(
            f"process_limit {params['process_limit']} is below 0; give how many processes to list at most"
        )
    problems: list[dict[str, Any]] = []
    files = Files("/")
    loader = files.loader()
    runtime, why = now()
    tree = files.tree()
    boot = _at_boot(tree, loader, problems)
    lines = _lines(files, tree, loader, problems) if params["assignments"] else {}
    if why:
        problems.append({"path": "/proc/sys", "problem": why})
    return {
        "loader": loader.name,
        "settings": {name: {"runtime": runtime[name], "boot": boot[name], **lines.get(name, {})} for name in runtime},
        "dead_after": _dead_after(**runtime),
        **_sockets(runtime, params, problems),
        "namespaces": namespaces(runtime, problems) if params["namespaces"] else [],
        "problems": problems,
    }


def _at_boot(tree: Tree, loader: Loader, problems: list[dict[str, Any]]) -> dict[str, int | None]:
    """Return the values that the next boot sets; None where no file does, so that the kernel's own stays."""
    problems += [
        {"path": printable(path), "problem": printable(why)} for path, why, matters in tree.problems if matters
    ]
    rules = rules_for(tree, loader, KEEPALIVE.values())
    values: dict[str, int | None] = dict.fromkeys(KEEPALIVE)
    for name, key in KEEPALIVE.items():
        winner = rules.winner(key)
        if winner and winner.value:
            number = number_of(winner.value)
            values[name] = number if isinstance(number, int) else None
            if values[name] is None:
                why = f"line {winner.number} gives {key} {quoted(key, winner.value)}, which the kernel refuses"
                problems.append({"path": printable(winner.path), "problem": why})
    return values


def _lines(files: Files, tree: Tree, loader: Loader, problems: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what sysctl_info tells besides: which line decides, and every line with a say."""
    from .info import inspect as look

    found = look(files, loader, KEEPALIVE.values(), tree)
    problems += [
        each for each in found["problems"] if {"path": each["path"], "problem": each["problem"]} not in problems
    ]
    settings = {name: found["settings"][key] for name, key in KEEPALIVE.items()}
    return {name: {part: told[part] for part in ("winner", "assignments")} for name, told in settings.items()}


def _dead_after(time: int | None, probes: int | None, intvl: int | None) -> int | None:
    return None if time is None or probes is None or intvl is None else time + probes * intvl


def _sockets(
    runtime: Mapping[str, int | None], params: Mapping[str, Any], problems: list[dict[str, Any]]
) -> dict[str, Any]:
    found = established(_longest(**runtime), problems) if params["sockets"] else None
    told: dict[str, Any] = {"source": None, "connections": None, "processes": [], "processes_unseen": None}
    if found:
        told.update(source=found.source, connections=counted(found.kinds))
        if params["process_limit"]:
            told.update(processes(found, params["process_limit"], problems))
    return told


def _longest(time: int | None, intvl: int | None, probes: int | None) -> float:  # noqa: ARG001
    """Return for how many milliseconds a keepalive timer that is started now runs at most.

    A connection that has answered a probe goes on with the timer of ``intvl``.
    """
    return float("inf") if time is None or intvl is None else max(time, intvl) * 1000
