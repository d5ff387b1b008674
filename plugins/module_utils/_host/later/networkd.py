# SPDX-License-Identifier: GPL-3.0-or-later

"""systemd-networkd: keys of the interfaces that it configures, by its .network files.

Sources: src/network/networkd-sysctl.c of systemd 252 and 257, systemd.network(5).
"""

from __future__ import annotations

from typing import Iterator

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.keys import is_glob, path_to_key
from ..configuration import (
    LaterChanges,
    interface_states,
    is_enabled,
    read_text,
    unmasked_paths,
)
from ..files import HostFiles
from .sections import Option, read_options

FOLDERS = (
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
)
"""The folder of highest priority first."""
LINKS = "/run/systemd/netif/links"
"""Index of an interface -> the file that networkd applied to it at this boot."""
_REMEDY = "set it in that file, see systemd.network(5)"
_TRUE = {"yes": "1", "true": "1", "on": "1", "1": "1"}
_FALSE = {"no": "0", "false": "0", "off": "0", "0": "0"}
_BOOLEAN = {**_TRUE, **_FALSE}
_NUMBER: dict[str, str] = {}
"""Stands for an option whose value is that of the key."""
_IPV4 = "net/ipv4/conf"
_IPV6 = "net/ipv6/conf"
_DISABLE_IPV6 = f"{_IPV6}/*/disable_ipv6"
_OPTIONS = {
    "IPv4ProxyARP": (f"{_IPV4}/*/proxy_arp", _BOOLEAN),
    "IPv4ProxyARPPrivateVLAN": (f"{_IPV4}/*/proxy_arp_pvlan", _BOOLEAN),
    "IPv4AcceptLocal": (f"{_IPV4}/*/accept_local", _BOOLEAN),
    "IPv4RouteLocalnet": (f"{_IPV4}/*/route_localnet", _BOOLEAN),
    "IPv4ReversePathFilter": (f"{_IPV4}/*/rp_filter", {"no": "0", "strict": "1", "loose": "2"}),
    "IPv4Forwarding": (f"{_IPV4}/*/forwarding", _BOOLEAN),
    "IPv6Forwarding": (f"{_IPV6}/*/forwarding", _BOOLEAN),
    "IPv6DuplicateAddressDetection": (f"{_IPV6}/*/dad_transmits", _NUMBER),
    "IPv6HopLimit": (f"{_IPV6}/*/hop_limit", _NUMBER),
    "IPv6MTUBytes": (f"{_IPV6}/*/mtu", _NUMBER),
    "IPv6ProxyNDP": (f"{_IPV6}/*/proxy_ndp", _BOOLEAN),
    "IPv6PrivacyExtensions": (
        f"{_IPV6}/*/use_tempaddr",
        {**_BOOLEAN, "prefer-public": "1", "yes": "2", "true": "2"},
    ),
}
"""Option of [Network] -> the key that it sets, and value of the option -> value of the key."""
_ALWAYS = {
    f"{_IPV6}/*/accept_ra": "0",
    f"{_IPV6}/*/use_tempaddr": "0",
    _DISABLE_IPV6: "0",
    f"{_IPV6}/*/proxy_ndp": "0",
    f"{_IPV4}/*/promote_secondaries": "1",
}
"""What an interface gets where no option says otherwise."""
_FORWARDING = {
    "ipv4": (f"{_IPV4}/every/forwarding", "net/ipv4/ip_forward"),
    "ipv6": (f"{_IPV6}/every/forwarding",),
}
"""Family -> the keys of all interfaces that forward."""


def read(files: HostFiles) -> LaterChanges:
    """Return the doubts about the interfaces that networkd configures."""
    if not is_enabled(files, "systemd-networkd"):
        return LaterChanges()
    applied = _interfaces_by_file(files)
    doubts: list[Doubt] = []
    claimed: set[str] = set()
    for path in unmasked_paths(files, FOLDERS, ".network"):
        options = _options_of(files, path)
        names = [name for name in _names(options, applied, path) if name not in claimed]
        claimed.update(names)
        if names and not _is_unmanaged(options):
            doubts.extend(_doubts_of(path, options, names))
    return LaterChanges(doubts=tuple(doubts))


