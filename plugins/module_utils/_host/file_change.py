# SPDX-License-Identifier: GPL-3.0-or-later

"""Change one file atomically, and journal how to undo the change.

At any instant, a power failure included, the file is whole: the old one or the new one. What other
programs write to it at the same time is never lost.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from typing import Callable, Iterator, NamedTuple

from .._sysctl.errors import TuningError
from .._sysctl.plans.plan import FileChange
from .._sysctl.text import printable
from .files import HostFiles, read_file

SetAttributes = Callable[[str], None]
"""Gives a new file the requested owner, group, mode and context, before the file gets its name."""

_NOT_COPIED = (errno.ENOTSUP, errno.EPERM, errno.ENODATA)
"""Errors of an extended attribute that the new file cannot have; they do not stop the change."""


_TEMPORARY_ENDINGS = (".before", ".new")


class UndoStep(NamedTuple):
    """A change of the host, and how to undo it."""

    what: str
    undo: Callable[[], None]
    temporary: bool = False
    """It is undone also when all went well."""


def require_writable(folder: str, message: str) -> None:
    """Refuse a folder in which no file can be created."""
    if os.access(folder, os.W_OK | os.X_OK):
        return
    if not os.path.isdir(folder):
        number = errno.ENOENT
    elif os.statvfs(folder).f_flag & os.ST_RDONLY:
        number = errno.EROFS
    else:
        number = errno.EACCES
    raise TuningError(message, None, OSError(number, os.strerror(number)))


def remove_leftovers(path: str) -> None:
    """Remove the temporary files of killed runs from the folder of a file.

    The host lock makes sure that no other run is at work.
    """
    folder, _sep, name = path.rpartition("/")
    temporary_files = []
    with suppress(OSError):
        for other_name in os.listdir(folder):
            if other_name.startswith(".") and other_name.endswith(_TEMPORARY_ENDINGS):
                temporary_files.append(other_name)
    if not temporary_files:
        return
    original_name = rf"\..*(\.conf|{re.escape(name)})"
    # A backup, or a copy of the original, has a temporary file of its own.
    endings = r"(\.[\w@:~-]+)*\.\d+\.(before|new)"
    leftover = re.compile(original_name + endings)
    for temporary_file in temporary_files:
        if leftover.fullmatch(temporary_file):
            with suppress(OSError):
                remove_if_exists(f"{folder}/{temporary_file}")


def change_file(
    change: FileChange,
    files: HostFiles,
    set_attributes: SetAttributes | None,
    backup: bool,
    journal: list[UndoStep],
) -> list[str]:
    """Change a file, and return the paths of the backups made: one or none."""
    path = files.host_path(change.real_path)
    backups = []
    try:
        _make_folder(_parent(path), journal)
        if backup and change.before is not None:
            backups.append(_back_up(change, files, journal))
        _replace_file(change, path, set_attributes, journal)
    except (FileExistsError, FileNotFoundError) as error:
        raise _concurrent_change_error(change) from error
    except OSError as error:
        raise TuningError(f"{change.path}: cannot be written", None, error) from error
    return backups


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _make_folder(folder: str, journal: list[UndoStep]) -> None:
    """Create a folder with mode 0755, whatever the umask, unless it is there."""
    if _file_identity(folder):
        return
    umask = os.umask(0)
    try:
        os.mkdir(folder, 0o755)
    finally:
        os.umask(umask)
    journal.append(UndoStep(folder, lambda: os.rmdir(folder)))
    _sync_folder(_parent(folder))


def _back_up(change: FileChange, files: HostFiles, journal: list[UndoStep]) -> str:
    """Copy a file with its attributes to a name that no loader reads; return the copy's path."""
    timestamp = time.strftime("%Y-%m-%d@%H:%M:%S")
    backup = f"{change.real_path}.{os.getpid()}.{timestamp}~"
    path = files.host_path(backup)
    journal.append(UndoStep(path, lambda: remove_if_exists(path)))
    write_file(path, change.before or b"", files.host_path(change.real_path), journal)
    return printable(backup)


def _replace_file(
    change: FileChange, path: str, set_attributes: SetAttributes | None, journal: list[UndoStep]
) -> None:
    """Remove, create or overwrite a file, if it still is what the plan was made for."""
    if change.after is None:
        _remove_file(change, path, journal)
    elif change.before is None:
        new = _write_temporary(path, change.after, None, set_attributes, journal)
        _create_file(change, path, new, journal)
    else:
        new = _write_temporary(path, change.after, path, set_attributes, journal)
        _overwrite_file(change, path, new, journal)


def _remove_file(change: FileChange, path: str, journal: list[UndoStep]) -> None:
    """Move the file to a temporary name, so that it can be put back."""
    original = _journal_replacement(path, None, journal)
    _require_unchanged(change, path)
    os.rename(path, original)
    _sync_folder(_parent(path))
    _require_unchanged(change, original)  # another program may have written until the last moment


def _create_file(change: FileChange, path: str, new: str, journal: list[UndoStep]) -> None:
    """Give the new file its name."""
    _journal_replacement(path, _file_identity(new), journal)
    _require_unchanged(change, path)
    _link_new_file(new, path)
    _sync_folder(_parent(path))


