# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What disable_ipv6 is said to take away for good, and what a real kernel does not have after."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from sandbox.tasks import Asker, sysctl
from sandbox.world import World

EXPIRES = "2001:db8:1::5/64 dev v0 valid_lft 1000 preferred_lft 900"
ADDRESSES = (
    EXPIRES,
    "2001:db8::5/64 dev v0",
    "2001:db8:1::6/128 dev v0 valid_lft 1000 preferred_lft 900",
    "2001:db8:2::5/64 dev v0 noprefixroute",
    "2001:db8:3::5/56 dev v1",
    "2001:db8:4::5/128 dev lo",
    "fd00::1 peer fd00::2/128 dev v0",
    "fe80::1/64 dev v0",
    "fe80::2/64 dev v1 valid_lft 1000 preferred_lft 900",
)
ROUTES = (
    "2001:db8:7::/48 dev v0",
    "2001:db8:7::/48 dev v1 table 77",
    "2001:db8:8::/48 dev v0 table 77",
    "2001:db8:8::/48 dev v0 metric 256",
    "2001:db8:9::/48 dev v0 expires 500",
    "2001:db8:a::/48 via fe80::99 dev v0",
    "default via fe80::99 dev v1 table 78",
    "2001:db8:b::1 dev v1",
    "fe80::/64 dev v0 metric 1000",
    "local 2001:db8:c::/48 dev lo",
    "blackhole 2001:db8:66::/48",
    "unreachable default metric 5000",
    "prohibit 2001:db8:67::/48 table 77",
    "multicast ff05::/16 dev v0 table local",
)
PAIR = """
link set lo up
link add v0 type veth peer name v1
link set v0 up
link set v1 up
"""
ADVERTISE = """
import socket, struct
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:aa::")
option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + prefix
message = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + option
sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
sender.sendto(message, ("ff02::1", 0, 0, socket.if_nametoindex("v1")))
"""
"""A router behind v1, as v0 sees it."""

State = frozenset[str]


class Tables(NamedTuple):
    """Addresses and routes as `irreversible` names them."""

    addresses: State
    routes: State
    by_kernel: State
    """The routes that the kernel or a router has made."""


def ip(world: World, batch: Iterable[str]) -> None:
    done = world.run(["ip", "-6", "-batch", "-"], stdin="\n".join(batch))
    assert done.rc == 0, done.stderr


def read_tables(world: World) -> Tables:
    addresses, routes, by_kernel = set(), set(), set()
    for line in world.run(["ip", "-o", "-6", "address"]).stdout.splitlines():
        _number, name, _family, address, *more = line.split()
        with_length = address if "/" in address else f"{address}/{more[1].partition('/')[2]}"
        addresses.add(f"{with_length} of {name}")
    for line in world.run(["ip", "-6", "route", "show", "table", "all"]).stdout.splitlines():
        target, _dev, rest = line.partition(" dev ")
        target = target.partition(" via ")[0].split()[-1].replace("default", "::/0")
        with_length = target if "/" in target else f"{target}/128"
        route = f"the route to {with_length} by {rest.split()[0]}"
        (by_kernel if " proto kernel" in line or " proto ra" in line else routes).add(route)
    return Tables(frozenset(addresses), frozenset(routes), frozenset(by_kernel))


def named_in(irreversible: list[dict[str, str]]) -> State:
    if not irreversible:
        return frozenset()
    ((reason),) = [entry["reason"] for entry in irreversible]
    names, _sep, _rest = reason.partition("the kernel removes ")[2].partition(", and IPv6")
    return frozenset(names.split(", "))


def until(is_so: Callable[[], bool]) -> bool:
    """Wait for a condition, but not for ever."""
    for _try in range(200):
        if is_so():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def pair(world: World) -> World:
    """A host with two interfaces that are connected, and addresses that are usable at once."""
    world.set_sysctl("net.ipv6.conf.default.accept_dad", 0)
    world.set_sysctl("net.ipv6.conf.default.accept_ra_from_local", 1)
    ip(world, PAIR.splitlines())
    assert until(lambda: has_link_local(world, "v0") and has_link_local(world, "v1"))
    return world


def has_link_local(world: World, interface: str) -> bool:
    return any(
        text.startswith("fe80::") and text.endswith(f" of {interface}")
        for text in read_tables(world).addresses
    )


def advertise(world: World) -> bool:
    """Let the router advertise its prefix, and tell whether v0 has an address of it."""
    world.run(["python3", "-c", ADVERTISE])
    return any("2001:db8:aa:" in text for text in read_tables(world).addresses)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_named_is_what_is_gone(pair: World, ask: Asker, seed: int) -> None:
    choice = random.Random(seed)
    interface = choice.choice(["v0", "v0", "all", "lo"])
    has_router = choice.random() < 0.5
    addresses = choice.sample(ADDRESSES, choice.randrange(5))
    routes = choice.sample(ROUTES, choice.randrange(6))
    if has_router:
        assert until(lambda: advertise(pair))
        # What expires there, and is as long as a prefix, might be of this router.
        addresses = [text for text in addresses if text != EXPIRES]
    elif choice.random() < 0.3:
        pair.set_sysctl("net.ipv6.conf.v0.addr_gen_mode", 1)
    batch = [f"address add {text}" for text in addresses]
    batch.extend(f"route add {text}" for text in routes)
    ip(pair, batch)
    before = read_tables(pair)
    key = f"net.ipv6.conf.{interface}.disable_ipv6"
    predicted = ask.ok(pair, sysctl({key: 1}, persistent=False), check=True)
    assert read_tables(pair)[:2] == before[:2]
    result = ask.ok(pair, sysctl({key: 1}, persistent=False))
    assert result["irreversible"] == predicted["irreversible"]
    named = named_in(result["irreversible"])
    pair.set_sysctl(key, 0)

    def is_as_named() -> bool:
        if has_router:
            advertise(pair)
        after = read_tables(pair)
        gone = before.addresses - after.addresses | before.routes - after.routes
        return gone <= named <= gone | before.by_kernel - after.by_kernel

    assert until(is_as_named), (named, before, read_tables(pair))
