# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host around an experiment: brought to where it starts from, and looked at. Runs inside of a world."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any, Iterator, Mapping, NamedTuple, Union

from sandbox.agent import SYSCTL_PLACES, get_key, set_key

IMAGE = "/srv/image"
LOCK = "/run/netops-tuning.lock"
PLACES = (*SYSCTL_PLACES, IMAGE, "/srv/sysctl-elsewhere", LOCK)
FOLDERS = frozenset(SYSCTL_PLACES[:4])


class File(NamedTuple):
    """A file as a scenario finds it."""

    content: str
    mode: int = 0o644
    owner: int = 0
    attributes: Mapping[str, bytes] = {}


class Link(NamedTuple):
    """A symbolic link."""

    target: str


Content = Union[str, File, Link, None]
"""Text, with more to it, a link, or (None) a folder."""


class State(NamedTuple):
    """Files by path, as far as a loader or a user would see a difference, and the values of some keys."""

    files: dict[str, Any]
    keys: dict[str, str]


def below(top: str) -> Iterator[str]:
    if os.path.lexists(top):
        yield top
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            yield f"{folder}/{name}"


def described(path: str) -> tuple[Any, ...]:
    """Return kind, mode, owner, content and extended attributes (ACLs are such)."""
    info = os.lstat(path)
    known = (stat.S_IFMT(info.st_mode), oct(stat.S_IMODE(info.st_mode)), info.st_uid, info.st_gid)
    if stat.S_ISLNK(info.st_mode):
        return (*known, os.readlink(path))
    if not stat.S_ISREG(info.st_mode):
        return known
    with open(path, "rb") as file:
        content = file.read()
    return (*known, content, {name: os.getxattr(path, name) for name in os.listxattr(path)})


class Host:
    """What an experiment starts from, as often as it is wanted."""

    def __init__(
        self, tree: Mapping[str, Content], live: Mapping[str, Any], without: tuple[str, ...] = ()
    ) -> None:
        self.tree = tree
        self.live = {key: str(value) for key, value in live.items()}
        self.without = without

    def reset(self) -> None:
        for place in PLACES:
            if place in FOLDERS and place not in self.without:
                os.makedirs(place, exist_ok=True)
                os.chmod(place, 0o755)
                for name in os.listdir(place):
                    _remove(f"{place}/{name}")
            elif os.path.lexists(place):
                _remove(place)
        for path, content in self.tree.items():
            _make(path, content)
        for key, value in self.live.items():
            if get_key(key) != value:
                set_key(key, value)

    def state(self) -> State:
        found = {path: described(path) for place in PLACES for path in below(place) if path != LOCK}
        return State(found, {key: " ".join(get_key(key).split()) for key in self.live})


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _make(path: str, content: Content) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if content is None:
        os.makedirs(path, exist_ok=True)
    elif isinstance(content, Link):
        os.symlink(content.target, path)
    else:
        file = File(content) if isinstance(content, str) else content
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as out:
            out.write(file.content)
        os.chown(path, file.owner, file.owner)
        for name, value in file.attributes.items():
            os.setxattr(path, name, value)
        if not file.attributes:
            os.chmod(path, file.mode)


def leftovers(state: State, *known: State) -> list[str]:
    """Return files that are in none of the other states."""
    return [path for path in state.files if not any(path in other.files for other in known)]


def differences(one: State, other: State) -> dict[str, Any]:
    """Return what is not the same, for a message."""
    pairs = [
        (mine.get(name), theirs.get(name), name)
        for mine, theirs in zip(one, other)
        for name in {**mine, **theirs}
    ]
    return {
        name: (str(mine)[:300], str(theirs)[:300]) for mine, theirs, name in pairs if mine != theirs
    }
