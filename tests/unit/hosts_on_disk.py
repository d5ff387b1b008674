# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real folders that stand in for a host and its /proc/sys, and what is to hold of them before and after."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._host import proc_sys
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._host.proc_sys import proc_path
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import key_to_path


def where(path: object, dir_fd: int | None = None) -> str:
    """Return the path of what a function of os is given, below an open folder too."""
    return (
        str(path)
        if dir_fd is None
        else str(Path(os.readlink(f"/proc/self/fd/{dir_fd}"), str(path)))
    )


def failing(monkeypatch: Any, name: str, number: int, path: object) -> None:
    """Let a function of os fail for one path, as no folder of ours does by itself."""
    real = getattr(os, name)

    def fail(given: Any, *args: Any, **at: Any) -> Any:
        if where(given, at.get("dir_fd")) == str(path):
            raise OSError(number, os.strerror(number), str(given))
        return real(given, *args, **at)

    monkeypatch.setattr(os, name, fail)


class Place:
    """The root folder of a host."""

    def __init__(self, root: Path, files: Mapping[str, Any]) -> None:
        self.root = root
        for path, content in files.items():
            self.put(path, content)
        self.files = HostFiles(str(root))

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def put(self, path: str, content: Any) -> None:
        """Write a file (bytes or text), a link ({"link": TARGET}) or a folder (None)."""
        here = self.at(path)
        here.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            here.mkdir()
        elif isinstance(content, Mapping):
            here.symlink_to(content["link"])
        else:
            here.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, path: str) -> bytes:
        return self.at(path).read_bytes()

    def snapshot(self) -> dict[str, Any]:
        return snapshot(self.root)


def snapshot(root: Path) -> dict[str, Any]:
    """Return every name below a folder with its kind, mode, owner and bytes."""
    found: dict[str, Any] = {}
    for here, folders, files in os.walk(str(root)):
        for name in folders + files:
            path = Path(here, name)
            status = path.lstat()
            if path.is_symlink():
                content: Any = os.readlink(str(path))
            else:
                content = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
            found[str(path.relative_to(root))] = (
                oct(status.st_mode),
                status.st_uid,
                status.st_gid,
                content,
            )
    return found


class Kernel:
    """A folder in the place of /proc/sys whose files take a write as a whole, as the kernel's do.

    ``reactions``: key -> what becomes of a text that is written to it; one that raises OSError refuses the text.
    """

    def __init__(self, folder: Path, values: Mapping[str, str], monkeypatch: Any) -> None:
        self.folder = folder
        self.reactions: dict[str, Callable[[str], str]] = {}
        self.written: list[tuple[str, str]] = []
        (folder / "kernel").mkdir(parents=True)
        monkeypatch.setattr(proc_sys, "PROC_SYS", str(folder))
        for key, value in values.items():
            self[key] = value
        write = os.write

        def react(fd: int, data: bytes) -> int:
            path = os.readlink(f"/proc/self/fd/{fd}")
            if not path.startswith(f"{folder}/"):
                return write(fd, data)
            key = key_to_path(path[len(str(folder)) + 1 :])
            text = data.decode().rstrip("\n")
            self.written.append((key, text))
            if key in self.reactions:
                text = self.reactions[key](text)
            os.ftruncate(fd, 0)
            write(fd, (text + "\n").encode())
            return len(data)

        monkeypatch.setattr(os, "write", react)

    def __setitem__(self, key: str, value: str) -> None:
        path = Path(proc_path(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n")

    def __getitem__(self, key: str) -> str:
        return Path(proc_path(key)).read_text().rstrip("\n")

    def refuse(self, key: str, text: str) -> None:
        """Take any text but this one."""

        def reaction(given: str) -> str:
            if given == text:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return given

        self.reactions[key] = reaction
