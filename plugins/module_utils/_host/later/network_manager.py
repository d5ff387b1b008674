# SPDX-License-Identifier: GPL-3.0-or-later

"""NetworkManager: keys of the interfaces that it manages, as its state of this boot says.

Where it has not run since the boot, and in images, the interfaces that its connections name count.

Sources: src/core/devices/nm-device.c and src/core/nm-l3cfg.c of NetworkManager.
"""

from __future__ import annotations

import os
import re
from typing import Iterator, NamedTuple

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.keys import path_to_key
from ..configuration import LaterChanges, interface_states, is_enabled, paths_in, read_text
from ..files import HostFiles
from .sections import read_options

DEVICES = "/run/NetworkManager/devices"
"""Index of an interface -> what NetworkManager does with it."""
FOLDERS = ("/etc/NetworkManager/system-connections", "/run/NetworkManager/system-connections")
_REMEDY = "set it in the connection: 'nmcli connection modify', its methods and ipv6.ip6-privacy"
_FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.*.forwarding")
_PRIVACY = {"0": "0", "1": "1", "2": "2"}


class _Connection(NamedTuple):
    """What a connection is set to, as far as keys depend on it."""

    path: str = DEVICES
    uuid: str = ""
    interface: str = ""
    method4: str = "auto"
    method6: str = "auto"
    privacy: str = ""


def read(files: HostFiles) -> LaterChanges:
    """Return the doubts about the interfaces that NetworkManager manages."""
    if not is_enabled(files, "NetworkManager"):
        return LaterChanges()
    doubts: list[Doubt] = []
    connections = {connection.uuid: connection for connection in _connections(files)}
    for interface, uuid in _managed_interfaces(files):
        doubts.extend(_doubts_of(interface, connections.get(uuid, _Connection())))
    if not os.path.lexists(files.host_path(DEVICES)):
        for connection in connections.values():
            if connection.interface:
                doubts.extend(_doubts_of(connection.interface, connection))
    return LaterChanges(doubts=tuple(doubts))


def _managed_interfaces(files: HostFiles) -> Iterator[tuple[str, str]]:
    """Yield each interface that NetworkManager manages, and the UUID of its connection."""
    for interface, state in interface_states(files, DEVICES):
        uuid = re.search(r"(?m)^connection-uuid=(\S+)", state)
        if uuid and re.search(r"(?m)^managed=(true|1)\b", state) and interface != "lo":
            yield interface, uuid.group(1)


def _connections(files: HostFiles) -> Iterator[_Connection]:
    for folder in FOLDERS:
        for path in paths_in(files, folder):
            yield _connection(path, read_text(files, path))


def _connection(path: str, text: str) -> _Connection:
    options: dict[tuple[str, str], str] = {}
    for option in read_options(path, text):
        options[option.section, option.name] = option.value
    return _Connection(
        path=path,
        uuid=options.get(("connection", "uuid"), ""),
        interface=options.get(("connection", "interface-name"), ""),
        method4=options.get(("ipv4", "method"), "auto"),
        method6=options.get(("ipv6", "method"), "auto"),
        privacy=options.get(("ipv6", "ip6-privacy"), ""),
    )


def _doubts_of(interface: str, connection: _Connection) -> Iterator[Doubt]:
    """Yield a doubt for each key that it sets for a connection."""
    values: dict[str, str | None] = {"use_tempaddr": _PRIVACY.get(connection.privacy)}
    if connection.method6 == "disabled":
        values = {"disable_ipv6": "1", "accept_ra": "0", "use_tempaddr": "0"}
    elif connection.method6 == "ignore":
        values = {"use_tempaddr": "0"}
    else:
        values.update({"accept_ra": "0", "disable_ipv6": "0"})
    for name, value in values.items():
        keys = (path_to_key(f"net/ipv6/conf/{interface}/{name}"),)
        yield _doubt(interface, connection, keys, value)
    if connection.method4 == "shared":
        yield _doubt(interface, connection, _FORWARDING, "1")
    if connection.method6 == "shared":
        yield _doubt(interface, connection, ("net.ipv6.conf.*.forwarding",), "1")


def _doubt(
    interface: str, connection: _Connection, keys: tuple[str, ...], value: str | None
) -> Doubt:
    becomes = "another value" if value is None else repr(value)
    return Doubt(
        by="NetworkManager",
        why=f"NetworkManager manages {interface}, and sets it to {becomes}",
        path=connection.path,
        remedy=_REMEDY,
        keys=keys,
        value=value,
    )
