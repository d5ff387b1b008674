# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report holds: one frozen record for each host, and what they come to. Every output is a view of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Mapping, NamedTuple, Union

FORMAT = "netops.tuning.audit/1"
"""What the JSON report calls itself; docs/audit-report.schema.json describes it."""

STATES = ("as_wanted", "drift", "overridden", "failed", "unreachable", "not_reached")
OUTCOMES = ("done", "already_right", "put_back", "failed", "unreachable", "not_reached")
NAMES = ("time", "probes", "intvl")

Value = Union[int, str, None]
"""A text where what stands in a file is not a number, None where nothing does."""


class ReportError(Exception):
    """The message names the thing, the value, the reason and the remedy."""


class Assignment(NamedTuple):
    """A line that has a say in a setting, and what becomes of it."""

    path: str
    line: int
    key: str
    value: str | None
    fate: str


class Setting(NamedTuple):
    """One of the three values: in the kernel, after the next boot, in our file, and as it should be."""

    now: int | None
    boot: int
    persisted: Value
    wanted: int
    winner: Assignment | None
    """None where no file sets it, and the kernel's own value holds."""
    assignments: tuple[Assignment, ...]

    @property
    def as_wanted(self) -> bool:
        return self.now == self.boot == self.wanted

    @property
    def overridden(self) -> bool:
        """Whether our file asks for a value that the next boot does not set."""
        return self.persisted is not None and self.persisted != self.boot


class Connections(NamedTuple):
    established: int
    with_keepalive: int
    without_keepalive: int
    unknown: int
    stale: int


class Process(NamedTuple):
    pid: int
    command: str
    user: str | None
    established: int
    without_keepalive: int
    stale: int


class Namespace(NamedTuple):
    inode: int
    name: str | None
    processes: int
    time: int | None
    probes: int | None
    intvl: int | None
    differs: bool


class Problem(NamedTuple):
    path: str
    line: int | None
    problem: str


class Command(NamedTuple):
    """Something to do next, to be pasted into a shell."""

    what: str
    command: str


@dataclass(frozen=True)
class Host:
    """One host. Of one that gave no answer only the name, the state and the message are known."""

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
    """Where the connections come from: sock_diag, or proc where the kernel has none."""
    processes: tuple[Process, ...] = ()
    processes_unseen: int = 0
    """Connections that are of no process we could look at."""
    namespaces: tuple[Namespace, ...] = ()
    problems: tuple[Problem, ...] = ()
    findings: tuple[str, ...] = ()
    todo: tuple[Command, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the role has to be told to set what is wanted, where the host's own variables say something else."""

    @property
    def clears_idle_limit(self) -> bool | None:
        """Whether a probe comes before the path forgets the connection; None where that cannot be told."""
        time = self.settings["time"].now if self.settings else None
        return time < self.idle_limit if self.idle_limit is not None and time is not None else None

    @property
    def unprotected(self) -> bool:
        return self.connections is not None and self.connections.without_keepalive > 0

    @property
    def differing(self) -> int:
        """The network namespaces that have other values."""
        return sum(namespace.differs for namespace in self.namespaces)

    @property
    def needs_attention(self) -> bool:
        well = self.state == "as_wanted" and self.outcome in (None, "done", "already_right")
        return not well or self.clears_idle_limit is False


@dataclass(frozen=True)
class Summary:
    """What the hosts come to."""

    hosts: int
    states: Mapping[str, int]
    outcomes: Mapping[str, int]
    connections: Connections
    asked_for_connections: int
    unprotected: int
    stale: int
    differing: int
    idle_limit_missed: int

    @classmethod
    def of(cls, hosts: tuple[Host, ...]) -> Summary:
        states = Counter(host.state for host in hosts)
        outcomes = Counter(host.outcome for host in hosts if host.outcome)
        seen = [host.connections for host in hosts if host.connections]
        return cls(
            hosts=len(hosts),
            states={state: states[state] for state in STATES},
            outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES if outcomes[outcome]},
            connections=Connections(*map(sum, zip(*seen))) if seen else Connections(0, 0, 0, 0, 0),
            asked_for_connections=len(seen),
            unprotected=sum(host.unprotected for host in hosts),
            stale=sum(each.stale > 0 for each in seen),
            differing=sum(host.differing > 0 for host in hosts),
            idle_limit_missed=sum(host.clears_idle_limit is False for host in hosts),
        )


@dataclass(frozen=True)
class Report:
    """Hosts in the order of their names, numbers in them by value."""

    title: str
    made: str
    """When, as RFC 3339 has it."""
    version: str
    """Of the collection."""
    hosts: tuple[Host, ...]
    summary: Summary
    todo: tuple[Command, ...] = ()

    @classmethod
    def of(
        cls, hosts: Any, *, title: str, made: str, version: str, todo: tuple[Command, ...] = ()
    ) -> Report:
        ordered = tuple(sorted(hosts, key=lambda host: natural(host.name)))
        return cls(title, made, version, ordered, Summary.of(ordered), todo)


def natural(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Order web2 before web10."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", name.casefold())
    return [(not digits, int(digits[:18] or 0), text) for digits, text in parts], name
