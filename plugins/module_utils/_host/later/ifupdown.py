# SPDX-License-Identifier: GPL-3.0-or-later

"""ifupdown: keys of the interfaces that it brings up at boot, and the commands of their stanzas.

Source: inet6.defn of ifupdown 0.8, interfaces(5).
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from typing import Iterable, Iterator, NamedTuple

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.keys import path_to_key
from ..configuration import LaterChanges, is_enabled, names_in, read_text
from ..files import HostFiles
from .shell_text import script_doubts

CONFIGURATION = "/etc/network/interfaces"
_REMEDY = "set it in that stanza"
_STANZAS = ("auto", "iface", "mapping", "source", "source-directory", "rename", "no-scripts")
_KEYS = {"privext": "use_tempaddr", "accept_ra": "accept_ra", "autoconf": "autoconf"}
"""Option of an inet6 stanza -> the key that it sets."""
_VLAN_KEYS = {"ip-rp-filter": "rp_filter", "ip-proxy-arp": "proxy_arp"}
"""The same for any stanza, by the hook of Debian's package vlan."""
_VLAN_HOOK = "/etc/network/if-up.d/ip"
_DEFAULTS = {
    "auto": {"accept_ra": "2", "autoconf": "1"},
    "dhcp": {"accept_ra": "1"},
    "static": {"autoconf": "0"},
}
"""Method -> what it sets where the stanza says nothing."""
_METHODS = {
    "auto": ("privext", "accept_ra"),
    "dhcp": ("accept_ra", "autoconf"),
    "static": ("privext", "accept_ra", "autoconf"),
}
"""Method -> the options that set a key."""
_HOOKS = ("pre-up", "up", "post-up")


class Line(NamedTuple):
    """A line of the configuration that is no comment."""

    path: str
    number: int
    words: tuple[str, ...]
    text: str


class Stanza(NamedTuple):
    """What one interface gets, for one family of addresses."""

    line: Line
    options: list[Line]

    @property
    def name(self) -> str:
        """The interface."""
        return self.line.words[1]


def read(files: HostFiles) -> LaterChanges:
    """Return the doubts about the interfaces that come up at boot."""
    doubts: list[Doubt] = []
    for stanza in started_stanzas(files):
        doubts.extend(_doubts_of(files, stanza))
    return LaterChanges(doubts=tuple(doubts))


def started_stanzas(files: HostFiles) -> list[Stanza]:
    """Return the stanzas of the interfaces that come up at boot."""
    if not is_enabled(files, "networking"):
        return []
    stanzas = []
    started: set[str] = set()
    for line in _lines(files, CONFIGURATION, depth=0):
        keyword = line.words[0]
        if keyword == "auto" or keyword.startswith("allow-"):
            started.update(line.words[1:])
        if keyword == "iface" and len(line.words) > 3:
            stanzas.append(Stanza(line, []))
        elif keyword not in _STANZAS and not keyword.startswith("allow-") and stanzas:
            stanzas[-1].options.append(line)
    return [stanza for stanza in stanzas if _is_started(stanza.name, started)]


def _is_started(interface: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(interface, pattern.lstrip("/")) for pattern in patterns)


def _lines(files: HostFiles, path: str, depth: int) -> Iterator[Line]:
    """Yield the lines of a file, and of those that it names."""
    text = read_text(files, path)
    for number, line in enumerate(text.splitlines(), 1):
        words = tuple(line.split())
        if not words or words[0].startswith("#"):
            continue
        yield Line(path=path, number=number, words=words, text=line)
        if words[0] in ("source", "source-directory") and depth < 5:
            for name in words[1:]:
                for sourced in _sourced(files, path, name, words[0]):
                    yield from _lines(files, sourced, depth + 1)


def _sourced(files: HostFiles, path: str, name: str, keyword: str) -> list[str]:
    """Return the files that a line names, by a pattern in the last part of the path."""
    if not name.startswith("/"):
        name = f"{path.rpartition('/')[0]}/{name}"
    folder, _slash, pattern = name.rpartition("/")
    if keyword == "source-directory":
        folder = name
        pattern = "*"
    names = names_in(files, folder)
    if keyword == "source-directory":
        names = [entry for entry in names if re.fullmatch(r"[\w-]+", entry)]
    return [f"{folder}/{entry}" for entry in names if fnmatchcase(entry, pattern)]


def _doubts_of(files: HostFiles, stanza: Stanza) -> Iterator[Doubt]:
    _iface, interface, family, method = stanza.line.words[:4]
    if family == "inet6":
        yield from _doubts_of_inet6(stanza, interface, method)
    has_vlan = os.path.lexists(files.host_path(_VLAN_HOOK))
    for option in stanza.options:
        name = option.words[0]
        if name in _VLAN_KEYS and len(option.words) > 1 and has_vlan:
            path = f"net/ipv4/conf/{interface}/{_VLAN_KEYS[name]}"
            yield _doubt(interface, path, option.words[1], option)
        if name in _HOOKS:
            yield from script_doubts(
                files, "ifupdown", option.path, option.text, first_line=option.number
            )


def _doubts_of_inet6(stanza: Stanza, interface: str, method: str) -> Iterator[Doubt]:
    """Yield a doubt for each key that this method of a stanza of IPv6 sets."""
    defaults = _DEFAULTS.get(method, {})
    values = {name: (value, stanza.line) for name, value in defaults.items()}
    for option in stanza.options:
        if option.words[0] in _METHODS.get(method, ()) and len(option.words) > 1:
            values[option.words[0]] = (option.words[1], option)
    for name, (value, line) in values.items():
        yield _doubt(interface, f"net/ipv6/conf/{interface}/{_KEYS[name]}", value, line)


def _doubt(interface: str, path: str, value: str, line: Line) -> Doubt:
    return Doubt(
        by="ifupdown",
        why=f"ifupdown sets it to {value!r} when it brings {interface} up",
        path=line.path,
        remedy=_REMEDY,
        keys=(path_to_key(path),),
        line=line.number,
        value=value,
    )
