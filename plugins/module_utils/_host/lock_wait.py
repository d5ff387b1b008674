# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for the host lock while another run, or another program, holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from typing import NoReturn

from .._sysctl.errors import TuningError

TIMEOUT = 60
"""Seconds to wait for the run that holds the lock."""


def wait_for_lock(fd: int) -> None:
    """Wait for the lock, or raise TuningError that names the process that holds it.

    A signal ends flock(2), which knows no timeout.
    """
    handler_before = signal.signal(signal.SIGALRM, _raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except TimeoutError:
        raise _timeout_error(fd) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)


def _raise_timeout(_number: int, _frame: object) -> NoReturn:
    raise TimeoutError


def _timeout_error(fd: int) -> TuningError:
    return TuningError(
        f"another program is changing this host: waited {TIMEOUT} s for {_path_of(fd)}, "
        f"which {_describe_holder(fd)} has locked. See what it does, or try again"
    )


def _path_of(fd: int) -> str:
    return os.readlink(f"/proc/self/fd/{fd}")


def _describe_holder(fd: int) -> str:
    """Name the process that holds the lock."""
    try:
        pid = _holder_pid(os.fstat(fd).st_ino)
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            arguments = file.read().split("\0")
    except OSError:
        return "a process that cannot be seen from here"
    command = " ".join(arguments).strip()[:100]
    return f"process {pid} ({command})"


def _holder_pid(inode: int) -> str:
    """Return the process that has locked an inode; raise FileNotFoundError if none is visible.

    A line of /proc/locks (proc(5)) is: number, kind, mode, access, process, device:inode, range.
    """
    with open("/proc/locks", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                return fields[4]
    raise FileNotFoundError(errno.ENOENT, "no lock on this inode")
