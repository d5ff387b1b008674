# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the processes that own connections."""

from __future__ import annotations

import os
import pwd
from typing import Any, Iterator, NamedTuple

from .._sysctl.text import printable
from . import procfs
from .connections import Connections
from .inet_diag import STALE, WITHOUT, count_states
from .procfs import read_proc_file, visit_processes


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
    for pid, inodes in visit_processes(_socket_inodes, "/proc/*/fd", "sockets", problems):
        states = []
        for inode in inodes:
            if inode in unowned:
                states.append(unowned.pop(inode))
        if states:
            yield _Owner(pid, states)
        if not unowned:
            return  # processes that we may not look into do not matter now


def _socket_inodes(pid: int) -> list[int]:
    """Return the inodes of the sockets that a process has open."""
    inodes = []
    folder = os.open(f"{procfs.PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in os.listdir(folder):
            try:
                target = os.readlink(name, dir_fd=folder)
            except FileNotFoundError:
                continue  # the process has closed it
            if target.startswith("socket:["):
                inodes.append(int(target[len("socket:[") : -1]))
    finally:
        os.close(folder)
    return inodes


def _describe_process(pid: int) -> dict[str, str | None]:
    """Return the name and the user of a process, None if it has ended."""
    command = read_proc_file(f"{procfs.PROC}/{pid}/comm")
    if command is not None:
        command = printable(command.rstrip("\n"))
    user = None
    for line in (read_proc_file(f"{procfs.PROC}/{pid}/status") or "").splitlines():
        if line.startswith("Uid:"):
            _label, _real, effective, *_others = line.split()
            user = _user_name(int(effective))
    return {"command": command, "user": user}


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
