# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose the connections are."""

from __future__ import annotations

import os
import pwd
from typing import Any, Iterator

from .._sysctl.text import printable
from . import procfs
from .connections import Connections
from .inet_diag import STALE, WITHOUT, count_states
from .procfs import read_proc_file, visit_processes


def count_by_process(
    found: Connections, limit: int, problems: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return so many processes, worst first, and how many connections are of none that can be seen."""
    owned = list(_connections_by_process(found, problems))
    unseen = len(found.states) - sum(len(kinds) for _pid, kinds in owned)
    owned.sort(
        key=lambda each: (-each[1].count(WITHOUT) - each[1].count(STALE), -len(each[1]), each[0])
    )
    listed = [
        {"pid": pid, **_describe_process(pid), **count_states(kinds)}
        for pid, kinds in owned[:limit]
    ]
    return {"processes": listed, "processes_unseen": unseen}


def _connections_by_process(
    found: Connections, problems: list[dict[str, Any]]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the processes with their connections. One that several hold is of the first of them alone."""
    left = dict(zip(found.inodes, found.states))
    left.pop(0, None)
    for pid, inodes in (
        visit_processes(_socket_inodes, "/proc/*/fd", "sockets", problems) if left else ()
    ):
        kinds = [left.pop(inode) for inode in inodes if inode in left]
        if kinds:
            yield pid, kinds
        if not left:
            return  # so that it does not matter which processes are not for us


def _socket_inodes(pid: int) -> list[int]:
    """Return the inodes of the sockets that a process holds."""
    found = []
    folder = os.open(f"{procfs.PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in os.listdir(folder):
            try:
                target = os.readlink(name, dir_fd=folder)
            except FileNotFoundError:
                continue  # it has been closed
            if target.startswith("socket:["):
                found.append(int(target[8:-1]))
    finally:
        os.close(folder)
    return found


def _describe_process(pid: int) -> dict[str, str | None]:
    """Return the name and the user of a process, None if it has ended."""
    command = read_proc_file(f"{procfs.PROC}/{pid}/comm")
    uids = [
        line.split()[2]
        for line in (read_proc_file(f"{procfs.PROC}/{pid}/status") or "").splitlines()
        if line.startswith("Uid:")
    ]
    return {
        "command": None if command is None else printable(command.rstrip("\n")),
        "user": _user_name(int(uids[0])) if uids else None,
    }


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