def _options_of(files: HostFiles, path: str) -> list[Option]:
    """Return the options of a file and of its drop-ins, in reading order."""
    name = path.rpartition("/")[2]
    drop_in_folders = [f"{folder}/{name}.d" for folder in FOLDERS]
    options: list[Option] = []
    for file in (path, *unmasked_paths(files, drop_in_folders, ".conf")):
        options.extend(read_options(file, read_text(files, file)))
    return options


def _interfaces_by_file(files: HostFiles) -> dict[str, list[str]]:
    """Return file -> the interfaces to which networkd applied it at this boot."""
    by_file: dict[str, list[str]] = {}
    for interface, state in interface_states(files, LINKS):
        for line in state.splitlines():
            name, _equals, value = line.partition("=")
            if name == "NETWORK_FILE":
                by_file.setdefault(value, []).append(interface)
    return by_file


def _names(options: list[Option], applied: dict[str, list[str]], path: str) -> list[str]:
    """Return the interfaces of a file: those it was applied to at this boot, and those of Name=.

    Which interfaces other conditions hold for, only networkd can tell. Patterns count where it
    has not run, such as in an image.
    """
    names = list(applied.get(path, ()))
    conditions = [option for option in options if option.section == "Match"]
    if all(condition.name == "Name" for condition in conditions):
        for condition in conditions:
            for name in condition.value.split():
                is_usable = not name.startswith("!") and not (is_glob(name) and applied)
                if is_usable and name not in names:
                    names.append(name)
    return [name for name in names if name != "lo"]


def _is_unmanaged(options: list[Option]) -> bool:
    """Tell whether the file only keeps networkd off its interfaces."""
    for option in options:
        if (option.section, option.name) == ("Link", "Unmanaged"):
            return option.value.lower() in _TRUE
    return False


def _doubts_of(path: str, options: list[Option], names: list[str]) -> Iterator[Doubt]:
    no_option = Option(path, number=0, section="", name="", value="")
    values = {key: (value, no_option) for key, value in _ALWAYS.items()}
    for option in options:
        if option.section != "Network":
            continue
        if option.name in _OPTIONS:
            key, meanings = _OPTIONS[option.name]
            value = option.value.lower()
            values[key] = (meanings.get(value, "" if meanings else value), option)
        if option.name == "LinkLocalAddressing":
            is_without_ipv6 = option.value.lower() in (*_FALSE, "ipv4")
            values[_DISABLE_IPV6] = ("" if is_without_ipv6 else "0", no_option)
        if option.name == "IPv6ProxyNDPAddress":
            values[f"{_IPV6}/*/proxy_ndp"] = ("1", option)
        for key in _forwarded(option):
            values.setdefault(key, ("1", option))
    for key, (value, option) in values.items():
        if value:
            yield _doubt(_keys_of(key, names), value, option)


def _forwarded(option: Option) -> Iterator[str]:
    """Yield the keys that turn on forwarding, for all interfaces before systemd 256."""
    value = option.value.lower()
    families = {"yes": "ipv4 ipv6", "true": "ipv4 ipv6", "both": "ipv4 ipv6"}.get(value, value)
    if option.name in ("IPForward", "IPMasquerade"):
        for family in families.split():
            yield from _FORWARDING.get(family, ())
    if option.name == "IPv6SendRA" and value in _TRUE:
        yield f"{_IPV6}/*/forwarding"


def _keys_of(key: str, names: list[str]) -> tuple[str, ...]:
    """Return a key of each of the interfaces; that of all interfaces is a glob."""
    if "/*/" not in key:
        return (path_to_key(key.replace("/every/", "/*/")),)
    return tuple(path_to_key(key.replace("/*/", f"/{name}/")) for name in names)


def _doubt(keys: tuple[str, ...], value: str, option: Option) -> Doubt:
    setting = f" ({option.name}={option.value})" if option.name else ""
    return Doubt(
        by="systemd-networkd",
        why=f"systemd-networkd sets it to {value!r} for this interface{setting}",
        path=option.path,
        remedy=_REMEDY,
        keys=keys,
        line=option.number or None,
        value=value,
    )
