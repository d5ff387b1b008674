# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at a host: /proc/sys and the files of sysctl settings. Nothing is changed here (see ``apply.py``)."""

from __future__ import annotations

import errno
import os
import stat
from functools import lru_cache
from typing import Iterable, Iterator

from .base import TuningError, in_words
from .boot import COMMAND_LINE, Tree
from .keys import glob_parts, is_glob, matcher, to_path
from .loaders import FOLDERS, LOADERS, Loader
from .sysctl_d import decode
from .values import ACTIONS

PROC_SYS = "/proc/sys"


def proc_path(key: str) -> str:
    return f"{PROC_SYS}/{to_path(key)}"


_folders: dict[str, int] = {}


@lru_cache(maxsize=None)
def place_of_key(key: str) -> tuple[str, int]:
    """Return how a key is reached: a name, and a folder that is kept open, as the way to it from / is a third of the time.

    There are few of them, such as net/ipv4, whatever the devices. Those below net are of one network namespace.
    """
    *above, name = to_path(key).split("/", 2)
    folder = "/".join((PROC_SYS, *above))
    if folder not in _folders:
        _folders[folder] = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return name, _folders[folder]


def forget_places() -> None:
    """Find all keys anew: this process is in another network namespace now."""
    place_of_key.cache_clear()
    while _folders:
        os.close(_folders.popitem()[1])


def open_key(key: str, flags: int) -> int:
    name, folder = place_of_key(key)
    return os.open(name, flags | os.O_CLOEXEC, dir_fd=folder)


def read_key(key: str) -> str:
    """Return the runtime value of a key as the kernel prints it."""
    fd = open_key(key, os.O_RDONLY)
    try:
        return read_open(fd)
    finally:
        os.close(fd)


def read_open(fd: int, size: int = 4096) -> str:
    """Read a key that is open.

    The kernel gives it all to a read at the start, cut to what was asked for, and clears a buffer of that size each time.
    """
    data = os.pread(fd, size, 0)
    return decode(data).rstrip("\n") if len(data) < size else read_open(fd, size * 32)


def read_keys(keys: Iterable[str], named: bool, needed: bool) -> dict[str, str | None]:
    """Return the runtime values of those keys that exist; None if the kernel has none to tell yet (EIO).

    ``named``: refuse what is no setting; else (a glob found it) leave it out. ``needed``: it must be possible to read.
    """
    values: dict[str, str | None] = {}
    for key in keys:
        try:
            if key not in ACTIONS:
                values[key] = read_key(key)
        except OSError as error:
            if error.errno == errno.EIO:
                values[key] = None
            elif error.errno not in (errno.ENOENT, errno.ENOTDIR):
                trouble = _no_setting(key, error)
                if needed if trouble.errno else named:
                    raise trouble from error
    return values


def _no_setting(key: str, error: OSError) -> TuningError:
    if error.errno == errno.EISDIR:
        return TuningError(f"{key}: a folder of settings, not a setting; name one below it", key)
    if key in ACTIONS or not os.stat(proc_path(key)).st_mode & 0o444:
        return TuningError(
            f"{key}: writing it does something, it sets nothing that could be kept; use a task of its own", key
        )
    return TuningError(f"{key}: cannot be read", key, error)


def refuse_no_kernel() -> None:
    """Refuse a place without /proc/sys, where every key would seem to be missing."""
    if not os.path.isdir(f"{PROC_SYS}/kernel"):
        raise TuningError(
            f"{PROC_SYS} is not there; mount proc on /proc, or set 'runtime: false' to keep values for the next boot"
        )


def expand(pattern: str) -> Iterator[str]:
    """Yield the keys that a glob may match now, by name; a last part that is no glob is not looked up."""
    found = [""]
    for part in glob_parts(pattern):
        found = [f"{base}/{name}" for base in found for name in (_names(base, part) if is_glob(part) else [part])]
    return (to_path(path[1:]) for path in found)


def _names(base: str, part: str) -> list[str]:
    try:
        return sorted(filter(matcher(part), os.listdir(PROC_SYS + base)))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


