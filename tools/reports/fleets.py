# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets as the audit sees them: what modules answered, and reports of as many hosts as one likes, the same at each run."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.values import parse_number
from ansible_collections.netops.tuning.plugins.plugin_utils._report import build, todo
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answers
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import NAMES, Report
from ansible_collections.netops.tuning.plugins.plugin_utils._report.wanted import (
    PATH,
    Wanted,
    wanted,
)

VENDOR, OTHER = "/usr/lib/sysctl.d/50-vendor.conf", "/etc/sysctl.d/99-database.conf"
DOCUMENT, KERNEL, GCE = (3600, 9, 25), (7200, 9, 75), (60, 5, 60)
SHELL = todo.Shell(("inventory/production.yml",), "keepalive-audit.limit")
PROGRAMS = (
    ("sshd", "root"), ("postgres", "postgres"), ("nginx", "www-data"), ("redis-server", "redis"), ("java", "app"),
    ("node_exporter", "prometheus"),
)  # fmt: skip
Values = Sequence[int]
KINDS: Sequence[tuple[float, Mapping[str, Any]]] = (
    (0.09, {"now": KERNEL}),
    (0.12, {"other": {"time": 7200}}),
    (0.14, {"now": (300, 9, 25), "other": {"time": 300}}),
    (0.17, {"now": KERNEL, "ours": None}),
    (0.19, {"now": GCE, "ours": None}),
)
"""Below which share of the hosts what is so."""


def key(name: str) -> str:
    return f"net.ipv4.tcp_keepalive_{name}"


def line(path: str, number: int, name: str, value: int | str | None, fate: str) -> dict[str, Any]:
    text = None if value is None else str(value)
    return {"path": path, "line": number, "key": key(name), "value": text, "fate": fate}


def setting(now: int | None, *lines: Mapping[str, Any]) -> dict[str, Any]:
    """Give what tcp_keepalive_info says of one of the three."""
    winner = next((each for each in lines if each["fate"] == "winner"), None)
    number = parse_number(winner["value"] or "") if winner else None
    return {
        "runtime": now,
        "boot": number if isinstance(number, int) else None,
        "winner": winner and {"path": winner["path"], "line": winner["line"]},
        "assignments": [dict(each) for each in lines],
    }


def answer(
    now: Values = DOCUMENT,
    ours: Values | None = DOCUMENT,
    other: Mapping[str, int] | None = None,
    connections: Mapping[str, Any] | None = None,
    **settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Give what tcp_keepalive_info returns: what holds, what our file says, and what another one says that is read later.

    settings: what is said of one of the three instead.
    """
    found = {}
    for place, name in enumerate(NAMES):
        won = (other or {}).get(name)
        lines = (
            [line(VENDOR, 7, name, 7200, "overridden" if ours or won else "winner")]
            if name == "time"
            else []
        )
        if ours:
            lines.append(
                line(PATH, place + 2, name, ours[place], "overridden" if won else "winner")
            )
        if won:
            lines.append(line(OTHER, 4 + place, name, won, "winner"))
        found[name] = setting(now[place], *lines)
    nothing: Mapping[str, Any] = {
        "source": None,
        "connections": None,
        "processes": [],
        "processes_unseen": None,
        "namespaces": [],
    }
    return {
        "changed": False,
        "loader": "systemd",
        "settings": {**found, **settings},
        "dead_after": now[0] + now[1] * now[2],
        "problems": [],
        **(connections or nothing),
    }


def sockets(
    established: int = 0,
    without: int = 0,
    stale: int = 0,
    containers: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """Give the part of it about connections, spread over some processes."""
    rng = random.Random(seed)
    left, processes = [established, without, stale], []
    for command, user in rng.sample(PROGRAMS, 3):
        here = min(left[0], rng.randint(0, established))
        naked, old = min(left[1], here), min(left[2], here)
        left = [left[0] - here, left[1] - naked, left[2] - old]
        processes.append(
            _counts(here, naked, old)
            | {"pid": rng.randint(300, 60000), "command": command, "user": user}
        )
    different = {"processes": 3, "settings": dict(zip(NAMES, KERNEL)), "differs": True}
    return {
        "source": "sock_diag",
        "connections": _counts(established, without, stale),
        "processes": sorted(processes, key=lambda each: -each["without_keepalive"]),
        "processes_unseen": left[0],
        "namespaces": [
            {"inode": 4026532000 + n, "name": name, **different}
            for n, name in enumerate(containers)
        ],
    }


def _counts(established: int, without: int, stale: int) -> dict[str, int]:
    return {
        "established": established,
        "with_keepalive": established - without,
        "without_keepalive": without,
        "unknown": 0,
        "stale": stale,
    }


def answers(seed: int, name: str) -> Answers:
    """Give what one of many hosts answers: nine of ten are right, and there is one of each kind among a hundred."""
    rng = random.Random(seed)
    kind = rng.random()
    if kind < 0.012:
        why = f"Failed to connect to the host via ssh: ssh: connect to host {name} port 22: Connection timed out"
        return Answers({"unreachable": True, "changed": False, "msg": why})
    if kind < 0.02:
        why = "netops.tuning needs Python 3.7 or later on the host, this is 3.6.8 (/usr/bin/python3); set ansible_python_interpreter"
        return Answers({"failed": True, "changed": False, "msg": why})
    how: Mapping[str, Any] = next((found for limit, found in KINDS if kind < limit), {})
    established = rng.randint(3, 240)
    without = rng.choice([0] * 4 + [rng.randint(1, established)])
    stale = rng.choice([0] * 9 + [rng.randint(1, established)])
    containers = rng.choice([()] * 9 + [("web", "worker")])
    return Answers(
        answer(**how, connections=sockets(established, without, stale, containers, seed))
    )


def names(count: int) -> list[str]:
    rng = random.Random(0)
    kinds, places = ("web", "db", "cache", "build", "edge"), ("ams", "fra", "iad")
    return [
        f"{rng.choice(kinds)}{number}.{rng.choice(places)}.example.net"
        for number in range(1, count + 1)
    ]


def report(
    asked: Mapping[str, Answers] | int, variables: Mapping[str, Any] | None = None
) -> Report:
    """Make a report of what these hosts answered, or of so many made up ones."""
    told = (
        {name: answers(seed, name) for seed, name in enumerate(names(asked))}
        if isinstance(asked, int)
        else asked
    )
    what: Wanted = wanted(variables or {})
    hosts = [build.host(name, each, what, SHELL) for name, each in told.items()]
    return Report.of(
        hosts,
        title="TCP keepalive audit",
        made="2026-11-24T07:01:45+00:00",
        version="0.1.0",
        todo=tuple(todo.for_fleet(hosts, SHELL)),
    )
