# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's limit of inotify instances, which some twenty systemds reach: raised while a lab has some, then put back.

They may be in several labs, so that none of them can tell how many there are. What the limit was stands in a file that
every lab in need of it holds a shared lock on: the last one puts it back, or the next one, when all were killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
SAVED = Path("/run/netops-lab-inotify")
ENOUGH = 8192


@contextlib.contextmanager
def machine_lock() -> Iterator[None]:
    """Keep the labs of this machine apart for a moment; the lock is on a folder that is always there."""
    fd = os.open("/run", os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(
            fd, fcntl.LOCK_UN
        )  # closing is not enough: who was forked meanwhile has it open too
        os.close(fd)


def current() -> int:
    return int(INSTANCES.read_text(encoding="ascii"))


def needed() -> bool:
    """Tell whether a lab on this machine needs the room, now."""
    with machine_lock(), contextlib.suppress(FileNotFoundError), SAVED.open(
        encoding="ascii"
    ) as saved:
        try:
            fcntl.flock(saved, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def make_room() -> int:
    """Raise the limit; give the descriptor that says it is needed."""
    with machine_lock():
        fd = os.open(SAVED, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(fd, fcntl.LOCK_SH)
        if not os.fstat(fd).st_size:
            os.write(fd, str(current()).encode())
        if current() < ENOUGH:
            INSTANCES.write_text(str(ENOUGH), encoding="ascii")
        return fd


def put_back() -> None:
    """Give the machine its limit back, unless another lab still needs it."""
    with machine_lock(), contextlib.suppress(FileNotFoundError, BlockingIOError), SAVED.open(
        encoding="ascii"
    ) as saved:
        fcntl.flock(saved, fcntl.LOCK_EX | fcntl.LOCK_NB)
        INSTANCES.write_text(saved.read(), encoding="ascii")
        SAVED.unlink()
