# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a host: paths, links, and reading. Nothing is changed here."""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from .._sysctl.errors import TuningError
from .._sysctl.files.loaders import FOLDERS
from .._sysctl.text import quote

_MAX_LINKS = 40
"""The kernel gives up at the next one (path_resolution(7))."""
_NO_FILES = ("/proc/", "/sys/")
"""Folders of the kernel, which also cover what an image may have there."""


class Location(NamedTuple):
    """Where a file is."""

    path: str
    """As the sysctl loader names it."""
    real_path: str
    """Where that leads, links followed."""
    is_link: bool


class HostFiles:
    """The files of the host whose root folder is ``root``: /, or a mounted image.

    Paths are the host's own; no link leads out of its root.
    """

    def __init__(self, root: str) -> None:
        if not root.startswith("/"):
            raise TuningError(
                f"root {quote(root)} is not absolute; name the folder where the image is mounted, "
                "such as /mnt/image, or leave out root"
            )
        self.root = os.path.realpath(root)
        self._prefix = "" if self.root == "/" else self.root
        if not os.path.isdir(self.root):
            raise TuningError(f"root {quote(root)} is not a folder; mount the image there first")

    def host_path(self, path: str) -> str:
        """Return the path under which we reach a path of the host."""
        return self._prefix + path

    def resolve(self, path: str) -> str:
        """Follow the links of a path as the host itself would."""
        resolved = ""
        segments = path.split("/")
        links = 0
        while segments:
            segment = segments.pop(0)
            if segment in ("", "."):
                continue
            if segment == "..":
                resolved = resolved.rpartition("/")[0]
                continue
            candidate = f"{resolved}/{segment}"
            target = self._link_target(candidate) if links < _MAX_LINKS else ""
            if not target:
                resolved = candidate
                continue
            links += 1
            segments = target.split("/") + segments
            if target.startswith("/"):
                resolved = ""
        return resolved or "/"

    def _link_target(self, path: str) -> str:
        """Return where a link leads, "" if it is not a link or not there.

        A disk error is raised: where the link leads is then not known.
        """
        try:
            return os.readlink(self.host_path(path))
        except OSError as error:
            if error.errno == errno.EIO:
                raise
            return ""

    def is_regular(self, path: str) -> bool | None:
        """Tell whether a path is a regular file, or may be one, None if nothing is there."""
        try:
            return stat.S_ISREG(os.stat(self.host_path(path)).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return True

    def locate(self, path: str) -> Location:
        """Return where a file is, or refuse what cannot be a file of settings."""
        folder, _sep, name = path.rpartition("/")
        real_folder = self.resolve(folder or "/")
        file = f"{real_folder.rstrip('/')}/{name}"
        real_path = self.resolve(file)
        is_link = self._link_target(file) != ""
        if is_link and real_path == "/dev/null":
            raise TuningError(
                f"{path} is a link to /dev/null, which masks files of its name; "
                "remove it, or choose another path"
            )
        if real_path.startswith(_NO_FILES):
            raise TuningError(
                f"path {quote(path)} leads into /{real_path.split('/')[1]}, where no file can be "
                "kept; name a file in /etc/sysctl.d, or leave out path"
            )
        if os.path.isdir(self.host_path(real_path)):
            raise TuningError(
                f"{path} is a folder; name a file in /etc/sysctl.d, or leave out path"
            )
        if self.is_regular(real_path) is False:
            raise TuningError(f"{path} is not a regular file; choose another path")
        return Location(f"{self._loader_folder(real_folder)}/{name}", real_path, is_link)

    def _loader_folder(self, real_folder: str) -> str:
        """Return a folder as the sysctl loader names it, where it is one that the loader reads."""
        for folder in FOLDERS:
            if self.resolve(folder) == real_folder:
                return folder
        return real_folder

    def read(self, path: str, real_path: str) -> bytes | None:
        """Return the bytes of a file, None if there is none, or refuse it."""
        try:
            return read_file(self.host_path(real_path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TuningError(f"{path} cannot be read", None, error) from error


def read_file(path: str) -> bytes:
    """Read a regular file whole.

    A FIFO or a device is refused (ENXIO), and neither waited for nor read. So is a link (ELOOP):
    a path whose links were followed is one only where they are a loop, and would lead out of an
    image.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.ENXIO, "not a regular file")
        blocks = []
        while True:
            block = os.read(fd, 1 << 14)
            blocks.append(block)
            if len(block) < 1 << 14:
                return b"".join(blocks)
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(fd)
