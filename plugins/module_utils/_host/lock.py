# SPDX-License-Identifier: GPL-3.0-or-later

"""The host lock: one run at a time, from its first look at the host to its end.

Other programs can take part: ``flock /run/netops-tuning.lock COMMAND``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from contextlib import contextmanager, suppress
from typing import Iterator, NoReturn

from .._sysctl.errors import TuningError
from .files import HostFiles

LOCK = "/run/netops-tuning.lock"
"""Only root may open it, since whoever can open a file can lock it and block every other run."""
TIMEOUT = 60
"""Seconds to wait for the run that holds the lock."""

_NO_LOCK_FILE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT)
"""Errors that mean: this user, or this host, cannot have a file in /run."""


@contextmanager
def host_lock(files: HostFiles) -> Iterator[None]:
    """Hold the lock of a host or an image.

    If that takes too long, raise TuningError, which names the process that holds it.
    """
    fd = _open_lock(files.root)
    try:
        _lock(fd)
        yield
    finally:
        with suppress(OSError):  # nothing was written to it
            os.close(fd)


def _open_lock(root: str) -> int:
    """Open the file to lock: for an image, or without access to /run, the root folder itself."""
    if root == "/":
        try:
            return _open_lock_file()
        except OSError as error:
            if error.errno not in _NO_LOCK_FILE:
                raise TuningError(f"{LOCK} cannot be opened", None, error) from error
    return os.open(root, os.O_RDONLY | os.O_CLOEXEC)


def _open_lock_file() -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(LOCK, flags)
    except FileNotFoundError:
        return os.open(LOCK, flags | os.O_CREAT, 0o600)


def _lock(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _wait_for_lock(fd)
    except OSError as error:
        raise TuningError(f"{_path_of(fd)} cannot be locked", None, error) from error


def _wait_for_lock(fd: int) -> None:
    """Wait for the lock; a signal ends flock(2), which knows no timeout."""
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
