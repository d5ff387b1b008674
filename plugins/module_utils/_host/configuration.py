# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of programs that set keys: their files, and whether they start at boot."""

from __future__ import annotations

import errno
import os
from typing import Iterable, Iterator, Mapping, NamedTuple

from .._sysctl.files.doubts import Doubt
from .._sysctl.files.loaders import BootFile
from .._sysctl.files.stages import Stage
from .._sysctl.text import decode
from .files import HostFiles, read_file

_LARGEST_FILE = 1 << 20
"""Bytes. No configuration of these programs is larger."""

BOOT_TARGETS = ("multi-user", "sysinit", "basic", "network-online", "default", "graphical")
"""The targets of systemd that are reached at boot."""

_OPENRC = ("/sbin/openrc", "/usr/sbin/openrc", "/usr/bin/openrc")
_RUNLEVELS = ("sysinit", "boot", "default")
"""The runlevels of OpenRC that are entered at boot."""
_INTERFACES = "/sys/class/net"

_NO_CONTENTS: Mapping[str, bytes] = {}


class LaterChanges(NamedTuple):
    """What one program changes after the sysctl loader, and what it may change."""

    stages: tuple[Stage, ...] = ()
    appended: tuple[BootFile, ...] = ()
    contents: Mapping[str, bytes] = _NO_CONTENTS
    """Real path -> bytes, of the files of the stages."""
    doubts: tuple[Doubt, ...] = ()


def read_configuration(files: HostFiles, path: str) -> bytes:
    """Return the bytes of a file, links followed; OSError if it cannot be one of settings."""
    host_path = _host_path(files, path)
    if os.lstat(host_path).st_size > _LARGEST_FILE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return read_file(host_path)


def _host_path(files: HostFiles, path: str) -> str:
    """Return the path under which we reach a file, links followed.

    OSError for a name that no file can have: it may come from the configuration of a program.
    """
    if "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return files.host_path(files.resolve(path))


def read_text(files: HostFiles, path: str) -> str:
    """Return the text of a file, nothing if it cannot be read."""
    try:
        return decode(read_configuration(files, path))
    except OSError:
        return ""


def names_in(files: HostFiles, folder: str) -> list[str]:
    """Return the names in a folder, sorted, none if it cannot be read."""
    try:
        return sorted(os.listdir(_host_path(files, folder)))
    except OSError:
        return []


def paths_in(files: HostFiles, folder: str) -> list[str]:
    """Return the paths in a folder, by name, none if it cannot be read."""
    return [f"{folder}/{name}" for name in names_in(files, folder)]


def unmasked_paths(files: HostFiles, folders: Iterable[str], ending: str) -> list[str]:
    """Return the files with an ending in several folders, by name.

    Of several of one name it is the one in the first folder, which masks the others.
    """
    paths: dict[str, str] = {}
    for folder in folders:
        for name in names_in(files, folder):
            if name.endswith(ending):
                paths.setdefault(name, f"{folder}/{name}")
    return [paths[name] for name in sorted(paths)]


def is_enabled(files: HostFiles, name: str) -> bool:
    """Tell whether a service starts at boot: a unit of systemd, or a script of another init."""
    unit = f"/etc/systemd/system/{name}.service"
    if os.path.lexists(files.host_path(unit)) and files.resolve(unit) == "/dev/null":
        return False
    return is_wanted_at_boot(files, f"{name}.service") or starts_by_script(files, name)


def is_wanted_at_boot(files: HostFiles, unit: str) -> bool:
    """Tell whether a target of systemd that is reached at boot wants a unit."""
    for target in BOOT_TARGETS:
        link = f"/etc/systemd/system/{target}.target.wants/{unit}"
        if os.path.lexists(files.host_path(link)):
            return True
    return False


def starts_by_script(files: HostFiles, name: str) -> bool:
    """Tell whether an init other than systemd starts a script of this name at boot.

    Where OpenRC boots the host, the links of sysvinit may be there too, and nothing follows them.
    """
    if _openrc_boots(files):
        return starts_by_openrc(files, name)
    for folder in ("/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d"):
        for link in names_in(files, folder):
            if link[:1] == "S" and link[1:3].isdigit() and link[3:] == name:
                return True
    return False


def _openrc_boots(files: HostFiles) -> bool:
    is_installed = any(os.path.lexists(files.host_path(path)) for path in _OPENRC)
    return is_installed and not files.resolve("/sbin/init").endswith("/systemd")


def starts_by_openrc(files: HostFiles, name: str) -> bool:
    """Tell whether OpenRC starts a service at boot."""
    for runlevel in _RUNLEVELS:
        if os.path.lexists(files.host_path(f"/etc/runlevels/{runlevel}/{name}")):
            return True
    return False


def interface_states(files: HostFiles, folder: str) -> Iterator[tuple[str, str]]:
    """Yield each interface, and what a network manager keeps about it under its index.

    folder: where that manager does so. An image has no interfaces.
    """
    for interface in names_in(files, _INTERFACES):
        index = read_text(files, f"{_INTERFACES}/{interface}/ifindex").strip()
        if index:
            yield interface, read_text(files, f"{folder}/{index}")
