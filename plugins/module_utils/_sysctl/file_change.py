# SPDX-License-Identifier: GPL-3.0-or-later

"""Change a file: it is whole-old or whole-new at any instant, also if the power fails, and others lose nothing by it."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
import time
from contextlib import suppress
from typing import Callable

from .base import TuningError, dataclass
from .host import Files, read_file
from .plan import FileChange
from .values import printable

Attributes = Callable[[str], None]
"""Gives a file the owner, group, mode and context that the user asked for, before it gets its name."""


@dataclass(frozen=True)
class Step:
    """Something done to the host, how to take it back, and the files that are there only for that."""

    what: str
    undo: Callable[[], None]
    left: tuple[str, ...] = ()


def back_up(change: FileChange, files: Files, journal: list[Step]) -> str:
    """Copy a file, with all that belongs to it, to a name with the time in it that no loader reads; return that."""
    copy = f"{change.real}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"
    journal.append(Step(copy, lambda: remove(files.outside(copy))))
    write_file(files.outside(copy), change.before or b"", files.outside(change.real))
    return printable(copy)


def change_file(change: FileChange, files: Files, attributes: Attributes | None, journal: list[Step]) -> None:
    path = files.outside(change.real)
    folder = path.rpartition("/")[0]
    try:
        if not os.path.isdir(folder):
            journal.append(Step(folder, lambda: os.rmdir(folder) if os.path.isdir(folder) else None))
            os.mkdir(folder)
            os.chmod(folder, 0o755)
            _sync(folder.rpartition("/")[0])
        _sweep(path)
        _replace(change, path, attributes, journal)
    except FileExistsError as error:
        raise _changed_by_others(change) from error
    except OSError as error:
        raise TuningError(f"{change.path}: cannot be written", None, error) from error


def _sweep(path: str) -> None:
    """Remove what runs that were killed have left beside a file; that no other is at work, the lock sees to."""
    folder, _sep, name = path.rpartition("/")
    left = re.compile(rf"\.{{1,2}}{re.escape(name)}(\.[\w@:~-]+)*\.(\d+\.before|\w{{8}}\.new)")
    remove(*(f"{folder}/{other}" for other in os.listdir(folder) if left.fullmatch(other)))


def _replace(change: FileChange, path: str, attributes: Attributes | None, journal: list[Step]) -> None:
    """Put a file in place, or take it away: whole-old or whole-new at any instant, and only if it is as it was planned for."""
    kept = _name_beside(path, f"{os.getpid()}.before")
    new = "" if change.after is None else _new_file(path, change.after, path, attributes)
    ours = _identity(new)
    journal.append(Step(path, lambda: _put_back(path, kept, ours), (kept, new)))
    if change.before is not None:
        _keep(path, kept, change.before)
    _expect(change, path)
    if not new:
        os.unlink(path)
    elif change.before is None:
        _link(new, path)
    else:
        os.rename(new, path)
    _sync(path.rpartition("/")[0])
    if change.before is not None:
        _expect(change, kept)  # somebody may have written to it until the last moment


def _keep(path: str, kept: str, before: bytes) -> None:
    """Keep a file as it is: the same inode, under a name no loader reads."""
    try:
        os.link(path, kept)
    except OSError:
        write_file(kept, before, path)


def _link(new: str, path: str) -> None:
    """Give a new file its name, but not that of a file that has come meanwhile."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.rename(new, path)


def _put_back(path: str, kept: str, ours: object) -> None:
    """Put back the file that was kept, or nothing, in the place of what we put there. What others put there stays."""
    if _identity(path) != ours:
        return
    if os.path.lexists(kept):
        os.rename(kept, path)
    elif ours:
        os.unlink(path)
    _sync(path.rpartition("/")[0])


def _identity(path: str) -> object:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _expect(change: FileChange, path: str) -> None:
    try:
        found: bytes | None = read_file(path)
    except FileNotFoundError:
        found = None
    if found != change.before:
        raise _changed_by_others(change)


def _changed_by_others(change: FileChange) -> TuningError:
    return TuningError(
        f"{change.path}: another program changed it at the same time, and that is left as it is; run again"
    )


def remove(*paths: str) -> None:
    for path in paths:
        if path and os.path.lexists(path):
            os.unlink(path)


def _name_beside(path: str, ending: str) -> str:
    folder, _sep, name = path.rpartition("/")
    return f"{folder}/.{name}.{ending}"


def write_file(path: str, data: bytes, like: str, attributes: Attributes | None = None) -> None:
    """Put a file in place, to the disk."""
    new = _new_file(path, data, like, attributes)
    try:
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise
    _sync(path.rpartition("/")[0])


def _new_file(path: str, data: bytes, like: str, attributes: Attributes | None) -> str:
    """Write a file, to the disk, under a name for the time being beside its own; return that name.

    It is like another file, its own predecessor mostly, or 0644 whatever the umask, but for what the user asked for.
    """
    folder, _sep, name = path.rpartition("/")
    fd, new = tempfile.mkstemp(prefix=f".{name}.", suffix=".new", dir=folder)
    try:
        try:
            if os.path.lexists(like):
                _copy_attributes(like, new)
            else:
                os.fchmod(fd, 0o644)
            if attributes:
                attributes(new)
            while data:
                data = data[os.write(fd, data) :]
            os.fsync(fd)
        finally:
            os.close(fd)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise
    return new


def _copy_attributes(path: str, new: str) -> None:
    """Give a file the owner, group, ACLs, extended attributes (the SELinux context is one) and mode of another."""
    old = os.stat(path)
    os.chown(new, old.st_uid, old.st_gid)
    for name in os.listxattr(path):
        try:
            os.setxattr(new, name, os.getxattr(path, name))
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.ENODATA):
                raise
    os.chmod(new, stat.S_IMODE(old.st_mode))


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
