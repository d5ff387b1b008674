# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the power at every system call: the folder of our file is a real ext4 whose disk then keeps only what was synced to it.

ext4 is told to stop as it stands, without writing its journal out (EXT4_IOC_SHUTDOWN in fs/ext4/ext4.h), the way in which
xfstests lose power; then it is mounted again, and its journal replayed. `noauto_da_alloc` takes away the pity that ext4 has
with programs that rename before they sync.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from typing import Any, Iterator

from .calls import Call
from .experiment import Experiment, is_backup, is_unread
from .host import State
from .ptrace import Kill, Verdict, libc
from .scenarios import Scenario
from .target import OF_HOST, At, changes_host, was_killed

SHUTDOWN, NOLOGFLUSH = 0x8004587D, 2
FOLDER, DISK = "/etc/sysctl.d", "/srv/disk"


class Disk:
    """An ext4 in a file, mounted where our file lies."""

    def __init__(self) -> None:
        with open(DISK, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^metadata_csum_seed", DISK], check=True)
        self.mount()
        os.rmdir(f"{FOLDER}/lost+found")

    def mount(self) -> None:
        subprocess.run(
            ["mount", "-t", "ext4", "-o", "loop,noauto_da_alloc", DISK, FOLDER], check=True
        )

    def sync(self) -> None:
        folder = os.open(FOLDER, os.O_RDONLY)
        assert libc.syncfs(folder) == 0, os.strerror(ctypes.get_errno())
        os.close(folder)

    def lose_power(self) -> None:
        folder = os.open(FOLDER, os.O_RDONLY)
        fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        os.close(folder)

    def remount(self) -> None:
        subprocess.run(["umount", FOLDER], check=True)
        self.mount()


class Cut(At):
    """At the call of that number the power goes."""

    def __init__(self, number: int, disk: Disk) -> None:
        super().__init__(number, Kill(), changes_host)
        self.disk = disk

    def __call__(self, call: Call) -> Verdict | None:
        verdict = super().__call__(call)
        if verdict:
            self.disk.lose_power()
        return verdict


def trouble_with(experiment: Experiment, left: State, finished: bool) -> Iterator[str]:
    """Yield what is damaged. A run that was over had told of success: that must have reached the disk."""
    for path in {**experiment.before.files, **experiment.after.files, **left.files}:
        old, new, now = (
            state.files.get(path) for state in (experiment.before, experiment.after, left)
        )
        if is_backup(path) or is_unread(path) or now == new or (now == old and not finished):
            continue
        yield f"{path} is {'not new' if finished else 'neither old nor new'}: {str(now)[:300]}"


def cut_everywhere(scenario: Scenario, without_fsync: bool = False) -> dict[str, Any]:
    disk = Disk()
    if without_fsync:
        vars(os)["fsync"] = lambda _fd: None
    experiment = Experiment(scenario)
    cuts, broken = 0, []
    calls = experiment.undisturbed.seen
    for number in range(len(calls) + 1):
        experiment.host.reset()
        disk.sync()
        ran = experiment.run(Cut(number, disk))
        finished = number == len(calls)
        if finished:
            disk.lose_power()
        elif not was_killed(ran):
            broken.append(f"before call {number}: it went on to {ran.printed}")
        disk.remount()
        cuts += 1
        where = "after the run" if finished else f"before {calls[number]}"
        broken += [
            f"power lost {where}: {what}"
            for what in trouble_with(experiment, experiment.host.state(), finished)
        ]
        broken += (
            []
            if broken
            else [f"power lost {where}: {what}" for what in experiment.trouble_with_the_next_run()]
        )
    return {"count": cuts, "broken": broken}


def order(scenario: Scenario) -> dict[str, Any]:
    """Look through the calls of an undisturbed run: each name is given after the data is on the disk, and is there itself at the end."""
    experiment = Experiment(scenario)
    experiment.host.reset()
    trace = At(-1, None, lambda call: call.changes and f"{call.paths[0]}/".startswith(OF_HOST))
    experiment.run(trace)
    calls = trace.seen
    broken = []
    named = [(n, call) for n, call in enumerate(calls) if call.name in NAMING and seen(call)]
    for number, call in named:
        data = call.paths[0]
        if is_unread(data) and last(calls[:number], "write", data) >= last(
            calls[:number], "fsync", data
        ):
            broken.append(f"{call}, but the data was not synced after it was written")
        unsynced = [
            path for path in seen(call) if last(calls, "fsync", os.path.dirname(path)) < number
        ]
        broken += [f"{call}, but the folder of {path} was not synced after it" for path in unsynced]
    return {"count": len(named), "broken": broken}


NAMING = ("rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat")


def seen(call: Call) -> list[str]:
    """Return the names that a call gives or takes away, and that somebody reads."""
    return [path for path in call.paths if not is_unread(path)]


def last(calls: list[Call], name: str, path: str) -> int:
    """Return where a path was last written or synced; -1: never."""
    return max(
        (n for n, call in enumerate(calls) if call.name == name and call.paths[0] == path),
        default=-1,
    )
