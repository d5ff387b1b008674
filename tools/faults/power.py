# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the power at each system call that changes the host; only what was synced survives.

The folder of our file is a real ext4. It is told to stop at once and not to write its journal out
(EXT4_IOC_SHUTDOWN, fs/ext4/ext4.h), as xfstests simulate a power failure; then it is mounted again,
which replays the journal. With `noauto_da_alloc` ext4 does not help programs that rename a file
before they sync it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

from .calls import Call
from .experiment import Experiment, is_backup, is_unread
from .host import HostState
from .module_run import HOST_FOLDERS, CallRecorder, InterveneAt, changes_host
from .ptrace import Kill, Verdict, libc
from .scenarios import Scenario

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
FOLDER = "/etc/sysctl.d"
DISK = "/srv/disk"


class Disk:
    """An ext4 in a file, mounted where our file is."""

    def __init__(self) -> None:
        with open(DISK, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^metadata_csum_seed", DISK], check=True)
        self.mount()
        os.rmdir(f"{FOLDER}/lost+found")

    def mount(self) -> None:
        options = "loop,noauto_da_alloc"
        subprocess.run(["mount", "-t", "ext4", "-o", options, DISK, FOLDER], check=True)

    def sync(self) -> None:
        folder = os.open(FOLDER, os.O_RDONLY)
        assert libc.syncfs(folder) == 0, os.strerror(ctypes.get_errno())
        os.close(folder)

    def lose_power(self) -> None:
        folder = os.open(FOLDER, os.O_RDONLY)
        fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(folder)

    def remount(self) -> None:
        subprocess.run(["umount", FOLDER], check=True)
        self.mount()


class PowerCut(InterveneAt):
    """The disk loses power, and the run ends, before the call of this number."""

    def __init__(self, number: int, disk: Disk) -> None:
        super().__init__(number, Kill(), changes_host)
        self.disk = disk

    def verdict(self, call: Call) -> Verdict | None:
        verdict = super().verdict(call)
        if verdict:
            self.disk.lose_power()
        return verdict


def find_damage(experiment: Experiment, state: HostState, finished: bool) -> Iterator[str]:
    """Yield each damaged file. finished: the run reported success, so all must be new."""
    old_files = experiment.before.files
    new_files = experiment.after.files
    for path in {**old_files, **new_files, **state.files}:
        file = state.files.get(path)
        is_new = file == new_files.get(path)
        is_old = file == old_files.get(path)
        if is_backup(path) or is_unread(path) or is_new or (is_old and not finished):
            continue
        damage = "not new" if finished else "neither old nor new"
        yield f"{path} is {damage}: {str(file)[:300]}"


def cut_everywhere(scenario: Scenario, without_fsync: bool = False) -> dict[str, Any]:
    disk = Disk()
    if without_fsync:
        vars(os)["fsync"] = lambda _fd: None
    experiment = Experiment(scenario)
    problems: list[str] = []
    calls = experiment.calls
    for number, call in enumerate(calls):
        experiment.host.reset()
        disk.sync()
        run = experiment.run(PowerCut(number, disk))
        if not run.was_killed:
            problems.append(f"before call {number}: it went on to {run.output}")
        problems += _problems_after_cut(experiment, disk, f"before {call}", finished=False)
    experiment.host.reset()
    disk.sync()
    experiment.run(PowerCut(len(calls), disk))
    disk.lose_power()
    problems += _problems_after_cut(experiment, disk, "after the run", finished=True)
    return {"count": len(calls) + 1, "problems": problems}


def _problems_after_cut(
    experiment: Experiment, disk: Disk, where: str, finished: bool
) -> list[str]:
    disk.remount()
    problems = list(find_damage(experiment, experiment.host.state(), finished))
    if not problems:
        problems += experiment.check_next_runs()
    return [f"power lost {where}: {problem}" for problem in problems]


def check_sync_order(scenario: Scenario) -> dict[str, Any]:
    """Check in an undisturbed run that data, name and folder are synced in this order."""
    experiment = Experiment(scenario)
    experiment.host.reset()
    recorder = CallRecorder(_changes_files)
    experiment.run(recorder)
    count = 0
    problems: list[str] = []
    for number, call in enumerate(recorder.calls):
        if call.name in NAMING_CALLS and _visible_names(call):
            count += 1
            problems += _find_unsynced(recorder.calls, number)
    return {"count": count, "problems": problems}


NAMING_CALLS = ("rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat")
"""System calls that give a file or a folder a name."""


def _changes_files(call: Call) -> bool:
    return call.changes and f"{call.paths[0]}/".startswith(HOST_FOLDERS)


def _visible_names(call: Call) -> list[str]:
    """Return the names that a call gives or takes away and that a loader or a user reads."""
    return [path for path in call.paths if not is_unread(path)]


def _find_unsynced(calls: list[Call], number: int) -> Iterator[str]:
    """Yield what was not synced, or too early, for the name given by the call of this number."""
    call = calls[number]
    data = call.paths[0]
    earlier = calls[:number]
    written = _last(earlier, "write", data)
    synced = _last(earlier, "fsync", data)
    if is_unread(data) and written >= synced:
        yield f"{call}, but the data was not synced after it was written"
    for path in _visible_names(call):
        if _last(calls, "fsync", os.path.dirname(path)) < number:
            yield f"{call}, but the folder of {path} was not synced after it"


def _last(calls: list[Call], name: str, path: str) -> int:
    """Return the number of the last call of this name on a path, or -1."""
    last = -1
    for number, call in enumerate(calls):
        if call.name == name and call.paths[0] == path:
            last = number
    return last
