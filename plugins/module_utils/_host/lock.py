# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time on a host: from before it looks until it is done. Others can take part: ``flock LOCK COMMAND``."""

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
"""Root's own, since whoever can open a file can lock it, and so hold up everybody else."""
PATIENCE = 60
"""Seconds to wait for a run that has it."""


@contextmanager
def host_lock(files: HostFiles) -> Iterator[None]:
    """Hold the lock of a host or an image; end in an error that names who has it, if that takes too long."""
    fd = _open_lock(files.root)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait_for_lock(fd)
        except OSError as error:
            raise TuningError(
                f"{os.readlink(f'/proc/self/fd/{fd}')} cannot be locked", None, error
            ) from error
        yield
    finally:
        with suppress(OSError):  # nothing was written to it
            os.close(fd)


def _open_lock(root: str) -> int:
    """Open what the lock is on: the root folder itself for an image, and for who may not write to /run."""
    if root == "/":
        try:
            return _open_lock_file()
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
                raise TuningError(f"{LOCK} cannot be opened", None, error) from error
    return os.open(root, os.O_RDONLY | os.O_CLOEXEC)


def _open_lock_file() -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(LOCK, flags)
    except FileNotFoundError:
        return os.open(LOCK, flags | os.O_CREAT, 0o600)


def _wait_for_lock(fd: int) -> None:
    def give_up(*_unused: object) -> NoReturn:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except TimeoutError:
        held_by = f"waited {PATIENCE} s for {os.readlink(f'/proc/self/fd/{fd}')}, which {_describe_holder(fd)} has locked"
        raise TuningError(
            f"another program is changing this host: {held_by}. See what it does, or try again"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _describe_holder(fd: int) -> str:
    """Name the process that has a lock, as /proc/locks tells it: number, kind, ..., process, device:inode."""
    try:
        with open("/proc/locks", encoding="utf-8") as locks:
            fields = [line.split() for line in locks]
        pid = next(
            f[4] for f in fields if f[1] == "FLOCK" and f[5].endswith(f":{os.fstat(fd).st_ino}")
        )
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as command:
            return f"process {pid} ({' '.join(command.read().split(chr(0))).strip()[:100]})"
    except (OSError, StopIteration):
        return "a process that cannot be seen from here"