def _overwrite_file(change: FileChange, path: str, new: str, journal: list[UndoStep]) -> None:
    """Keep the original under a temporary name, and give the new file its name."""
    original = _journal_replacement(path, _file_identity(new), journal)
    identity_before = _file_identity(path)
    is_hard_link = _link_or_copy(path, original, change, journal)
    if is_hard_link:
        _require_unchanged(change, original)
        _require_same_file(change, path, original, identity_before)
    else:
        _require_unchanged(change, path)
    os.rename(new, path)
    _sync_folder(_parent(path))
    _require_unchanged(change, original)  # another program may have written until the last moment


def _journal_replacement(
    path: str, new_identity: tuple[int, int] | None, journal: list[UndoStep]
) -> str:
    """Journal how to undo the replacement of a file by a new one (None: by nothing).

    Return the temporary name under which the original is to be kept until all went well.
    """
    original = temporary_name(path, "before")
    journal.append(UndoStep(original, lambda: remove_if_exists(original), temporary=True))
    journal.append(UndoStep(path, lambda: _restore_original(path, original, new_identity)))
    return original


def _link_or_copy(path: str, copy: str, change: FileChange, journal: list[UndoStep]) -> bool:
    """Keep a file under a second name, and tell whether that is a hard link.

    Through a hard link we also see what other programs still write to the original.
    """
    try:
        os.link(path, copy)
    except OSError:  # a file system without hard links
        write_file(copy, change.before or b"", path, journal)
        return False
    return True


def _link_new_file(new: str, path: str) -> None:
    """Give a new file its name, unless another file has taken it meanwhile."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.rename(new, path)


def _restore_original(path: str, original: str, new_identity: tuple[int, int] | None) -> None:
    """Put the original back, or nothing if there was none.

    If another program has replaced our new file meanwhile, its file stays.
    """
    if _file_identity(path) != new_identity:
        return
    if _file_identity(original):
        os.rename(original, path)
    elif new_identity:
        os.unlink(path)
    _sync_folder(_parent(path))


def _file_identity(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file, None if there is none."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _require_unchanged(change: FileChange, path: str) -> None:
    """Refuse a file whose bytes are not those that the plan was made for."""
    data: bytes | None = None
    with suppress(FileNotFoundError):
        data = read_file(path)
    if data != change.before:
        raise _concurrent_change_error(change)


def _require_same_file(
    change: FileChange, path: str, link: str, identity_before: tuple[int, int] | None
) -> None:
    """Refuse a path that no longer names the file of which a hard link was made.

    identity_before: that of the path before the link was made. On an overlay that copies the file
    to another file system, the link has another identity than the path, which keeps its own.
    """
    accepted = (_file_identity(link), identity_before)
    identity = _file_identity(path)  # the last look before the rename
    if identity is None or identity not in accepted:
        raise _concurrent_change_error(change)


def _concurrent_change_error(change: FileChange) -> TuningError:
    return TuningError(
        f"{change.path}: another program changed it at the same time, and its change is kept; "
        "run again"
    )


def remove_if_exists(path: str) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def temporary_name(path: str, ending: str) -> str:
    """Return a temporary name beside a file, which no loader reads and the next run removes."""
    folder, _sep, name = path.rpartition("/")
    return f"{folder}/.{name}.{os.getpid()}.{ending}"


def write_file(
    path: str,
    data: bytes,
    model: str | None,
    journal: list[UndoStep],
    set_attributes: SetAttributes | None = None,
) -> None:
    """Write a file to the disk atomically; its temporary file is in the journal.

    model: the file whose owner, mode and extended attributes it gets; None: it gets mode 0644.
    """
    os.rename(_write_temporary(path, data, model, set_attributes, journal), path)
    _sync_folder(_parent(path))


def _write_temporary(
    path: str,
    data: bytes,
    model: str | None,
    set_attributes: SetAttributes | None,
    journal: list[UndoStep],
) -> str:
    """Write a file to the disk under a temporary name in the folder of ``path``; return the name.

    ``set_attributes`` wins over the attributes of ``model``.
    """
    new = temporary_name(path, "new")
    journal.append(UndoStep(new, lambda: remove_if_exists(new), temporary=True))
    with _open_file(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600) as fd:
        if model:
            _copy_attributes(model, new)
        else:
            os.fchmod(fd, 0o644)  # whatever the umask
        if set_attributes:
            set_attributes(new)
        _write_all(fd, data)
        os.fsync(fd)
    return new


def _write_all(fd: int, data: bytes) -> None:
    while data:
        written = os.write(fd, data)
        data = data[written:]


def _copy_attributes(model: str, new: str) -> None:
    """Copy owner, group, ACLs, extended attributes (the SELinux context is one) and mode."""
    status = os.stat(model)
    os.chown(new, status.st_uid, status.st_gid)
    for name in os.listxattr(model):
        try:
            os.setxattr(new, name, os.getxattr(model, name))
        except OSError as error:
            if error.errno not in _NOT_COPIED:
                raise
    os.chmod(new, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: str) -> None:
    with _open_file(folder, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


@contextmanager
def _open_file(path: str, flags: int, mode: int = 0) -> Iterator[int]:
    """Open a file for a while; an error that has no file name gets this one."""
    try:
        fd = os.open(path, flags | os.O_CLOEXEC, mode)
        try:
            yield fd
        finally:
            os.close(fd)
    except OSError as error:
        error.filename = error.filename or path
        raise
