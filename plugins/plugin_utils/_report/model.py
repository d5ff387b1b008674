# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as frozen records: one for each host, and a summary. Outputs are views of them."""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence, Union

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.stages import (
    is_read_later,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import AS_WANTED, OUTCOMES

FORMAT = "netops.tuning.audit/1"
"""The format of the JSON report; docs/audit-report.schema.json describes it."""

STATES = ("as_wanted", "drift", "overridden", "failed", "unreachable", "not_reached")
CHANGES = ("newly_wrong", "mended", "new")
"""What may have happened to a host since an earlier report."""
SETTING_NAMES = ("time", "probes", "intvl")

FileValue = Union[int, str, None]
"""A value in a file: a string if it is not a number, None if the file does not set it."""


class ReportError(Exception):
    """The message names the subject, the value, the reason and the remedy."""


class Assignment(NamedTuple):
    """A line that sets a key, and whether it takes effect at boot."""

    path: str
    line: int
    key: str
    value: str | None
    fate: str
    by: str = ""
    """The program that reads the line at boot."""

    @property
    def is_read_later(self) -> bool:
        """Whether a program reads it that runs after the sysctl loader, such as ufw."""
        return is_read_later(self.by)


class Setting(NamedTuple):
    """One of the three values: in the kernel, after the next boot, in our file, and as wanted."""

    now: int | None
    boot: int
    persisted: FileValue
    wanted: int
    winner: Assignment | None
    """The line that decides the value at boot, None if no file sets it (kernel default)."""
    assignments: tuple[Assignment, ...]
    undone: bool = False
    """Whether the last boot did not keep what its line asked for."""
    wanted_from: str = ""
    """Where the wanted value comes from, such as a variable and its scope."""
    managed: bool = False
    """Whether it comes from our file on the host, since no variable says anything."""

    @property
    def as_wanted(self) -> bool:
        return self.now == self.boot == self.wanted

    @property
    def overridden(self) -> bool:
        """Whether our file sets a value that the next boot will not have."""
        return self.persisted is not None and self.persisted != self.boot


class Connections(NamedTuple):
    """Numbers of connections."""

    established: int
    with_keepalive: int
    without_keepalive: int
    unknown: int
    stale: int


class Process(NamedTuple):
    """A process that holds connections, with their numbers."""

    pid: int
    command: str
    user: str | None
    established: int
    without_keepalive: int
    stale: int


class Namespace(NamedTuple):
    """Another network namespace of the host, such as that of a container."""

    inode: int
    name: str | None
    processes: int
    time: int | None
    probes: int | None
    intvl: int | None
    differs: bool


class Problem(NamedTuple):
    """A file, or a line of it, that could not be read as it should be."""

    path: str
    line: int | None
    problem: str


class Command(NamedTuple):
    """A next step, as a command to paste into a shell."""

    what: str
    command: str


class Host(NamedTuple):
    """One host. Without an answer, only its name, state, message and outcome are set."""

    name: str
    state: str
    message: str | None = None
    outcome: str | None = None
    loader: str | None = None
    settings: Mapping[str, Setting] | None = None
    dead_after: int | None = None
    idle_limit: int | None = None
    connections: Connections | None = None
    source: str | None = None
    """Where the connections come from: sock_diag, or proc on a kernel without it."""
    processes: tuple[Process, ...] = ()
    processes_unseen: int = 0
    """The number of connections whose process could not be inspected."""
    namespaces: tuple[Namespace, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[str, ...] = ()
    todo: tuple[Command, ...] = ()
    arguments: Mapping[str, Any] = MappingProxyType({})
    """Variables to give the role, where those of the host do not make it set the wanted values."""
    overriding: tuple[str, ...] = ()
    """The files that keep the next boot from setting what our file sets, or will set."""
    doubts: tuple[str, ...] = ()
    """Reasons why the next boot may end otherwise."""
    booted: str | None = None
    """When the host booted, as in RFC 3339; only where a setting is undone."""
    disagreements: tuple[str, ...] = ()
    """Where the sysctl loader, in a rehearsal, did not do what was predicted."""
    change: str | None = None
    """One of CHANGES, None if nothing changed, or there is no earlier report."""

    @property
    def as_managed(self) -> bool:
        """Whether the host is as its own file wants it, which is no default and no variable."""
        settings = (self.settings or {}).values()
        return self.state == "as_wanted" and any(setting.managed for setting in settings)

    @property
    def got_worse(self) -> bool:
        """Whether something is wrong that was not wrong in the earlier report."""
        if self.change == "new":
            return self.state != "as_wanted"
        return self.change == "newly_wrong"

    @property
    def gave_no_answer(self) -> bool:
        return self.state in ("failed", "unreachable", "not_reached")

    @property
    def role_would_change_it(self) -> bool:
        return self.state in ("drift", "overridden")

    @property
    def clears_idle_limit(self) -> bool | None:
        """Whether the first probe comes before the path drops an idle connection; None: unknown."""
        if self.idle_limit is None or self.settings is None:
            return None
        time = self.settings["time"].now
        if time is None:
            return None
        return time < self.idle_limit

    @property
    def misses_idle_limit(self) -> bool:
        return self.clears_idle_limit is False

    @property
    def unprotected(self) -> bool:
        """Whether the host has connections without keepalive."""
        return self.connections is not None and self.connections.without_keepalive > 0

    @property
    def undone_settings(self) -> list[str]:
        """The names of the settings that the last boot did not keep."""
        settings = self.settings or {}
        return [name for name, setting in settings.items() if setting.undone]

    @property
    def has_stale_connections(self) -> bool:
        return self.connections is not None and self.connections.stale > 0

    @property
    def differing_namespaces(self) -> int:
        """The number of network namespaces whose values differ from those of the host."""
        return sum(namespace.differs for namespace in self.namespaces)

    @property
    def needs_attention(self) -> bool:
        if self.state != "as_wanted" or self.misses_idle_limit:
            return True
        return self.outcome not in (None, *AS_WANTED)


class Wanted(NamedTuple):
    """The values that are wanted on some hosts, and where they come from."""

    values: tuple[int, ...]
    """In the order of SETTING_NAMES."""
    origin: str
    hosts: int


class Cause(NamedTuple):
    """What is wrong with some hosts, in words that are the same for all of them."""

    text: str
    hosts: int


class Group(NamedTuple):
    """Hosts with the same kind of thing wrong, and the one command for all of them."""

    kind: str
    """One of the keys of groups.KINDS."""
    hosts: tuple[str, ...]
    causes: tuple[Cause, ...]
    """The most frequent first."""
    command: Command | None
    """None if no command helps, or if no file can name the hosts."""
    limit_name: str | None
    """The part of the name of the file that names the hosts, None if the command names them."""


class Summary(NamedTuple):
    """Numbers of hosts, and the connections of all of them."""

    hosts: int
    states: Mapping[str, int]
    outcomes: Mapping[str, int]
    connections: Connections
    asked_for_connections: int
    unprotected: int
    stale: int
    differing: int
    idle_limit_missed: int
    undone: int
    as_managed: int
    """The number of hosts as wanted by their own file; states counts them as wanted."""
    wanted: tuple[Wanted, ...]
    """The most frequent first."""


class GoneHost(NamedTuple):
    """A host of an earlier report that the inventory no longer has."""

    name: str
    state: str
    """As in the earlier report."""


class Comparison(NamedTuple):
    """An earlier report with which this one was compared; the hosts hold their changes."""

    made: str
    """The time of the earlier report, as in RFC 3339."""
    gone: tuple[GoneHost, ...]
    not_asked: int
    """The number of its hosts that are in the inventory, but not in this report."""


class Report(NamedTuple):
    """All hosts, in the order of their names."""

    title: str
    made: str
    """The time of the report, as in RFC 3339."""
    version: str
    """The version of the collection."""
    hosts: tuple[Host, ...]
    summary: Summary
    groups: tuple[Group, ...] = ()
    """The hosts that are not as they should be, the largest group first."""
    comparison: Comparison | None = None

    @property
    def todo(self) -> list[Command]:
        """Return the next steps for all hosts."""
        return [group.command for group in self.groups if group.command]

    def changed_hosts(self, change: str) -> list[Host]:
        """Return the hosts with one of CHANGES."""
        return [host for host in self.hosts if host.change == change]


def make_report(
    hosts: Iterable[Host], *, title: str, made: str, version: str, groups: Iterable[Group] = ()
) -> Report:
    """Return the report of these hosts, which are sorted and summarized here."""
    ordered = in_natural_order(hosts)
    return Report(
        title=title,
        made=made,
        version=version,
        hosts=ordered,
        summary=summarize(ordered),
        groups=tuple(groups),
    )


def wanted_values(hosts: Iterable[Host]) -> list[Wanted]:
    """Return the values that are wanted, those of most hosts first."""
    counts: Counter[tuple[tuple[int, ...], str]] = Counter()
    for host in hosts:
        if host.settings:
            values = tuple(host.settings[name].wanted for name in SETTING_NAMES)
            counts[values, describe_origin(host.settings)] += 1
    wanted = []
    for (values, origin), number in counts.most_common():
        wanted.append(Wanted(values=values, origin=origin, hosts=number))
    return wanted


def in_natural_order(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """Return hosts sorted by name."""
    return tuple(sorted(hosts, key=lambda host: natural_order(host.name)))


def natural_order(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Return a sort key that compares the numbers in a name by value: web2 comes before web10."""
    parts = []
    for digits, text in re.findall(r"([0-9]+)|([^0-9]+)", name.casefold()):
        # Python refuses to read very long numbers; 18 digits are enough to compare.
        number = int(digits[:18] or 0)
        parts.append((not digits, number, text))
    return parts, name


def summarize(hosts: Sequence[Host]) -> Summary:
    """Count the hosts, and add up their connections."""
    states = Counter(host.state for host in hosts)
    outcomes = Counter(host.outcome for host in hosts)
    return Summary(
        hosts=len(hosts),
        states={state: states[state] for state in STATES},
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES if outcomes[outcome]},
        connections=_all_connections(hosts),
        asked_for_connections=_count(hosts, lambda host: host.connections is not None),
        unprotected=_count(hosts, lambda host: host.unprotected),
        stale=_count(hosts, lambda host: host.has_stale_connections),
        differing=_count(hosts, lambda host: host.differing_namespaces > 0),
        idle_limit_missed=_count(hosts, lambda host: host.misses_idle_limit),
        undone=_count(hosts, lambda host: bool(host.undone_settings)),
        as_managed=_count(hosts, lambda host: host.as_managed),
        wanted=tuple(wanted_values(hosts)),
    )


def describe_origin(settings: Mapping[str, Setting]) -> str:
    """Return where the wanted values come from; one origin for all of them is named once."""
    names_by_origin: dict[str, list[str]] = {}
    for name, setting in settings.items():
        names_by_origin.setdefault(setting.wanted_from, []).append(name)
    if len(names_by_origin) == 1:
        return next(iter(names_by_origin))
    parts = []
    for origin, names in names_by_origin.items():
        parts.append(f"{origin} for {' and '.join(names)}")
    return ", ".join(parts)


def _all_connections(hosts: Iterable[Host]) -> Connections:
    total = Connections(established=0, with_keepalive=0, without_keepalive=0, unknown=0, stale=0)
    for host in hosts:
        if host.connections:
            total = _add(total, host.connections)
    return total


def _add(total: Connections, more: Connections) -> Connections:
    return Connections(
        established=total.established + more.established,
        with_keepalive=total.with_keepalive + more.with_keepalive,
        without_keepalive=total.without_keepalive + more.without_keepalive,
        unknown=total.unknown + more.unknown,
        stale=total.stale + more.stale,
    )


def _count(hosts: Iterable[Host], matches: Callable[[Host], bool]) -> int:
    return sum(1 for host in hosts if matches(host))
