# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the processes that own connections."""

from __future__ import annotations

import pwd
from typing import Any, Iterator, NamedTuple

from .._sysctl.text import printable
from .connections import Connections
from .inet_diag import STALE, WITHOUT, count_states
from .procfs import process_name, process_uid, socket_inodes, visit_processes


class _Owner(NamedTuple):
    """A process, and the states of the connections that it owns."""

    pid: int
    states: list[str]


def count_by_process(
    connections: Connections, limit: int, problems: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the worst processes, at most ``limit``, and how many connections no visible one owns.

    The worst are those with the most connections without keepalive, or with stale timers.
    """
    owners = list(_find_owners(connections, problems))
    unseen = len(connections.states)
    for owner in owners:
        unseen -= len(owner.states)
    processes = []
    for owner in sorted(owners, key=_worst_first)[:limit]:
        description = _describe_process(owner.pid)
        processes.append({"pid": owner.pid, **description, **count_states(owner.states)})
    return {"processes": processes, "processes_unseen": unseen}


def _worst_first(owner: _Owner) -> tuple[int, int, int]:
    unprotected = owner.states.count(WITHOUT) + owner.states.count(STALE)
    return -unprotected, -len(owner.states), owner.pid


def _find_owners(connections: Connections, problems: list[dict[str, Any]]) -> Iterator[_Owner]:
    """Yield the processes that own connections.

    A connection that several processes share belongs to the first of them alone.
    """
    unowned = dict(zip(connections.inodes, connections.states))
    unowned.pop(0, None)
    if not unowned:
        return
    for pid, inodes in visit_processes(socket_inodes, "/proc/*/fd", "sockets", problems):
        states = []
        for inode in inodes:
            if inode in unowned:
                states.append(unowned.pop(inode))
        if states:
            yield _Owner(pid, states)
        if not unowned:
            return  # processes that we may not look into do not matter now


def _describe_process(pid: int) -> dict[str, str | None]:
    """Return the name and the user of a process, None if it has ended."""
    command = process_name(pid)
    if command is not None:
        command = printable(command)
    uid = process_uid(pid)
    return {"command": command, "user": None if uid is None else _user_name(uid)}


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
