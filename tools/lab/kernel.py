# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls that Python has no name for (or not on every version)."""

from __future__ import annotations

import ctypes
import os
import signal

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = (
    0x00020000,
    0x02000000,
    0x04000000,
    0x08000000,
)
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{args}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _call("unshare", flags)


def enter(namespace: str, flag: int) -> None:
    """Move into a namespace, named by its file below /proc."""
    fd = os.open(namespace, os.O_RDONLY)
    try:
        _call("setns", fd, flag)
    finally:
        os.close(fd)


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    _call(
        "mount",
        source.encode(),
        target.encode(),
        fstype.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )


def bind(source: str, target: str) -> None:
    mount(source, target, flags=MS_BIND)


def read_only(target: str) -> None:
    """Let nobody write through this mount; what is mounted below it stays as it is."""
    kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def unmount(target: str) -> None:
    """Take a mount away, and all below it; it ends when nobody uses it."""
    _call("umount2", target.encode(), MNT_DETACH)


def own_mounts() -> None:
    """Leave the mounts of the others: what is mounted from now on, only we and our children see."""
    unshare(CLONE_NEWNS)
    mount("", "/", flags=MS_REC | MS_PRIVATE)


def make_root(folder: str) -> None:
    """Make a mounted folder the root, and let go of the old one."""
    os.chdir(folder)
    _call("pivot_root", b".", b".")
    unmount(".")
    os.chdir("/")


def die_with_parent() -> None:
    _call("prctl", PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
