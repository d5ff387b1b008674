# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that stand in for a host and its /proc/sys."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import proc_sys
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.proc_sys import proc_path
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path


def where(path: object, dir_fd: int | None = None) -> str:
    """Return the path that a function of os is called with, joined to its open folder if any."""
    if dir_fd is None:
        return str(path)
    folder = os.readlink(f"/proc/self/fd/{dir_fd}")
    return str(Path(folder, str(path)))


def failing(monkeypatch: Any, name: str, number: int, path: object) -> None:
    """Let a function of os fail with an errno for one path.

    A test that runs as root cannot provoke most of these errors with a real file.
    """
    real_function = getattr(os, name)

    def fail(argument: Any, *args: Any, **options: Any) -> Any:
        if where(argument, options.get("dir_fd")) == str(path):
            raise OSError(number, os.strerror(number), str(argument))
        return real_function(argument, *args, **options)

    monkeypatch.setattr(os, name, fail)


class HostRoot:
    """The root folder of a host."""

    def __init__(self, root: Path, files: Mapping[str, Any]) -> None:
        self.root = root
        for path, content in files.items():
            self.put(path, content)
        self.files = HostFiles(str(root))

    def at(self, path: str) -> Path:
        """Return where a path of the host is on this machine."""
        return self.root / path.lstrip("/")

    def put(self, path: str, content: Any) -> None:
        """Write a file (bytes or text), a link ({"link": TARGET}) or a folder (None)."""
        target = self.at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            target.mkdir()
        elif isinstance(content, Mapping):
            target.symlink_to(content["link"])
        elif isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_bytes(content.encode())

    def read(self, path: str) -> bytes:
        return self.at(path).read_bytes()

    def snapshot(self) -> dict[str, Any]:
        return snapshot(self.root)


def snapshot(root: Path) -> dict[str, Any]:
    """Return the mode, the owner, the group and the content of everything below a folder."""
    entries: dict[str, Any] = {}
    for folder, subfolders, files in os.walk(str(root)):
        for name in subfolders + files:
            path = Path(folder, name)
            status = path.lstat()
            content: str | bytes | None = None
            if path.is_symlink():
                content = os.readlink(str(path))
            elif stat.S_ISREG(status.st_mode):
                content = path.read_bytes()
            entry = (oct(status.st_mode), status.st_uid, status.st_gid, content)
            entries[str(path.relative_to(root))] = entry
    return entries


class Kernel:
    """A folder in place of /proc/sys. A write replaces the whole value, as it does in the kernel.

    ``reactions``: key -> a function from the text that is written to the value that the key then
    has; it raises OSError to refuse the text.
    """

    def __init__(self, folder: Path, values: Mapping[str, str], monkeypatch: Any) -> None:
        self.folder = folder
        self.reactions: dict[str, Callable[[str], str]] = {}
        self.written: list[tuple[str, str]] = []
        (folder / "kernel").mkdir(parents=True)
        monkeypatch.setattr(proc_sys, "PROC_SYS", str(folder))
        for key, value in values.items():
            self[key] = value
        real_write = os.write

        def write(fd: int, data: bytes) -> int:
            path = os.readlink(f"/proc/self/fd/{fd}")
            if not path.startswith(f"{folder}/"):
                return real_write(fd, data)
            key = key_to_path(path[len(str(folder)) + 1 :])
            text = data.decode().rstrip("\n")
            self.written.append((key, text))
            if key in self.reactions:
                text = self.reactions[key](text)
            os.ftruncate(fd, 0)
            real_write(fd, (text + "\n").encode())
            return len(data)

        monkeypatch.setattr(os, "write", write)

    def __setitem__(self, key: str, value: str) -> None:
        path = Path(proc_path(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n")

    def __getitem__(self, key: str) -> str:
        return Path(proc_path(key)).read_text().rstrip("\n")

    def refuse(self, key: str, text: str) -> None:
        """Refuse this text for a key, and accept any other."""

        def reaction(written: str) -> str:
            if written == text:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return written

        self.reactions[key] = reaction
