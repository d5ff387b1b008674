# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cgroups of the version 2 hierarchy, which every machine has.

A lab mounts no other hierarchy, so one cgroup for each host keeps its systemd away from the others.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from . import syscalls
from .waiting import wait_until

PREFIX = "netops-lab-"


def mount_hierarchy(directory: Path) -> Path:
    """Mount the hierarchy in this process's mounts; return the cgroup of this process there."""
    syscalls.mount("cgroup2", str(directory), "cgroup2")
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        if line.startswith("0::/"):
            return directory / line[len("0::/") :]
    raise RuntimeError("this process is in no cgroup of version 2")


class Cgroup:
    """One cgroup."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def join(self) -> None:
        """Move this process into it, creating it if necessary."""
        self.path.mkdir(exist_ok=True)
        (self.path / "cgroup.procs").write_text("0", encoding="ascii")

    def has_processes(self) -> bool:
        events = (self.path / "cgroup.events").read_text(encoding="ascii")
        return "populated 1" in events

    def _is_empty(self) -> bool:
        return not self.has_processes()

    def kill_and_remove(self) -> None:
        """Kill all processes in it and below it, wait until they are gone, then remove it."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "cgroup.kill").write_text("1", encoding="ascii")
            wait_until(self._is_empty, lambda: f"{self.path}: its processes do not end")
            for directory, _directories, _files in os.walk(self.path, topdown=False):
                os.rmdir(directory)


def supervisor_cgroup_name() -> str:
    """Name the cgroup of this supervisor, so that others can find out whether it still runs."""
    pid = os.getpid()
    return f"{own_prefix()}{pid}-{_start_time(pid)}"


def own_prefix() -> str:
    """Return the start of the names of all labs whose supervisor is in this PID namespace."""
    return f"{PREFIX}{_pid_namespace()}-"


def remove_abandoned(parent: Path) -> None:
    """Remove the cgroups of labs whose supervisor was killed, with the processes left in them."""
    for path in parent.glob(f"{PREFIX}*-*-*"):
        namespace, pid, start_time = path.name[len(PREFIX) :].split("-")
        if namespace == _pid_namespace():
            abandoned = _start_time(int(pid)) != start_time
        else:  # its supervisor cannot be seen from here
            abandoned = not Cgroup(path).has_processes()
        if abandoned:
            Cgroup(path).kill_and_remove()


def _pid_namespace() -> str:
    """Return the number of the namespace in which PIDs are valid."""
    return str(os.stat("/proc/self/ns/pid").st_ino)


def _start_time(pid: int) -> str:
    """Return when a process was started, in clock ticks since boot; empty if it has ended."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # proc(5): the name, field 2, is in parentheses and may contain blanks.
        fields = stat.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            return fields[19]
    return ""
