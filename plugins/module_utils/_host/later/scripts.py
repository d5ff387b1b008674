# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts of the administrator that run at boot: rc.local, cron, hooks of networks, own units."""

from __future__ import annotations

import os
import re
from typing import Iterator

from ..._sysctl.files.doubts import Doubt
from ..configuration import LaterChanges, is_enabled, is_wanted_at_boot, paths_in, read_text
from ..files import HostFiles
from .shell_text import script_doubts

RC_LOCAL = ("/etc/rc.local", "/etc/rc.d/rc.local")
CRON_TABLES = ("/etc/crontab", "/var/spool/cron/crontabs/root", "/var/spool/cron/root")
CRON_FOLDER = "/etc/cron.d"
HOOKS = {
    "/etc/network/if-pre-up.d": ("ifupdown", "networking", ""),
    "/etc/network/if-up.d": ("ifupdown", "networking", ""),
    "/etc/NetworkManager/dispatcher.d": ("NetworkManager", "NetworkManager", ""),
    "/etc/local.d": ("local.d", "local", ".start"),
}
"""Folder of scripts -> what runs them, the service that must start for that, and the ending of
their names."""
UNITS = "/etc/systemd/system"

_AT_BOOT = re.compile(r"^\s*@reboot\s")
_STARTED = re.compile(r"^\s*Exec(?:Start|StartPre|StartPost)\s*=")
_SCRIPT = re.compile(r"(?:^|[\s=@+!:-])(/[\w./+-]+)")
_PROGRAMS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/dev/", "/proc/", "/sys/")
"""Where paths lead that are no scripts of the administrator."""


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each key that one of the scripts sets."""
    doubts: list[Doubt] = []
    for path in RC_LOCAL:
        if _is_executable(files, path):
            doubts.extend(script_doubts(files, "rc.local", path, read_text(files, path)))
    for path in (*CRON_TABLES, *_files_in(files, CRON_FOLDER)):
        doubts.extend(_doubts_of_lines(files, "cron", path, _AT_BOOT))
    for folder, (program, service, ending) in HOOKS.items():
        if is_enabled(files, service):
            for path in _files_in(files, folder):
                if path.endswith(ending):
                    doubts.extend(_doubts_of_hook(files, program, path))
    for path in _units_that_start(files):
        unit = path.rpartition("/")[2]
        doubts.extend(_doubts_of_lines(files, unit, path, _STARTED))
    return LaterChanges(doubts=tuple(doubts))


def _doubts_of_hook(files: HostFiles, program: str, path: str) -> Iterator[Doubt]:
    """Yield the doubts about a script; that of Debian's package vlan sets what stanzas ask for."""
    if _is_executable(files, path):
        text = read_text(files, path)
        if "$IF_IP_" not in text:
            yield from script_doubts(files, program, path, text)


def _doubts_of_lines(
    files: HostFiles, by: str, path: str, pattern: re.Pattern[str]
) -> Iterator[Doubt]:
    """Yield the doubts about the commands in some lines of a file, and in scripts they name."""
    lines = []
    scripts = []
    for line in read_text(files, path).splitlines():
        command = line if pattern.match(line) else ""
        lines.append(command)
        scripts.extend(_SCRIPT.findall(command))
    yield from script_doubts(files, by, path, "\n".join(lines))
    for script in scripts:
        if not script.startswith(_PROGRAMS) and _is_executable(files, script):
            yield from script_doubts(files, by, script, read_text(files, script))


def _units_that_start(files: HostFiles) -> Iterator[str]:
    """Yield the units that the administrator wrote, and that a target wants at boot."""
    for path in _files_in(files, UNITS):
        name = path.rpartition("/")[2]
        if name.endswith(".service") and is_wanted_at_boot(files, name):
            yield path


def _files_in(files: HostFiles, folder: str) -> list[str]:
    return [path for path in paths_in(files, folder) if files.is_regular(path)]


def _is_executable(files: HostFiles, path: str) -> bool:
    try:
        return os.stat(files.host_path(files.resolve(path))).st_mode & 0o111 != 0
    except OSError:
        return False
