# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry a plan out: runtime values, read back, then files; and take all of it back if any step fails."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import time
from contextlib import suppress
from typing import Callable

from .base import TuningError, dataclass, in_words
from .host import Files, proc_path, read_key
from .loaders import FOLDERS
from .plan import FileChange, Plan, Write
from .sysctl_d import encode
from .values import printable, quoted, same

Attributes = Callable[[str], None]
"""Gives a file the owner, group, mode and context that the user asked for, before it gets its name."""


@dataclass(frozen=True)
class Step:
    """Something done to the host, how to take it back, and the file kept for that."""

    what: str
    undo: Callable[[], None]
    kept: str = ""


def refuse_impossible(plan: Plan, files: Files) -> None:
    """Refuse, before anything is written, what can be seen to fail: no privilege, read-only, no folder."""
    for write in plan.writes:
        if not os.access(proc_path(write.key), os.W_OK):
            try:
                os.close(os.open(proc_path(write.key), os.O_WRONLY | os.O_CLOEXEC))
            except OSError as error:
                raise _not_set(write, error) from error
    for change in plan.files:
        folder = change.real.rpartition("/")[0]
        if not os.path.isdir(files.outside(folder)):
            if folder not in map(files.resolve, FOLDERS):
                raise TuningError(
                    f"{change.path}: there is no folder {folder}; create it, or choose a path in /etc/sysctl.d"
                )
            folder = folder.rpartition("/")[0]
        where = files.outside(folder)
        if not os.access(where, os.W_OK | os.X_OK):
            read_only = os.path.isdir(where) and os.statvfs(where).f_flag & os.ST_RDONLY
            number = errno.EROFS if read_only else errno.EACCES if os.path.isdir(where) else errno.ENOENT
            raise TuningError(f"{change.path} cannot be written", None, OSError(number, os.strerror(number)))


def carry_out(plan: Plan, files: Files, attributes: Attributes, backup: bool) -> list[str]:
    """Do all of it or nothing; return the backups made.

    Order: runtime values as given, all of them read back, files (ours first). Each step notes how it is undone
    before it is done; any error undoes the noted steps, newest first.
    """
    journal: list[Step] = []
    backups: list[str] = []
    try:
        if plan.writes:
            _set_runtime(plan, journal)
            _read_back(plan)
        for change in plan.files:
            if backup and change.before is not None:
                backups.append(_back_up(change, files, journal))
            _change_file(change, files, attributes if change.real == plan.observed.real else None, journal)
    except (OSError, TuningError, KeyboardInterrupt) as error:
        raise _undone(error, journal) from error
    for step in journal:
        with suppress(OSError):  # all is done; what cannot be removed bears a name that no loader reads
            _remove(step.kept)
    return backups


def _undone(error: BaseException, journal: list[Step]) -> TuningError:
    failure = error if isinstance(error, TuningError) else TuningError(str(error) or type(error).__name__)
    stuck = []
    for step in reversed(journal):
        try:
            step.undo()
            _remove(step.kept)
        except (OSError, TuningError) as trouble:
            stuck.append(f"{step.what} ({in_words(trouble) if isinstance(trouble, OSError) else trouble})")
    if stuck:
        failure.args = (f"{failure}. NOT put back: {'; '.join(stuck)}",)
        failure.rolled_back = False
    return failure


def _not_set(write: Write, error: OSError) -> TuningError:
    return TuningError(f"{write.key}: cannot be set to {quoted(write.key, write.after)}", write.key, error)


def _write_key(key: str, value: str) -> None:
    """Set a runtime value, in the one write that the kernel takes."""
    data = encode(value + "\n")
    fd = os.open(proc_path(key), os.O_WRONLY | os.O_CLOEXEC)
    try:
        if os.write(fd, data) != len(data):
            raise OSError(errno.EIO, "the kernel took a part of it only")
    finally:
        os.close(fd)


def _set_runtime(plan: Plan, journal: list[Step]) -> None:
    """Write what differs, in the order given. A key that was right may be so no more: writing another one changes it."""
    planned = {write.key: write for write in plan.writes}
    for key, value in plan.wanted.items():
        if key in planned:
            _write(planned[key], journal)
        elif value is not None and key in plan.observed.runtime and not same(key, read_key(key), value):
            _write(Write(key, plan.observed.runtime[key], value), journal)


def _write(write: Write, journal: list[Step]) -> None:
    def undo() -> None:
        if write.before is None:
            raise TuningError("it had no value to go back to")
        _write_key(write.key, write.before)
        if not same(write.key, read_key(write.key), write.before):
            raise TuningError(f"the kernel did not take {quoted(write.key, write.before)} again")

    journal.append(Step(write.key, undo))
    try:
        _write_key(write.key, write.after)
    except OSError as error:
        raise _not_set(write, error) from error


def _read_back(plan: Plan) -> None:
    for key, value in plan.wanted.items():
        if value is None or key not in plan.observed.runtime:
            continue
        try:
            live = read_key(key)
        except OSError as error:
            raise TuningError(f"{key}: cannot be read back", key, error) from error
        if not same(key, live, value):
            kept = same(key, live, plan.observed.runtime[key])
            why = (
                "a key set after it, or another program, put it back"
                if kept
                else "the kernel, or another program, changed it"
            )
            text = f"{key}: {quoted(key, value)} was written, but it reads back {quoted(key, live)}: {why}"
            raise TuningError(f"{text}. Ask for a value that stays", key)


def _back_up(change: FileChange, files: Files, journal: list[Step]) -> str:
    """Copy a file, with all that belongs to it, to a name with the time in it that no loader reads; return that."""
    copy = f"{change.real}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"
    journal.append(Step(copy, lambda: _remove(files.outside(copy))))
    _write_file(files.outside(copy), change.before or b"", files.outside(change.real), None)
    return printable(copy)


def _change_file(change: FileChange, files: Files, attributes: Attributes | None, journal: list[Step]) -> None:
    path = files.outside(change.real)
    folder = path.rpartition("/")[0]
    try:
        if not os.path.isdir(folder):
            journal.append(Step(folder, lambda: os.rmdir(folder) if os.path.isdir(folder) else None))
            os.mkdir(folder)
            os.chmod(folder, 0o755)
        journal.append(_keep(path, change.before))
        if change.after is None:
            _remove(path)
        else:
            _write_file(path, change.after, path, attributes)
    except OSError as error:
        raise TuningError(f"{change.path}: cannot be written", None, error) from error


def _keep(path: str, before: bytes | None) -> Step:
    """Keep what a file is now, so that it can be put back as it was: the same inode, under a name no loader reads."""
    if before is None:
        return Step(path, lambda: _remove(path))
    folder, _sep, name = path.rpartition("/")
    kept = f"{folder}/.{name}.{os.getpid()}.before"
    _remove(kept)
    try:
        os.link(path, kept)
    except OSError:
        _write_file(kept, before, path, None)
    return Step(path, lambda: os.rename(kept, path), kept)


def _remove(path: str) -> None:
    """Remove a file if it is there, for good also if the power fails."""
    if path and os.path.lexists(path):
        os.unlink(path)
        _sync(path.rpartition("/")[0])


def _write_file(path: str, data: bytes, like: str, attributes: Attributes | None) -> None:
    """Put these bytes in the place of a file: it is whole-old or whole-new at any instant, also if the power fails.

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
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise
    _sync(folder)


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
