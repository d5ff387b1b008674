# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's limit of inotify instances, which about twenty systemds use up.

It is raised while a lab needs it, then restored. Several labs may need it at once, and none of them
knows of the others. So the original limit is kept in a file on which each of these labs holds a
shared lock: the last one restores the limit, or the next one if all of them were killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
SAVED = Path("/run/netops-lab-inotify")
ENOUGH = 8192


@contextlib.contextmanager
def machine_lock() -> Iterator[None]:
    """Lock out the other labs of this machine, with a lock on a directory that always exists."""
    fd = os.open("/run", os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        # Closing is not enough: a child that was forked meanwhile has the file open, too.
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def current_limit() -> int:
    return int(LIMIT.read_text(encoding="ascii"))


def is_needed() -> bool:
    """Return whether a lab of this machine needs the raised limit now."""
    with machine_lock():
        try:
            with SAVED.open(encoding="ascii") as saved:
                fcntl.flock(saved, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
    return False


def raise_limit() -> int:
    """Raise the limit; return the descriptor whose lock shows that it is needed."""
    with machine_lock():
        fd = os.open(SAVED, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(fd, fcntl.LOCK_SH)
        if not os.fstat(fd).st_size:
            os.write(fd, str(current_limit()).encode())
        if current_limit() < ENOUGH:
            LIMIT.write_text(str(ENOUGH), encoding="ascii")
        return fd


def restore_limit() -> None:
    """Restore the limit, unless another lab still needs it."""
    with machine_lock():
        try:
            with SAVED.open(encoding="ascii") as saved:
                fcntl.flock(saved, fcntl.LOCK_EX | fcntl.LOCK_NB)
                LIMIT.write_text(saved.read(), encoding="ascii")
                SAVED.unlink()
        except (FileNotFoundError, BlockingIOError):
            return
