# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up fleets for the audit: results of tcp_keepalive_info, and reports of any number of hosts.

They are the same in every run.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    parse_number,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report import build, todo
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.compare import (
    EarlierReport,
    compare,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.groups import make_groups
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import (
    SETTING_NAMES,
    Report,
    make_report,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._role_options import (
    Desired,
    Variables,
    desired_state,
)

VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"
PATH = "/etc/sysctl.d/90-tcp-keepalive.conf"
OTHER = "/etc/sysctl.d/99-database.conf"
DOCUMENT = (3600, 9, 25)
KERNEL = (7200, 9, 75)
GCE = (60, 5, 60)
SHELL = todo.Shell(inventory=("inventory/production.yml",), limit_file="keepalive-audit.limit")
PROGRAMS = (
    ("sshd", "root"),
    ("postgres", "postgres"),
    ("nginx", "www-data"),
    ("redis-server", "redis"),
    ("java", "app"),
    ("node_exporter", "prometheus"),
)
"""Command and user."""

Values = Sequence[int]
SHARE_UNREACHABLE = 0.012
SHARE_FAILED = 0.02
KINDS: Sequence[tuple[float, Mapping[str, Any]]] = (
    (0.09, {"now": KERNEL}),
    (0.12, {"other": {"time": 7200}}),
    (0.14, {"now": (300, 9, 25), "other": {"time": 300}}),
    (0.17, {"now": KERNEL, "ours": None}),
    (0.19, {"now": GCE, "ours": None}),
)
"""Cumulative shares of the hosts, and the arguments of `info_result`; the others are as wanted."""

BOOTED = "2026-11-20T03:12:45Z"


def desired(variables: Variables | None = None) -> Desired:
    """Return the desired state by variables that have no templates."""
    return desired_state(variables or {}, lambda plain: plain)


def key(name: str) -> str:
    return f"net.ipv4.tcp_keepalive_{name}"


# --- results of tcp_keepalive_info ---


def line(path: str, number: int, name: str, value: int | str | None, fate: str) -> dict[str, Any]:
    """Return an entry of `assignments`."""
    text = None if value is None else str(value)
    return {
        "path": path,
        "line": number,
        "key": key(name),
        "value": text,
        "fate": fate,
        "by": "systemd-sysctl",
    }


def setting(now: int | None, *lines: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of `settings`, with the value that its lines give at boot."""
    winner = None
    boot = None
    for assignment in lines:
        if assignment["fate"] == "winner":
            winner = {"path": assignment["path"], "line": assignment["line"]}
            number = parse_number(assignment["value"] or "")
            boot = number if isinstance(number, int) else None
            break
    return {
        "runtime": now,
        "boot": boot,
        "undone": False,
        "winner": winner,
        "assignments": list(map(dict, lines)),
    }


def info_result(
    now: Values = DOCUMENT,
    ours: Values | None = DOCUMENT,
    other: Mapping[str, int] | None = None,
    connections: Mapping[str, Any] | None = None,
    **settings: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return a result of tcp_keepalive_info.

    now: the values in the kernel.
    ours: the values in our file, None for no file.
    other: values in a file that is read after ours.
    connections: what `connections_result` returns.
    settings: replaces one of the three settings.
    """
    later = other or {}
    all_settings: dict[str, Mapping[str, Any] | None] = {}
    for number, name in enumerate(SETTING_NAMES):
        own_value = ours[number] if ours else None
        lines = _lines(number, name, own_value, later.get(name))
        all_settings[name] = setting(now[number], *lines)
    all_settings.update(settings)
    time, probes, intvl = now
    result = {
        "changed": False,
        "loader": "systemd",
        "settings": all_settings,
        "doubts": [],
        "booted": None,
        "dead_after": time + probes * intvl,
        "problems": [],
        "source": None,
        "connections": None,
        "processes": [],
        "processes_unseen": None,
        "namespaces": [],
    }
    result.update(connections or {})
    return result


def _lines(
    number: int, name: str, own_value: int | None, later_value: int | None
) -> Iterator[dict[str, Any]]:
    """Yield the lines for a setting: of the vendor, of our file and of a later file."""
    if name == "time":
        overridden = own_value is not None or later_value is not None
        yield line(VENDOR, 7, name, 7200, "overridden" if overridden else "winner")
    if own_value is not None:
        overridden = later_value is not None
        yield line(PATH, number + 2, name, own_value, "overridden" if overridden else "winner")
    if later_value is not None:
        yield line(OTHER, number + 4, name, later_value, "winner")


def connections_result(
    established: int = 0,
    without: int = 0,
    stale: int = 0,
    containers: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """Return the fields of the result about connections, which are spread over some processes."""
    rng = random.Random(seed)
    remaining = [established, without, stale]
    processes = []
    for command, user in rng.sample(PROGRAMS, 3):
        process_established = min(remaining[0], rng.randint(0, established))
        process_without = min(remaining[1], process_established)
        process_stale = min(remaining[2], process_established)
        remaining[0] -= process_established
        remaining[1] -= process_without
        remaining[2] -= process_stale
        process: dict[str, Any] = _counts(process_established, process_without, process_stale)
        process.update(pid=rng.randint(300, 60000), command=command, user=user)
        processes.append(process)
    processes.sort(key=lambda process: -process["without_keepalive"])
    return {
        "source": "sock_diag",
        "connections": _counts(established, without, stale),
        "processes": processes,
        "processes_unseen": remaining[0],
        "namespaces": [_namespace(number, name) for number, name in enumerate(containers)],
    }


def _counts(established: int, without: int, stale: int) -> dict[str, Any]:
    return {
        "established": established,
        "with_keepalive": established - without,
        "without_keepalive": without,
        "unknown": 0,
        "stale": stale,
    }


def _namespace(number: int, name: str) -> dict[str, Any]:
    return {
        "inode": 4026532000 + number,
        "name": name,
        "processes": 3,
        "settings": dict(zip(SETTING_NAMES, KERNEL)),
        "differs": True,
    }


def undone_result(now: Values = KERNEL, ours: Values = DOCUMENT) -> dict[str, Any]:
    """Return a result of a host whose last boot did not keep what our file asks for."""
    result = info_result(now=now, ours=ours)
    for fields in result["settings"].values():
        fields["undone"] = fields["runtime"] != fields["boot"]
    result["booted"] = BOOTED
    return result


# --- many hosts ---


def random_answer(seed: int, name: str) -> Answer:
    """Return the answer of one of many hosts.

    Most are as wanted, and among a hundred there is at least one of each kind.
    """
    rng = random.Random(seed)
    kind = rng.random()
    if kind < SHARE_UNREACHABLE:
        message = (
            "Failed to connect to the host via ssh: "
            f"ssh: connect to host {name} port 22: Connection timed out"
        )
        return Answer({"unreachable": True, "changed": False, "msg": message})
    if kind < SHARE_FAILED:
        message = (
            "netops.tuning needs Python 3.7 or later on the host, "
            "this is 3.6.8 (/usr/bin/python3); set ansible_python_interpreter"
        )
        return Answer({"failed": True, "changed": False, "msg": message})
    established = rng.randint(3, 240)
    without = rng.choice([0] * 4 + [rng.randint(1, established)])
    stale = rng.choice([0] * 9 + [rng.randint(1, established)])
    containers = rng.choice([()] * 9 + [("web", "worker")])
    connections = connections_result(established, without, stale, containers, seed)
    return Answer(info_result(**_arguments(kind), connections=connections))


def _arguments(kind: float) -> Mapping[str, Any]:
    for limit, arguments in KINDS:
        if kind < limit:
            return arguments
    return {}


def host_names(count: int) -> list[str]:
    rng = random.Random(0)
    roles = ("web", "db", "cache", "build", "edge")
    sites = ("ams", "fra", "iad")
    names = []
    for number in range(1, count + 1):
        role = rng.choice(roles)
        site = rng.choice(sites)
        names.append(f"{role}{number}.{site}.example.net")
    return names


def random_answers(count: int) -> dict[str, Answer]:
    answers = {}
    for seed, name in enumerate(host_names(count)):
        answers[name] = random_answer(seed, name)
    return answers


def report(
    answers: Mapping[str, Answer] | int,
    variables: Variables | None = None,
    earlier: Report | None = None,
    inventory: Sequence[str] = (),
) -> Report:
    """Return the report of these answers by host, or of a number of made-up hosts.

    earlier: a report to compare it with. inventory: hosts that were not asked this time.
    """
    if isinstance(answers, int):
        answers = random_answers(answers)
    state = desired(variables)
    hosts = [build.build_host(name, answer, state, SHELL) for name, answer in answers.items()]
    comparison = None
    if earlier:
        earlier_report = EarlierReport(made=earlier.made, hosts=earlier.hosts)
        hosts, comparison = compare(hosts, earlier_report, inventory)
    return make_report(
        hosts,
        title="TCP keepalive audit",
        made="2026-11-24T07:01:45+00:00",
        version="0.1.0",
        groups=make_groups(hosts, SHELL),
    )._replace(comparison=comparison)
