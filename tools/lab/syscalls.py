# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""System calls that Python does not offer, or not in every version."""

from __future__ import annotations

import ctypes
import os
import signal

# linux/sched.h
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# linux/prctl.h
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    function = getattr(_libc, name)
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{args}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _call("unshare", flags)


def enter_namespace(path: str, flag: int) -> None:
    """Move this process into the namespace of a file below /proc."""
    fd = os.open(path, os.O_RDONLY)
    try:
        _call("setns", fd, flag)
    finally:
        os.close(fd)


def mount(source: str, target: str, fstype: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system."""
    _call(
        "mount",
        source.encode(),
        target.encode(),
        fstype.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )


def bind_mount(source: str, target: str) -> None:
    """Make a file or directory visible at a second path."""
    mount(source, target, flags=MS_BIND)


def remount_read_only(target: str) -> None:
    """Make a mount read-only. Mounts below it do not change."""
    options = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("", target, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | options)


def unmount(target: str) -> None:
    """Detach a mount and all mounts below it; the kernel frees it when nobody uses it any more."""
    _call("umount2", target.encode(), MNT_DETACH)


def private_mounts() -> None:
    """Enter a mount namespace whose new mounts only this process and its children see."""
    unshare(CLONE_NEWNS)
    mount("", "/", flags=MS_REC | MS_PRIVATE)


def pivot_root(directory: str) -> None:
    """Make a mount point the root directory, and detach the old one."""
    os.chdir(directory)
    _call("pivot_root", b".", b".")
    unmount(".")
    os.chdir("/")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _call("prctl", PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
