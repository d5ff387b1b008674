# SPDX-License-Identifier: GPL-3.0-or-later

"""The host lock: one run at a time, from its first look at the host to its end.

Other programs can take part: ``flock /run/netops-tuning.lock COMMAND``.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager, suppress
from typing import Iterator

from .._sysctl.errors import TuningError
from .files import HostFiles

LOCK = "/run/netops-tuning.lock"
"""Only root may open it, since whoever can open a file can lock it and block every other run."""

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
        from .lock_wait import wait_for_lock  # few runs find it locked

        wait_for_lock(fd)
    except OSError as error:
        path = os.readlink(f"/proc/self/fd/{fd}")
        raise TuningError(f"{path} cannot be locked", None, error) from error
