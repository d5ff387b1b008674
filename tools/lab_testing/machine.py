# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine looks like to somebody who minds that test hosts leave traces.

Others may have labs at the same time. The tests run in namespaces of their own, but cgroups, files and sysctls are the
machine's: of these we look at what is ours, and at what a lab of others does not change.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from lab import cgroups, kernel, limits

SYSCTLS = (
    "fs/inotify/max_user_watches",
    "net/ipv4/ip_forward",
    "net/ipv4/tcp_keepalive_time",
    "kernel/panic",
)
PLACES = ("run/*", "tmp/nspawn*", "var/lib/machines/*", "etc/systemd/*")
OF_ALL = {limits.SAVED, Path("/run/netops-tuning.lock")}


@dataclass(frozen=True)
class Machine:
    mounts: frozenset[str]
    links: frozenset[str]
    processes: frozenset[str]
    namespaces: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]
    sysctls: frozenset[str]

    def differs(self, other: Machine) -> dict[str, object]:
        pairs = {
            field.name: (getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
        }
        return {
            name: {"gone": one - two, "new": two - one}
            for name, (one, two) in pairs.items()
            if one != two
        }


def look(hierarchy: Path) -> Machine:
    told = {pid: _process(Path("/proc", pid)) for pid in filter(str.isdigit, os.listdir("/proc"))}
    processes = {pid: command for pid, command in told.items() if command}
    return Machine(
        mounts=frozenset(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()),
        links=frozenset(os.listdir("/sys/class/net")),
        processes=frozenset(f"{pid} {told}" for pid, told in processes.items()),
        namespaces=frozenset(
            name for pid in processes for name in _namespaces(Path("/proc", pid, "ns"))
        ),
        cgroups=frozenset(str(path) for path in hierarchy.rglob(f"{cgroups.prefix_here()}*")),
        files=frozenset(
            str(path) for place in PLACES for path in Path("/").glob(place) if path not in OF_ALL
        ),
        sysctls=frozenset(
            f"{name} {Path('/proc/sys', name).read_text(encoding='ascii')}" for name in SYSCTLS
        ),
    )


def _process(path: Path) -> str:
    """Give what a process runs; nothing for one that has ended, whether or not its parent knows."""
    with contextlib.suppress(OSError):
        state = (
            (path / "stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()[0]
        )
        return (
            ""
            if state == "Z"
            else (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    return ""


def runs(pid: int) -> bool:
    return bool(_process(Path(f"/proc/{pid}")))


def _namespaces(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return [os.readlink(path) for path in folder.iterdir()]
    return []


def same_again(before: Machine, hierarchy: Path, within: float = 120) -> None:
    """See that the machine is as it was; the kernel takes namespaces away in its own time."""
    deadline = time.monotonic() + within
    while True:
        difference = before.differs(look(hierarchy))
        if not difference:
            return
        assert time.monotonic() < deadline, difference
        time.sleep(0.05)


def until(holds: Callable[[], bool], within: float = 120) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def a_machine_of_ones_own(hierarchy: Path) -> Path:
    """Have mounts and a look at all cgroups for this test run alone; give where they are."""
    kernel.own_mounts()
    cgroups.mount(hierarchy)
    return hierarchy
