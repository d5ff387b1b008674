# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings that the last boot did not keep, found by the age of the files that ask for them."""

from __future__ import annotations

import os
import time
from typing import Iterable

from ..._sysctl.files.sysctl_d import Line
from ..._sysctl.plans.undone import Undone
from ..files import HostFiles, read_file

PROC_STAT = "/proc/stat"
PROCESS_1 = "/proc/1/stat"
_START_TIME = 19
"""The index of ``starttime`` (proc_pid_stat(5)) among the fields after the name of a process."""


def find_undone(
    contradictions: Iterable[tuple[str, str, Line]], files: HostFiles
) -> tuple[Undone, ...]:
    """Return those contradictions whose file was there, as it is, before the host booted.

    A file that was written since then asks for what nobody may have applied yet.

    contradictions: keys, each with its runtime value and the line that asks for another.
    """
    booted = read_boot_time()
    if booted is None:
        return ()
    booted_text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(booted))
    undone = []
    for key, runtime, line in contradictions:
        paths = [files.host_path(path) for path in (line.path, line.real_path)]
        if all(_is_unchanged_since(path, booted) for path in paths):
            undone.append(Undone(key, runtime=runtime, line=line, booted=booted_text))
    return tuple(undone)


def read_boot_time() -> float | None:
    """Return when process 1 started (seconds since 1970), None if that is not known.

    In a container that is when the container started, not the machine.
    """
    try:
        machine_booted = _read_machine_boot_time()
        process = read_file(PROCESS_1)
    except OSError:
        return None
    fields = process.rpartition(b")")[2].split()
    if machine_booted is None or len(fields) <= _START_TIME:
        return None
    ticks = int(fields[_START_TIME])
    return machine_booted + ticks / os.sysconf("SC_CLK_TCK")


def _read_machine_boot_time() -> int | None:
    for line in read_file(PROC_STAT).splitlines():
        name, _space, value = line.partition(b" ")
        if name == b"btime":
            return int(value)
    return None


def _is_unchanged_since(path: str, moment: float) -> bool:
    """Tell whether neither the bytes nor the inode of a file or link changed since a moment.

    Programs can set the time of a change of the bytes (mtime), and not that of the inode (ctime).
    """
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return max(status.st_mtime, status.st_ctime) < moment
