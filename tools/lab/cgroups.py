# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cgroups of the version 2 hierarchy, of which every machine has one, whatever else it has.

A lab sees no other, so one cgroup for a host is enough to keep its systemd off those of the others.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from . import kernel

PREFIX = "netops-lab-"


def mount(folder: Path) -> Path:
    """Mount the hierarchy there, in mounts of our own; give the cgroup that we are in."""
    kernel.mount("cgroup2", str(folder), "cgroup2")
    lines = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    return folder / next(line[len("0::/") :] for line in lines if line.startswith("0::/"))


class Cgroup:
    def __init__(self, path: Path) -> None:
        self.path = path

    def join(self) -> None:
        """Move this process there."""
        self.path.mkdir(exist_ok=True)
        (self.path / "cgroup.procs").write_text("0", encoding="ascii")

    def alive(self) -> bool:
        return "populated 1" in (self.path / "cgroup.events").read_text(encoding="ascii")

    def end(self, within: float = 30) -> None:
        """Kill whatever lives there or below, see it gone, and take the cgroup away."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "cgroup.kill").write_text("1", encoding="ascii")
            deadline = time.monotonic() + within
            while self.alive():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.path}: its processes do not end")
                time.sleep(0.005)
            for folder, _folders, _files in os.walk(self.path, topdown=False):
                os.rmdir(folder)


def of_keeper() -> str:
    """Name the cgroup of this keeper so that it can be told whether it still lives."""
    return f"{prefix_here()}{os.getpid()}-{_started(os.getpid())}"


def prefix_here() -> str:
    """Tell how the names of all keepers begin that are in our namespace of processes."""
    return f"{PREFIX}{_processes()}-"


def sweep(base: Path) -> None:
    """Take away the cgroups of labs whose keeper was killed, with what still runs there."""
    for path in base.glob(f"{PREFIX}*-*-*"):
        processes, pid, started = path.name[len(PREFIX) :].split("-")
        ours = processes == _processes()  # else nothing is known about its keeper
        if _started(int(pid)) != started if ours else not Cgroup(path).alive():
            Cgroup(path).end()


def _processes() -> str:
    """Name the namespace that process numbers hold in."""
    return str(os.stat("/proc/self/ns/pid").st_ino)


def _started(pid: int) -> str:
    """Tell when a process started, or nothing if it has ended."""
    with contextlib.suppress(OSError):
        fields = (
            Path(f"/proc/{pid}/stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()
        )
        return fields[19] if fields[0] not in "ZX" else ""
    return ""
