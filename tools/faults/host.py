# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host of an experiment: reset it to where a scenario starts, and record its state."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Union

from sandbox.agent import (
    MNT_DETACH,
    SYSCTL_FOLDERS,
    SYSCTL_PLACES,
    call,
    get_key,
    mount,
    set_key,
)

IMAGE = "/srv/image"
LOCK = "/run/netops-tuning.lock"
MODULES_LOAD = "/etc/modules-load.d"
HOST_PATHS = (*SYSCTL_PLACES, MODULES_LOAD, IMAGE, "/srv/sysctl-elsewhere", LOCK)
"""Files and folders that an experiment may change."""
LAYERED = "/etc/sysctl.d"
"""The folder that may be an overlay."""
LAYERS = "/srv/layers"
"""Where the layers of the overlay are."""
LOWER_FILE_SYSTEMS = {"the same file system": "", "another file system": "ramfs"}
"""Where the lower layer of an overlay is, compared with the upper one -> its type, if another.

A file of ramfs has no handle by which the overlay could keep the identity of its copy.
"""


class File(NamedTuple):
    """A file to create."""

    content: str
    mode: int = 0o644
    owner: int = 0
    attributes: Mapping[str, bytes] = {}
    """Extended attributes; an ACL among them sets the mode."""


class Link(NamedTuple):
    """A symbolic link to create."""

    target: str


Content = Union[str, File, Link, None]
"""What to create: a file with this text, a file with attributes, a link, or a folder (None)."""


class FileState(NamedTuple):
    """A file, link or folder as it is on the host."""

    kind: int
    """As stat.S_IFMT returns it."""
    mode: str
    owner: int
    group: int
    content: bytes | None = None
    """Of a regular file; of a link, its target."""
    attributes: Mapping[str, bytes] | None = None
    """Extended attributes of a regular file; ACLs are among them."""

    @property
    def text(self) -> str:
        return (self.content or b"").decode()


class HostState(NamedTuple):
    """All that a loader or a user could see a difference in."""

    files: dict[str, FileState]
    """By path."""
    keys: dict[str, str]
    """Key -> runtime value, blanks collapsed."""


def walk(top: str) -> Iterator[str]:
    """Yield a path, if it exists, and all paths below it."""
    if os.path.lexists(top):
        yield top
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            yield f"{folder}/{name}"


def read_file_state(path: str) -> FileState:
    info = os.lstat(path)
    state = FileState(
        kind=stat.S_IFMT(info.st_mode),
        mode=oct(stat.S_IMODE(info.st_mode)),
        owner=info.st_uid,
        group=info.st_gid,
    )
    if stat.S_ISLNK(info.st_mode):
        return state._replace(content=os.fsencode(os.readlink(path)))
    if not stat.S_ISREG(info.st_mode):
        return state
    with open(path, "rb") as file:
        content = file.read()
    attributes = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return state._replace(content=content, attributes=attributes)


class Host:
    """The state that an experiment starts from, as often as it needs it.

    tree: path -> what is there. runtime: key -> value. missing_folders: folders of the loaders
    that do not exist. lower_layer: one of LOWER_FILE_SYSTEMS, if /etc/sysctl.d is an overlay with
    its files in the lower layer.
    """

    def __init__(
        self,
        tree: Mapping[str, Content],
        runtime: Mapping[str, Any],
        missing_folders: tuple[str, ...] = (),
        lower_layer: str = "",
    ) -> None:
        self.tree = tree
        self.lower_layer = lower_layer
        self.runtime = {key: str(value) for key, value in runtime.items()}
        self.missing_folders = missing_folders

    def reset(self) -> None:
        _unmount_overlay()
        for path in HOST_PATHS:
            is_folder = path in (*SYSCTL_FOLDERS, MODULES_LOAD)
            if is_folder and path not in self.missing_folders:
                _make_empty_folder(path)
            elif os.path.lexists(path):
                _remove(path)
        for path, content in self.tree.items():
            _create(path, content)
        if self.lower_layer:
            _mount_overlay(LOWER_FILE_SYSTEMS[self.lower_layer])
        for key, value in self.runtime.items():
            if get_key(key) != value:
                set_key(key, value)

    def state(self) -> HostState:
        files = {}
        for top in HOST_PATHS:
            for path in walk(top):
                if path != LOCK:
                    files[path] = read_file_state(path)
        keys = {key: " ".join(get_key(key).split()) for key in self.runtime}
        return HostState(files, keys)


def _mount_overlay(lower_type: str) -> None:
    """Turn the folder into an overlay of itself, with all its files in the lower layer."""
    lower = f"{LAYERS}/lower"
    os.makedirs(LAYERS, exist_ok=True)
    mount("tmpfs", LAYERS, "tmpfs")
    for name in ("lower", "upper", "work"):
        os.mkdir(f"{LAYERS}/{name}")
    if lower_type:
        mount(lower_type, lower, lower_type)
    shutil.copytree(LAYERED, lower, symlinks=True, dirs_exist_ok=True)
    options = f"lowerdir={lower},upperdir={LAYERS}/upper,workdir={LAYERS}/work"
    mount("overlay", LAYERED, "overlay", data=options)


def _unmount_overlay() -> None:
    if not os.path.ismount(LAYERS):
        return  # what is mounted on the folder is no overlay, such as the disk that loses power
    for mount_point in (LAYERED, LAYERS):
        if os.path.ismount(mount_point):
            call("umount2", mount_point.encode(), MNT_DETACH)


def _make_empty_folder(path: str) -> None:
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o755)
    for name in os.listdir(path):
        _remove(f"{path}/{name}")


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _create(path: str, content: Content) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if content is None:
        os.makedirs(path, exist_ok=True)
    elif isinstance(content, Link):
        os.symlink(content.target, path)
    elif isinstance(content, str):
        _create_file(path, File(content))
    else:
        _create_file(path, content)


def _create_file(path: str, file: File) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as out:
        out.write(file.content)
    os.chown(path, file.owner, file.owner)
    for name, value in file.attributes.items():
        os.setxattr(path, name, value)
    if not file.attributes:
        os.chmod(path, file.mode)


def differences(one: HostState, other: HostState) -> dict[str, str]:
    """Return path or key -> how the two states differ in it, short enough to print."""
    different: dict[str, str] = {}
    for path in {**one.files, **other.files}:
        _add_difference(different, path, one.files.get(path), other.files.get(path))
    for key in {**one.keys, **other.keys}:
        _add_difference(different, key, one.keys.get(key), other.keys.get(key))
    return different


def _add_difference(different: dict[str, str], name: str, one: object, other: object) -> None:
    if one != other:
        different[name] = f"{str(one)[:300]} -> {str(other)[:300]}"
