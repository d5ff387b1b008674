# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose the connections are."""

from __future__ import annotations

import os
import pwd
from typing import Any, Callable, Iterator, TypeVar

from .inet_diag import STALE, WITHOUT, counted
from .sockets import Found
from .values import printable

PROC = "/proc"
Seen = TypeVar("Seen")


def of_each(
    look: Callable[[int], Seen], path: str, what: str, problems: list[dict[str, Any]]
) -> Iterator[tuple[int, Seen]]:
    """Yield each process, in the order of their numbers, with what is found in it; those that are not for us are a problem."""
    numbers, hidden = _pids(), 0
    for pid in numbers:
        try:
            yield pid, look(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        except OSError:
            hidden += 1
    if hidden:
        who = "this user (become root: 'become: true')" if os.geteuid() else "a root without all capabilities"
        why = f"the {what} of {hidden} of {len(numbers)} processes are not for {who} to see"
        problems.append({"path": path, "problem": why})


def _pids() -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(PROC) if name.isdigit())
    except OSError:
        return []


def read(path: str) -> str | None:
    """Return what a file of /proc says, None if it is gone or not for us."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return None


def processes(found: Found, limit: int, problems: list[dict[str, Any]]) -> dict[str, Any]:
    """Return so many processes, worst first, and how many connections are of none that can be seen."""
    owned = list(_owned(found, problems))
    unseen = len(found.kinds) - sum(len(kinds) for _pid, kinds in owned)
    owned.sort(key=lambda each: (-each[1].count(WITHOUT) - each[1].count(STALE), -len(each[1]), each[0]))
    listed = [{"pid": pid, **_who(pid), **counted(kinds)} for pid, kinds in owned[:limit]]
    return {"processes": listed, "processes_unseen": unseen}


def _owned(found: Found, problems: list[dict[str, Any]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the processes with their connections. One that several hold is of the first of them alone."""
    left = dict(zip(found.inodes, found.kinds))
    left.pop(0, None)
    for pid, inodes in of_each(_sockets, "/proc/*/fd", "sockets", problems) if left else ():
        kinds = [left.pop(inode) for inode in inodes if inode in left]
        if kinds:
            yield pid, kinds
        if not left:
            return  # so that it does not matter which processes are not for us


def _sockets(pid: int) -> list[int]:
    """Return the inodes of the sockets that a process holds."""
    found = []
    folder = os.open(f"{PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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


def _who(pid: int) -> dict[str, str | None]:
    """Return the name and the user of a process, None if it has ended."""
    command = read(f"{PROC}/{pid}/comm")
    uids = [line.split()[2] for line in (read(f"{PROC}/{pid}/status") or "").splitlines() if line.startswith("Uid:")]
    return {
        "command": None if command is None else printable(command.rstrip("\n")),
        "user": _user(int(uids[0])) if uids else None,
    }


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
