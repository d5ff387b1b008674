# SPDX-License-Identifier: GPL-3.0-or-later

"""Interfaces that are made at boot after the loader has run, on hosts without udev.

The loader finds no keys of theirs to write. Where udev runs, a rule of systemd applies the files
once more when an interface appears (99-systemd.rules). In containers it does not run, and hosts
with another init do not have that rule.
"""

from __future__ import annotations

import re
from typing import Iterator

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.keys import path_to_key
from ..configuration import LaterChanges, is_enabled, paths_in, read_text
from ..files import HostFiles
from .ifupdown import started_stanzas

FOLDERS = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network")
"""Where networkd finds the interfaces to make; packages ship none."""
_NAME = re.compile(r"^\s*Name\s*=\s*(\S+)")
_MAKES_INTERFACE = ("bridge", "bond", "vlan", "ip link add")
"""Texts in a stanza of ifupdown of which one is there where it makes its interface."""
_REMEDY = "set it in the configuration of the interface, or have udev run with the rules of systemd"


def read(files: HostFiles) -> LaterChanges:
    """Return a doubt for each interface that is made at boot, of a host without udev."""
    return LaterChanges(doubts=(*_made_by_networkd(files), *_made_by_ifupdown(files)))


def _made_by_networkd(files: HostFiles) -> Iterator[Doubt]:
    if not is_enabled(files, "systemd-networkd"):
        return
    for folder in FOLDERS:
        for path in paths_in(files, folder):
            if path.endswith(".netdev"):
                yield from _named_in(files, path)


def _named_in(files: HostFiles, path: str) -> Iterator[Doubt]:
    for number, line in enumerate(read_text(files, path).splitlines(), 1):
        match = _NAME.match(line)
        if match:
            yield _doubt("systemd-networkd", match.group(1), path, number)


def _made_by_ifupdown(files: HostFiles) -> Iterator[Doubt]:
    for stanza in started_stanzas(files):
        text = "\n".join(option.text for option in stanza.options)
        if any(sign in text for sign in _MAKES_INTERFACE):
            yield _doubt("ifupdown", stanza.name, stanza.line.path, stanza.line.number)


def _doubt(by: str, interface: str, path: str, line: int) -> Doubt:
    return Doubt(
        by=by,
        why=f"it makes the interface {interface} after the files were applied",
        path=path,
        remedy=_REMEDY,
        keys=(
            path_to_key(f"net/*/conf/{interface}/*"),
            path_to_key(f"net/*/neigh/{interface}/*"),
        ),
        line=line,
    )