class Files:
    """The files of the host whose root is at ``root``. Paths are the host's own; no link leads out of its root."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._prefix = "" if self.root == "/" else self.root
        if not os.path.isdir(self.root):
            raise TuningError(f"root {root} is not a folder; mount the image there first")

    def outside(self, path: str) -> str:
        """Return where a path of the host is for us."""
        return self._prefix + path

    def loader(self) -> Loader:
        """Tell who applies sysctl files when this host boots: systemd where it is, or will be, PID 1; else procps."""
        init = self.outside(self.resolve("/sbin/init"))
        installed = any(os.path.exists(self.outside(f"{lib}/systemd/systemd-sysctl")) for lib in ("/usr/lib", "/lib"))
        running = not self._prefix and os.path.isdir("/run/systemd/system")
        systemd = running or (installed and (init.endswith("/systemd") or not os.path.lexists(init)))
        return LOADERS["systemd" if systemd else "procps"]

    def resolve(self, path: str) -> str:
        """Follow the links of a path as the host itself would."""
        done, todo, links = "", path.split("/"), 0
        while todo:
            part = todo.pop(0)
            step = f"{done}/{part}"
            target = "" if part in ("", ".", "..") or links > 39 else self._link(step)
            if part == "..":
                done = done.rpartition("/")[0]
            elif target:
                links += 1
                done, todo = ("" if target[:1] == "/" else done), target.split("/") + todo
            elif part not in ("", "."):
                done = step
        return done or "/"

    def _link(self, path: str) -> str:
        """Return where a link leads; nothing if it is none, or there is none. With a disk that fails, nobody knows."""
        try:
            return os.readlink(self.outside(path))
        except OSError as error:
            if error.errno == errno.EIO:
                raise
            return ""

    def _is_file(self, path: str) -> bool | None:
        """Tell whether it is a regular file, as one of which nothing can be known may be. None: there is nothing."""
        try:
            return stat.S_ISREG(os.stat(self.outside(path)).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return True

    def place(self, path: str) -> tuple[str, str, bool]:
        """Return a file as the loader names it, what that leads to, and whether it is a link; or refuse it."""
        folder, _sep, name = path.rpartition("/")
        folder = self.resolve(folder or "/")
        named = next((known for known in FOLDERS if self.resolve(known) == folder), folder)
        here = f"{folder.rstrip('/')}/{name}"
        is_link = self._link(here) != ""
        real = self.resolve(here)
        if is_link and real == "/dev/null":
            raise TuningError(
                f"{path} is a link to /dev/null, which masks files of its name; remove it, or choose another path"
            )
        if self._is_file(real) is False:
            raise TuningError(f"{path} is not a regular file; remove it, or choose another path")
        return f"{named}/{name}", real, is_link

    def read(self, path: str, real: str) -> bytes | None:
        """Return the bytes of a file, None if there is none; or refuse it."""
        try:
            return read_file(self.outside(real))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TuningError(f"{path} cannot be read", None, error) from error

    def tree(self) -> Tree:
        """Read everything that a boot loader of sysctls reads; what cannot be read is listed, not fatal."""
        listing: dict[str, dict[str, str]] = {}
        places: list[tuple[str, str, bool]] = []
        contents: dict[str, bytes] = {}
        problems: list[tuple[str, str, bool]] = []
        folders: dict[str, str] = {}
        for folder in FOLDERS:
            folders.setdefault(self.resolve(folder), folder)
        for real_folder, folder in folders.items():
            names = listing[folder] = {}
            try:
                found = self._names(real_folder)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                problems.append((folder, in_words(error), True))
                continue
            for name, regular in found:
                path = f"{real_folder}/{name}"
                real = names[name] = path if regular else self.resolve(path)
                places.append((f"{folder}/{name}", real, regular))
        last = self.resolve("/etc/sysctl.conf")
        listing["/etc"] = {"sysctl.conf": last} if self._is_file(last) else {}
        places.extend(("/etc/sysctl.conf", real, False) for real in listing["/etc"].values())
        for path, real, regular in places:
            try:
                contents[real] = b"" if real == "/dev/null" else read_file(self.outside(real), regular)
            except FileNotFoundError:
                problems.append((path, f"a link that leads to nothing: {real}", False))
            except OSError as error:
                problems.append((path, in_words(error), error.errno not in (errno.EISDIR, errno.ENXIO, errno.ELOOP)))
        return Tree(listing, contents, self._command_line(), tuple(problems))

    def _command_line(self) -> str:
        try:
            return "" if self._prefix else decode(read_file(COMMAND_LINE))
        except OSError:
            return ""

    def _names(self, folder: str) -> list[tuple[str, bool]]:
        """Return what could be read of a folder, and whether it is a regular file for sure."""
        with os.scandir(self.outside(folder)) as entries:
            return [(e.name, e.is_file(follow_symlinks=False)) for e in entries if e.name.endswith(".conf")]


def read_file(path: str, regular: bool = False) -> bytes:
    """Read a regular file whole; a FIFO or a device is no such file, and is neither waited for nor read.

    ``regular``: it has just been seen to be one. A look at each of 1,000 files is a fifth of reading them.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not (regular or stat.S_ISREG(os.fstat(fd).st_mode)):
            raise OSError(errno.ENXIO, "not a regular file")
        data = os.read(fd, 1 << 14)
        return data if len(data) < 1 << 14 else b"".join((data, *iter(lambda: os.read(fd, 1 << 14), b"")))
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(fd)
