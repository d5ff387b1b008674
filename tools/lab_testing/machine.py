# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of this machine, to find out whether a lab left traces on it.

Other labs may run at the same time. The tests have their own namespaces, but cgroups, files and
sysctls are the machine's: of these, a snapshot holds what is ours, and what no other lab changes.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from lab import cgroups, inotify, syscalls
from lab.waiting import wait_until

SYSCTLS = (
    "fs/inotify/max_user_watches",
    "net/ipv4/ip_forward",
    "net/ipv4/tcp_keepalive_time",
    "kernel/panic",
)
FILE_PATTERNS = ("run/*", "tmp/nspawn*", "var/lib/machines/*", "etc/systemd/*")
SHARED_FILES = {inotify.SAVED, Path("/run/netops-tuning.lock")}
"""Files that other labs may make."""


class Machine(NamedTuple):
    """A snapshot of the machine."""

    mounts: frozenset[str]
    interfaces: frozenset[str]
    processes: frozenset[str]
    namespaces: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]
    sysctls: frozenset[str]

    def differences(self, later: Machine) -> dict[str, object]:
        """Return what is gone and what is new, by the name of the field."""
        differences: dict[str, object] = {}
        for name, before, after in zip(self._fields, self, later):
            if before != after:
                differences[name] = {"gone": before - after, "new": after - before}
        return differences


def take_snapshot(hierarchy: Path) -> Machine:
    processes = running_processes()
    namespaces: set[str] = set()
    for pid in processes:
        namespaces.update(_namespaces(pid))
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    own_cgroups = hierarchy.rglob(f"{cgroups.own_prefix()}*")
    return Machine(
        mounts=frozenset(mounts),
        interfaces=frozenset(os.listdir("/sys/class/net")),
        processes=frozenset(f"{pid} {command}" for pid, command in processes.items()),
        namespaces=frozenset(namespaces),
        cgroups=frozenset(str(path) for path in own_cgroups),
        files=frozenset(_files()),
        sysctls=frozenset(_sysctls()),
    )


def running_processes() -> dict[int, str]:
    """Return the command lines of the processes that have not ended, by PID."""
    processes = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            command = _command_line(int(name))
            if command:
                processes[int(name)] = command
    return processes


def is_running(pid: int) -> bool:
    return bool(_command_line(pid))


def _command_line(pid: int) -> str:
    """Return the command line of a process; empty if it has ended, even if it is a zombie."""
    path = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        stat = (path / "stat").read_text(encoding="utf-8", errors="replace")
        state = stat.rpartition(")")[2].split()[0]
        if state != "Z":
            arguments = (path / "cmdline").read_bytes()
            return arguments.replace(b"\0", b" ").decode(errors="replace")
    return ""


def _namespaces(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return [os.readlink(path) for path in Path(f"/proc/{pid}/ns").iterdir()]
    return []


def _files() -> list[str]:
    paths = []
    for pattern in FILE_PATTERNS:
        for path in Path("/").glob(pattern):
            if path not in SHARED_FILES:
                paths.append(str(path))
    return paths


def _sysctls() -> list[str]:
    lines = []
    for name in SYSCTLS:
        value = Path("/proc/sys", name).read_text(encoding="ascii")
        lines.append(f"{name} {value}")
    return lines


def assert_unchanged(before: Machine, hierarchy: Path) -> None:
    """Wait until the machine is as it was. The kernel takes some time to remove namespaces."""

    def differences() -> dict[str, object]:
        return before.differences(take_snapshot(hierarchy))

    wait_until(lambda: not differences(), lambda: f"the machine is not as it was: {differences()}")


def isolate(hierarchy: Path) -> Path:
    """Give this test run its own mounts, and mount the whole cgroup hierarchy there."""
    syscalls.private_mounts()
    cgroups.mount_hierarchy(hierarchy)
    return hierarchy
