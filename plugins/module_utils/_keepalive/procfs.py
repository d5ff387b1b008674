# SPDX-License-Identifier: GPL-3.0-or-later

"""Read /proc: its processes, and files that may be gone before we come to them."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator, TypeVar

PROC = "/proc"

Result = TypeVar("Result")


def visit_processes(
    read: Callable[[int], Result], path: str, what: str, problems: list[dict[str, Any]]
) -> Iterator[tuple[int, Result]]:
    """Yield each process, by ascending number, with what ``read`` returns for it.

    Those that this user may not look into are one problem: of ``what``, at ``path``.
    """
    pids = _process_ids()
    hidden = 0
    for pid in pids:
        try:
            yield pid, read(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has ended
        except OSError:
            hidden += 1
    if hidden:
        user = "a root without all capabilities"
        if os.geteuid() != 0:
            user = "this user (become root: 'become: true')"
        noun = "process" if len(pids) == 1 else "processes"
        reason = f"{user} may not see the {what} of {hidden} of {len(pids)} {noun}"
        problems.append({"path": path, "problem": reason})


def _process_ids() -> list[int]:
    try:
        names = os.listdir(PROC)
    except OSError:
        return []
    return sorted(int(name) for name in names if name.isdigit())


def socket_inodes(pid: int) -> list[int]:
    """Return the inodes of the sockets that a process has open."""
    inodes = []
    folder = os.open(f"{PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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


def process_name(pid: int) -> str | None:
    """Return the name of the program that a process runs, None if it has ended."""
    name = read_proc_file(f"{PROC}/{pid}/comm")
    return None if name is None else name.rstrip("\n")


def process_uid(pid: int) -> int | None:
    """Return the number of the user as whom a process acts, None if it has ended."""
    uid = None
    for line in (read_proc_file(f"{PROC}/{pid}/status") or "").splitlines():
        if line.startswith("Uid:"):
            _label, _real, effective, *_others = line.split()
            uid = int(effective)
    return uid


def read_proc_file(path: str) -> str | None:
    """Return the text of a file in /proc, None if it is gone or this user may not read it."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return None
