# SPDX-License-Identifier: GPL-3.0-or-later

"""Change a file: it is whole-old or whole-new at any instant, also if the power fails, and others lose nothing by it."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator, NamedTuple

from .._sysctl.errors import TuningError
from .._sysctl.plan import FileChange
from .._sysctl.text import printable
from .files import HostFiles, read_file

SetAttributes = Callable[[str], None]
"""Gives a file the owner, group, mode and context that the user asked for, before it gets its name."""


class UndoStep(NamedTuple):
    """Something done to the host, and how to take it back."""

    what: str
    undo: Callable[[], None]
    temporary: bool = False
    """It is taken back also when all went well."""


def require_writable(folder: str, message: str) -> None:
    """Refuse a folder in which no file can be put."""
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = os.path.isdir(folder) and os.statvfs(folder).f_flag & os.ST_RDONLY
        number = (
            errno.EROFS if read_only else errno.EACCES if os.path.isdir(folder) else errno.ENOENT
        )
        raise TuningError(message, None, OSError(number, os.strerror(number)))


def remove_leftovers(path: str) -> None:
    """Remove what killed runs have left in the folder of a file; that no other is at work, the lock sees to."""
    folder, _sep, name = path.rpartition("/")
    left = rf"\..*(\.conf|{re.escape(name)})(\.[\w@:~-]+)*\.\d+\.(before|new)"
    with suppress(OSError):
        for other in os.listdir(folder):
            if other[0] == "." and re.fullmatch(left, other):
                remove_if_exists(f"{folder}/{other}")


def change_file(
    change: FileChange,
    files: HostFiles,
    attributes: SetAttributes | None,
    backup: bool,
    journal: list[UndoStep],
) -> list[str]:
    """Change a file, and return the copy made of it."""
    path = files.host_path(change.real_path)
    try:
        _make_folder(path.rpartition("/")[0], journal)
        copies = [_back_up(change, files, journal)] if backup and change.before is not None else []
        _replace_file(change, path, attributes, journal)
        return copies
    except (FileExistsError, FileNotFoundError) as error:
        raise _concurrent_change_error(change) from error
    except OSError as error:
        raise TuningError(f"{change.path}: cannot be written", None, error) from error


def _make_folder(folder: str, journal: list[UndoStep]) -> None:
    if _file_identity(folder):
        return
    umask = os.umask(0)
    try:
        os.mkdir(folder, 0o755)
    finally:
        os.umask(umask)
    journal.append(UndoStep(folder, lambda: os.rmdir(folder)))
    _sync_folder(folder.rpartition("/")[0])


def _back_up(change: FileChange, files: HostFiles, journal: list[UndoStep]) -> str:
    """Copy a file, with all that belongs to it, to a name with the time in it that no loader reads; return that."""
    copy = f"{change.real_path}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"
    path = files.host_path(copy)
    journal.append(UndoStep(path, lambda: remove_if_exists(path)))
    write_file(path, change.before or b"", files.host_path(change.real_path), journal)
    return printable(copy)


def _replace_file(
    change: FileChange, path: str, attributes: SetAttributes | None, journal: list[UndoStep]
) -> None:
    """Put a file in place, or take it away: whole-old or whole-new at any instant, and only if it is as it was planned for."""
    kept = temporary_name(path, "before")
    like = None if change.before is None else path
    new = (
        ""
        if change.after is None
        else _write_temporary(path, change.after, like, attributes, journal)
    )
    ours = _file_identity(new)
    journal.append(UndoStep(kept, lambda: remove_if_exists(kept), temporary=True))
    journal.append(UndoStep(path, lambda: _restore_original(path, kept, ours)))
    linked = (
        change.before is not None
        and new != ""
        and _keep_original(path, kept, change.before, journal)
    )
    _require_unchanged(change, kept if linked else path)
    if linked and _file_identity(kept) != _file_identity(path):
        raise _concurrent_change_error(change)
    if not new:
        os.rename(path, kept)
    elif change.before is None:
        _link_new_file(new, path)
    else:
        os.rename(new, path)
    _sync_folder(path.rpartition("/")[0])
    if change.before is not None:
        _require_unchanged(change, kept)  # somebody may have written to it until the last moment


def _keep_original(path: str, kept: str, before: bytes, journal: list[UndoStep]) -> bool:
    """Keep a file under a name no loader reads; tell whether it is the same inode, which is then seen to the end."""
    try:
        os.link(path, kept)
        return True
    except OSError:
        write_file(kept, before, path, journal)
        return False


def _link_new_file(new: str, path: str) -> None:
    """Give a new file its name, but not that of a file that has come meanwhile."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.rename(new, path)


def _restore_original(path: str, kept: str, ours: object) -> None:
    """Put back the file that was kept, or nothing, in the place of what we put there. What others put there stays."""
    if _file_identity(path) != ours:
        return
    if _file_identity(kept):
        os.rename(kept, path)
    elif ours:
        os.unlink(path)
    _sync_folder(path.rpartition("/")[0])


def _file_identity(path: str) -> object:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _require_unchanged(change: FileChange, path: str) -> None:
    try:
        found: bytes | None = read_file(path)
    except FileNotFoundError:
        found = None
    if found != change.before:
        raise _concurrent_change_error(change)


def _concurrent_change_error(change: FileChange) -> TuningError:
    return TuningError(
        f"{change.path}: another program changed it at the same time, and that is left as it is; run again"
    )


def remove_if_exists(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def temporary_name(path: str, ending: str) -> str:
    """Return the name of a file that is there for now, which no loader reads, and which the next run sweeps."""
    folder, _sep, name = path.rpartition("/")
    return f"{folder}/.{name}.{os.getpid()}.{ending}"


def write_file(
    path: str,
    data: bytes,
    like: str | None,
    journal: list[UndoStep],
    attributes: SetAttributes | None = None,
) -> None:
    """Put a file in place, to the disk; what is there for now until then, the journal tells."""
    os.rename(_write_temporary(path, data, like, attributes, journal), path)
    _sync_folder(path.rpartition("/")[0])


def _write_temporary(
    path: str,
    data: bytes,
    like: str | None,
    attributes: SetAttributes | None,
    journal: list[UndoStep],
) -> str:
    """Write a file, to the disk, under a name for now beside its own; return that name.

    It is like another file, its own predecessor mostly, or 0644 whatever the umask, but for what the user asked for.
    """
    new = temporary_name(path, "new")
    journal.append(UndoStep(new, lambda: remove_if_exists(new), temporary=True))
    with _open_file(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600) as fd:
        if like:
            _copy_attributes(like, new)
        else:
            os.fchmod(fd, 0o644)
        if attributes:
            attributes(new)
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
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


def _sync_folder(folder: str) -> None:
    with _open_file(folder, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


@contextmanager
def _open_file(path: str, flags: int, mode: int = 0) -> Iterator[int]:
    """Open a file for a while; whatever goes wrong with it bears its name."""
    try:
        fd = os.open(path, flags | os.O_CLOEXEC, mode)
        try:
            yield fd
        finally:
            os.close(fd)
    except OSError as error:
        error.filename = error.filename or path
        raise
