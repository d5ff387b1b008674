# SPDX-License-Identifier: GPL-3.0-or-later

"""Interfaces in a fresh network namespace that stand in for those of the host.

They are TAP interfaces (Documentation/networking/tuntap.rst of the kernel). Without these they are
bridges, and few: the kernel waits when it removes one, about 20 ms, and nothing else on the host
can change an interface, an address or a route meanwhile (net/bridge/br_multicast.c waits in
br_multicast_dev_del() while the lock of all namespaces is taken).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from typing import Callable, Mapping

from ..._sysctl.errors import describe_os_error

# <linux/if_tun.h>, <linux/sockios.h>, and <asm/ioctl.h>, where few architectures differ
_IOC_WRITE = 2 if os.uname().machine.startswith(("alpha", "mips", "ppc", "sparc")) else 1
_TUNSETIFF = (_IOC_WRITE << 30) | 0x454CA
_TUNSETPERSIST = (_IOC_WRITE << 30) | 0x454CB
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_SIOCGIFMTU = 0x8921
_SIOCSIFMTU = 0x8922
_SIOCBRADDBR = 0x89A0

_TAP_DEVICE = "/dev/net/tun"
_TAPS_NEED = "/sys/class/misc/tun"
_BRIDGES_NEED = "/sys/module/bridge"
"""Where this is missing, making an interface would load a kernel module."""
_MOST_BRIDGES = 10
_SMALLEST_MTU = 68
"""Of a stand-in. IPv6, which needs 1280, leaves an interface with a smaller one alone as well."""
_LARGEST_MTU = 65535


def interfaces_here() -> dict[str, int]:
    """Return name -> MTU of each interface of this network namespace."""
    interfaces = {}
    with _control_socket() as control:
        for _index, name in socket.if_nameindex():
            request = struct.pack("16s24x", os.fsencode(name))
            with contextlib.suppress(OSError):  # it was removed meanwhile
                answer = fcntl.ioctl(control, _SIOCGIFMTU, request)
                interfaces[name] = struct.unpack("16xi20x", answer)[0]
    return interfaces


def add_stand_ins(interfaces: Mapping[str, int]) -> str:
    """Add interfaces of these names and MTUs; return why not all could be added, "" if they were.

    ``lo`` is left out: each network namespace has its own.
    """
    mtus = {name: mtu for name, mtu in interfaces.items() if name != "lo"}
    if os.path.isdir(_TAPS_NEED) and os.path.exists(_TAP_DEVICE):
        return _add_all(_add_tap, mtus)
    if not os.path.isdir(_BRIDGES_NEED):
        return "a stand-in for its interface would load the kernel module 'tun': load it before"
    if len(mtus) > _MOST_BRIDGES:
        return (
            f"bridges as stand-ins for {len(mtus)} interfaces would hold up the network of the "
            "host: load the kernel module 'tun' before"
        )
    return _add_all(_add_bridge, mtus)


def _add_all(add: Callable[[bytes], None], mtus: Mapping[str, int]) -> str:
    problem = ""
    for name, mtu in mtus.items():
        if mtu > _LARGEST_MTU:
            problem = f"no stand-in for its interface can have an MTU of {mtu}"
            continue
        try:
            add(os.fsencode(name))
            _set_mtu(os.fsencode(name), max(mtu, _SMALLEST_MTU))
        except OSError as error:
            problem = f"a stand-in for its interface: {describe_os_error(error)}"
    return problem


def _add_tap(name: bytes) -> None:
    tap = os.open(_TAP_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name, _IFF_TAP | _IFF_NO_PI))
        fcntl.ioctl(tap, _TUNSETPERSIST, 1)
    finally:
        os.close(tap)


def _add_bridge(name: bytes) -> None:
    with _control_socket() as control:
        fcntl.ioctl(control, _SIOCBRADDBR, name + b"\0")


def _set_mtu(name: bytes, mtu: int) -> None:
    with _control_socket() as control:
        fcntl.ioctl(control, _SIOCSIFMTU, struct.pack("16si20x", name, mtu))


def _control_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
