# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings in /proc/sys: read them, and write them."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Iterable

from ..._lazy_module import LazyModule
from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.values import is_plain_number
from ..._sysctl.keys import ACTIONS, WITHOUT_VALUE, key_to_path
from ..._sysctl.text import decode, encode

if TYPE_CHECKING:
    from ..._sysctl.kernel import kernel_text
else:
    kernel_text = LazyModule(__name__, "..._sysctl.kernel.kernel_text")


PROC_SYS = "/proc/sys"


def proc_path(key: str) -> str:
    """Return the path of a key in /proc/sys."""
    return f"{PROC_SYS}/{key_to_path(key)}"


def read_key(key: str) -> str:
    """Return the runtime value of a key as the kernel prints it, without the final line end."""
    fd = os.open(proc_path(key), os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _read_open_key(fd)
    finally:
        os.close(fd)


def _read_open_key(fd: int) -> str:
    """Read a value in one read at offset 0, with a larger buffer until it fits.

    The kernel cuts the value to the buffer; a second read further on would see another moment.
    """
    size = 4096
    while True:
        data = os.pread(fd, size, 0)
        if len(data) < size:
            return decode(data).rstrip("\n")
        size *= 32


def write_key(key: str, value: str) -> None:
    """Set the runtime value of a key, in one write; a long list of ranges takes several."""
    parts = [value] if is_plain_number(value) else kernel_text.parts_to_write(key, value)
    fd = os.open(proc_path(key), os.O_WRONLY | os.O_CLOEXEC)
    try:
        for part in parts:
            _write_part(fd, part)
    finally:
        os.close(fd)


def _write_part(fd: int, text: str) -> None:
    data = encode(text + "\n")
    if os.write(fd, data) != len(data):
        raise OSError(errno.EIO, "the kernel took only a part of the value")


def require_writable_key(key: str) -> None:
    """Raise OSError if this process may not write a key.

    access(2) is asked first, since opening a key to write would be seen as a change; where it
    refuses, only open(2) knows the errno, and whether access(2) was right.
    """
    path = proc_path(key)
    if not os.access(path, os.W_OK):
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))


def read_only_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Return those of these keys whose mode lets nobody write them."""
    return tuple(key for key in keys if _is_read_only(key))


def _is_read_only(key: str) -> bool:
    try:
        return not os.stat(proc_path(key)).st_mode & 0o222
    except OSError:
        return False


def read_keys(
    keys: Iterable[str], *, named: bool = False, needed: bool = False
) -> dict[str, str | None]:
    """Return the runtime values of the keys that exist; None where the kernel has none yet (EIO).

    named: the user named these keys, so one that is not a setting is an error; without it, as for
    those that a glob matches, it is left out. needed: a key that cannot be read is an error.
    """
    values: dict[str, str | None] = {}
    for key in keys:
        if key in ACTIONS or (key in WITHOUT_VALUE and not named):
            continue
        try:
            values[key] = read_key(key)
        except OSError as error:
            if error.errno == errno.EIO:
                values[key] = None
            elif error.errno not in (errno.ENOENT, errno.ENOTDIR):
                failure = _describe_unreadable(key, error)
                is_setting = failure.errno is not None
                is_error = needed if is_setting else named
                if is_error:
                    raise failure from error
    return values


def _describe_unreadable(key: str, error: OSError) -> TuningError:
    """Return the error for a key that exists but cannot be read; without errno: not a setting."""
    if error.errno == errno.EISDIR:
        return TuningError(f"{key}: a folder of settings, not a setting; name one below it", key)
    write_only = not os.stat(proc_path(key)).st_mode & 0o444
    if write_only:
        message = (
            f"{key}: writing it does something, it sets nothing that could be kept; "
            "use a task of its own"
        )
        return TuningError(message, key)
    return TuningError(f"{key}: cannot be read", key, error)


def require_procfs() -> None:
    """Refuse a host without /proc/sys, where every key would seem to be missing."""
    if not os.path.isdir(f"{PROC_SYS}/kernel"):
        raise TuningError(
            f"{PROC_SYS} is not there; mount proc on /proc, "
            "or set 'runtime: false' to keep values for the next boot"
        )
