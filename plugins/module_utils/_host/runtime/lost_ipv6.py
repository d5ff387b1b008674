# SPDX-License-Identifier: GPL-3.0-or-later

"""What an interface loses while IPv6 is disabled on it, and nothing brings back afterwards.

The kernel removes all IPv6 addresses, routes and neighbours then. Enabled again, it makes a
link-local address of its own and what belongs to that; a router advertises its prefixes and itself
once more (addrconf_ifdown and addrconf_notify, net/ipv6/addrconf.c). All else is lost.
"""

from __future__ import annotations

import struct
from fcntl import ioctl
from socket import AF_INET, AF_INET6, SOCK_DGRAM, inet_ntop, socket
from typing import Iterator, NamedTuple, Sequence

from ..._sysctl.keys import path_to_key
from ..._sysctl.one_line import shorten
from ..._sysctl.text import decode, encode
from .proc_sys import read_keys

_IPV6_ADDRESSES = "/proc/net/if_inet6"
_IPV6_ROUTES = "/proc/net/ipv6_route"

# <linux/if_addr.h>, <net/ipv6.h>
_ADDRESS_IS_TEMPORARY = 0x01
_ADDRESS_IS_PERMANENT = 0x80
_LINK_LOCAL = 0x20
_SCOPES_MADE_BY_THE_KERNEL = (0x10, 0x80)
"""Host (::1), and the IPv4 address of a sit tunnel."""

# <linux/route.h>, <linux/ipv6_route.h>, IP6_RT_PRIO_ADDRCONF of <net/ip6_route.h>
_ROUTE_OF_A_ROUTER = 0x50000
"""RTF_DEFAULT and RTF_ADDRCONF: advertised."""
_ROUTE_OF_NOBODY = 0x01100000
"""RTF_CACHE and RTF_ANYCAST: made by the kernel as needed."""
_ROUTE_IS_LOCAL = 0x80000000
_METRIC_OF_THE_KERNEL = 0x100
_METRIC_OF_NO_ROUTE = 0xFFFFFFFF

# <linux/sockios.h>, <linux/if_arp.h>
_SIOCGIFHWADDR = 0x8927
_ETHERNET = 1

_PREFIXES_OF_ALL = ((0xFE80 << 112, 64), (0xFF << 120, 8))
"""Every interface with IPv6 has a route to link-local and to multicast addresses."""

_MAX_NAMED = 40
"""A router has a million routes."""


class _Address(NamedTuple):
    address: int
    length: int
    scope: int
    flags: int
    interface: str

    @property
    def prefix(self) -> tuple[int, int]:
        host_bits = 128 - self.length
        return self.address >> host_bits << host_bits, self.length


class _Route(NamedTuple):
    target: int
    length: int
    metric: int
    flags: int
    interface: str


def describe_lost_ipv6(interface: str) -> str:
    """Describe the addresses and routes that nothing brings back, "" if there are none.

    interface: its name, or "all".
    """
    addresses = _read_addresses()
    routes = _read_routes()
    lost = []
    for address in _lost_addresses(addresses, routes):
        if interface in ("all", address.interface):
            lost.append(f"{_format(address.address, address.length)} of {address.interface}")
    for route in _lost_routes(addresses, routes):
        if interface in ("all", route.interface):
            lost.append(f"the route to {_format(route.target, route.length)} by {route.interface}")
    if not lost:
        return ""
    named = ", ".join(shorten(list(dict.fromkeys(lost)), _MAX_NAMED))
    return f"the kernel removes {named}, and IPv6 enabled again does not restore that"


def _lost_addresses(addresses: Sequence[_Address], routes: Sequence[_Route]) -> Iterator[_Address]:
    """Yield the addresses that neither the kernel nor a router gives.

    The table does not say of an address that expires who gave it. It is a router's if it has the
    length of those, and the kernel follows a router on its interface.
    """
    with_router = {route.interface for route in routes if route.flags & _ROUTE_OF_A_ROUTER}
    for address in addresses:
        if address.scope in _SCOPES_MADE_BY_THE_KERNEL or address.flags & _ADDRESS_IS_TEMPORARY:
            continue
        if address.scope == _LINK_LOCAL:
            is_lost = not _may_be_made_again(address, addresses)
        elif address.flags & _ADDRESS_IS_PERMANENT:
            is_lost = True
        else:
            is_lost = address.length != 64 or address.interface not in with_router
        if is_lost:
            yield address


