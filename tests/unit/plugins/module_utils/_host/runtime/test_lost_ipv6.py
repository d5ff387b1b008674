# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is lost with IPv6: tables of addresses and routes as kernels print them, and the names."""

from __future__ import annotations

from ipaddress import IPv6Interface
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import lost_ipv6
from unit.hosts_on_disk import Kernel

MAC = bytes.fromhex("02 00 5e 00 00 07")
OF_MAC = "fe80::5eff:fe00:7/64"
PERMANENT, EXPIRES, TEMPORARY = 0x80, 0x00, 0x01
ROUTER = ("::/0", 0x400, 0x450003)
"""The route to a router that advertises itself."""

Lost = Callable[..., str]


@pytest.fixture
def lost(kernel: Callable[..., Kernel], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lost:
    """Return a function that describes what br0 loses of its addresses and routes."""
    live = kernel()

    def describe(
        addresses: Any = (), routes: Any = (), mode: str = "0", interface: str = "br0"
    ) -> str:
        live["net.ipv6.conf.br0.addr_gen_mode"] = mode
        (tmp_path / "addresses").write_text("".join(address_line(*row) for row in addresses))
        (tmp_path / "routes").write_text("".join(route_line(*row) for row in routes))
        return lost_ipv6.describe_lost_ipv6(interface)

    monkeypatch.setattr(lost_ipv6, "_IPV6_ADDRESSES", str(tmp_path / "addresses"))
    monkeypatch.setattr(lost_ipv6, "_IPV6_ROUTES", str(tmp_path / "routes"))
    monkeypatch.setattr(lost_ipv6, "_ethernet_address", lambda _name: MAC)
    return describe


def address_line(text: str, flags: int = PERMANENT, name: str = "br0") -> str:
    address = IPv6Interface(text)
    scope = 0
    if address.ip.is_link_local:
        scope = 0x20
    elif address.ip.is_loopback:
        scope = 0x10
    length = address.network.prefixlen
    return f"{int(address.ip):032x} 02 {length:02x} {scope:02x} {flags:02x} {name:>8}\n"


def route_line(text: str, metric: int = 0x400, flags: int = 1, name: str = "br0") -> str:
    target = IPv6Interface(text)
    nothing = "0" * 32
    return (
        f"{int(target.ip):032x} {target.network.prefixlen:02x} {nothing} 00 {nothing} "
        f"{metric:08x} 00000001 00000000 {flags:08x} {name:>8}\n"
    )


@pytest.mark.parametrize(
    ("row", "routes", "is_lost"),
    [
        (("2001:db8::5/64",), [], True),
        (("2001:db8::5/64",), [ROUTER], True),
        (("2001:db8::5/128", EXPIRES), [ROUTER], True),
        (("2001:db8::5/64", EXPIRES), [ROUTER], False),
        (("2001:db8::5/64", EXPIRES), [], True),
        (("2001:db8::5/64", EXPIRES), [(*ROUTER, "br1")], True),
        (("2001:db8::5/64", TEMPORARY), [], False),
        (("::1/128",), [], False),
        (("2001:db8::5/64", PERMANENT, "br1"), [], False),
    ],
    ids=str,
)
def test_addresses(lost: Lost, row: Any, routes: Any, is_lost: bool) -> None:
    assert bool(lost([row], routes)) is is_lost


@pytest.mark.parametrize(
    ("mode", "addresses", "named"),
    [
        ("0", [OF_MAC], []),
        ("0", [OF_MAC, "fe80::1/64"], ["fe80::1/64"]),
        ("0", ["fe80::1/64"], ["fe80::1/64"]),
        ("0", ["fe80::5eff:fe00:7/10"], ["fe80::5eff:fe00:7/10"]),
        ("0", ["fe80::200:5eff:fe00:8/64"], ["fe80::200:5eff:fe00:8/64"]),
        ("0", ["fe80::200:5e00:200:7/64"], []),  # the second interface with this MAC
        ("1", [OF_MAC], [OF_MAC]),
        ("2", ["fe80::1/64"], []),
        ("2", ["fe80::1/64", "fe80::2/64"], ["fe80::1/64", "fe80::2/64"]),
        ("3", ["fe80::1/64", "fe80::2/64"], ["fe80::1/64", "fe80::2/64"]),
    ],
)
def test_link_local_addresses(
    lost: Lost, mode: str, addresses: list[str], named: list[str]
) -> None:
    reason = lost([(address,) for address in addresses], mode=mode)
    for address in addresses:
        assert (f"{address} of br0" in reason) is (address in named)


def test_a_link_local_address_of_another_kind_of_interface(
    lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel makes it of something else than a MAC there."""
    monkeypatch.setattr(lost_ipv6, "_ethernet_address", lambda _name: b"")
    assert lost([("fe80::5/64",)]) == ""
    assert "fe80::5/64 of br0, fe80::6/64 of br0" in lost([("fe80::5/64",), ("fe80::6/64",)])


def test_an_interface_that_is_not_there_has_no_hardware_address() -> None:
    assert lost_ipv6._ethernet_address("none-such") == b""
    assert lost_ipv6._ethernet_address("lo") == b""


@pytest.mark.parametrize(
    ("row", "is_lost"),
    [
        (("2001:db8:7::/48",), True),
        (("2001:db8:7::/48", 0x400, 0x3), True),
        (("2001:db8:7::/48", 0x100), True),
        (("2001:db8::/64", 0x100), False),
        (("2001:db8::/64", 0x400), True),
        (("2001:db8::5/128", 0, 0x80200001), False),
        (("2001:db8::6/128", 0, 0x80200001), True),
        (("2001:db8::/64", 0, 0x80200001), True),
        (("2001:db8::/128", 0, 0x00300001), False),
        (("fe80::/64", 0x100), False),
        (("fe80::/64", 0x400), True),
        (("ff00::/8", 0x100), False),
        (("ff05::/16", 0x100), True),
        (ROUTER, False),
        (("2001:db8:9::/64", 0x100, 0x4C0001), False),
        (("::/0", 0x400, 0x3), True),
        (("::/0", 0xFFFFFFFF, 0x200200), False),
        (("2001:db8:7::/48", 0x400, 0x1, "br1"), False),
        (("2001:db8:66::/48", 0x400, 0x200200, "lo"), False),
    ],
    ids=str,
)
def test_routes(lost: Lost, row: Any, is_lost: bool) -> None:
    reason = lost([("2001:db8::5/64",)], [row])
    assert (f"the route to {row[0]} by" in reason) is is_lost


@pytest.mark.parametrize("interface", ["lo", "all"])
def test_routes_that_refuse_packets_go_with_lo(lost: Lost, interface: str) -> None:
    routes = [("2001:db8:66::/48", 0x400, 0x200200, "lo"), ("::/0", 0xFFFFFFFF, 0x200200, "lo")]
    reason = lost(routes=routes, interface=interface)
    assert reason.startswith("the kernel removes the route to 2001:db8:66::/48 by lo, and IPv6")


def test_names_a_route_of_two_tables_once(lost: Lost) -> None:
    assert lost(routes=[("2001:db8:7::/48",)] * 2).count("2001:db8:7::/48") == 1


def test_names_so_many_and_counts_the_rest(lost: Lost) -> None:
    reason = lost(routes=[(f"2001:db8:{number:x}::/48",) for number in range(1000)])
    assert "by br0, and 960 more, and IPv6 enabled again" in reason