def _may_be_made_again(address: _Address, addresses: Sequence[_Address]) -> bool:
    """Tell whether a link-local address may be the one that the kernel makes for an interface.

    Where it cannot be told which one that is, it is only known if there is no other one.
    """
    mode_key = path_to_key(f"net/ipv6/conf/{address.interface}/addr_gen_mode")
    mode = read_keys([mode_key]).get(mode_key)
    if mode == "1":
        return False
    mac = _ethernet_address(address.interface) if mode == "0" else b""
    if not mac:
        same = (address.interface, _LINK_LOCAL)
        return [(other.interface, other.scope) for other in addresses].count(same) == 1
    # The fourth and the fifth byte are ff:fe, or tell interfaces with the same address apart; the
    # second bit of the first one is turned or not by that (addrconf_ifid_eui48).
    identifier = (address.address & (1 << 64) - 1).to_bytes(8, "big")
    is_made_of_mac = identifier[1:3] == mac[1:3] and identifier[5:] == mac[3:]
    return is_made_of_mac and address.length == 64


def _ethernet_address(interface: str) -> bytes:
    """Return the hardware address of an Ethernet interface, b"" if it is another kind."""
    request = struct.pack("16s24x", encode(interface))
    try:
        with socket(AF_INET, SOCK_DGRAM) as control:
            answer = ioctl(control, _SIOCGIFHWADDR, request)
    except OSError:  # the interface went away, or there is no IPv4
        return b""
    kind, mac = struct.unpack("16xH6s16x", answer)
    return bytes(mac) if kind == _ETHERNET else b""


def _lost_routes(addresses: Sequence[_Address], routes: Sequence[_Route]) -> Iterator[_Route]:
    """Yield the routes that somebody has added.

    Those that refuse packets are at lo.
    """
    local = {address.address for address in addresses}
    prefixes = {(address.interface, address.prefix) for address in addresses}
    for route in routes:
        if route.flags & (_ROUTE_OF_A_ROUTER | _ROUTE_OF_NOBODY):
            continue
        if route.metric == _METRIC_OF_NO_ROUTE:
            continue
        prefix = (route.target, route.length)
        if route.flags & _ROUTE_IS_LOCAL:
            is_made_by_kernel = route.target in local and route.length == 128
        else:
            is_implied = prefix in _PREFIXES_OF_ALL or (route.interface, prefix) in prefixes
            is_made_by_kernel = is_implied and route.metric == _METRIC_OF_THE_KERNEL
        if not is_made_by_kernel:
            yield route


def _read_addresses() -> list[_Address]:
    addresses = []
    for address, _index, length, scope, flags, name in _read_table(_IPV6_ADDRESSES):
        addresses.append(
            _Address(
                address=int(address, 16),
                length=int(length, 16),
                scope=int(scope, 16),
                flags=int(flags, 16),
                interface=decode(name),
            )
        )
    return addresses


def _read_routes() -> list[_Route]:
    routes = []
    for fields in _read_table(_IPV6_ROUTES):
        routes.append(
            _Route(
                target=int(fields[0], 16),
                length=int(fields[1], 16),
                metric=int(fields[5], 16),
                flags=int(fields[8], 16),
                interface=decode(fields[9]),
            )
        )
    return routes


def _read_table(path: str) -> list[list[bytes]]:
    try:
        with open(path, "rb") as table:
            return [line.split() for line in table]
    except FileNotFoundError:  # a kernel without IPv6
        return []


def _format(address: int, length: int) -> str:
    return f"{inet_ntop(AF_INET6, address.to_bytes(16, 'big'))}/{length}"
