# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that the kernel changes along with others: set, and restored after an error."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from sandbox.play import Task
from sandbox.tasks import TIME, Asker, sysctl
from sandbox.world import World

FORWARD = "net.ipv4.ip_forward"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"
BR0_FORWARDING = "net.ipv4.conf.br0.forwarding"
FORWARD6 = "net.ipv6.conf.all.forwarding"
FORCED = "net.ipv6.conf.br0.force_forwarding"
IPV6_ALL = "net.ipv6.conf.all.disable_ipv6"
IPV6_LO = "net.ipv6.conf.lo.disable_ipv6"
KEPT_BY_BR0 = "net.ipv6.conf.br0.stable_secret"
REFUSED = {"net.ipv4.tcp_retries1": 1000}
"""The kernel refuses it, and only the real run sees that."""

HARDENED = {
    FORWARD: 0,
    REDIRECTS: 0,
    BR0_FORWARDING: 1,
    "net.ipv6.conf.br0.forwarding": 1,
    "net.ipv6.conf.br1.disable_ipv6": 1,
    "net.ipv4.conf.br0.rp_filter": 2,
}
"""A host on which no interface is as the keys for all of them would make it."""


@pytest.fixture
def hardened(make_world: Callable[..., World]) -> World:
    world = make_world(interfaces=["br0", "br1"])
    for key, value in HARDENED.items():
        world.set_sysctl(key, value)
    return world


def add_address(world: World, address: str, interface: str) -> None:
    added = world.run(["ip", "-6", "address", "add", address, "dev", interface])
    assert added.rc == 0, added.stderr


def addresses(world: World, interface: str) -> str:
    return world.run(["ip", "-6", "address", "show", "dev", interface]).stdout


# --- after an error ---


@pytest.mark.parametrize(
    "settings",
    [
        {FORWARD: 1},
        {FORWARD: 1, REDIRECTS: 1, BR0_FORWARDING: 0},
        {"net.ipv4.conf.all.forwarding": 1},
        {FORWARD6: 1},
        {IPV6_ALL: 1},
        {IPV6_ALL: 1, IPV6_LO: 0},
        {"net.ipv4.conf.default.rp_filter": 1},
        {"net.ipv6.conf.all.ignore_routes_with_linkdown": 1},
        {"net.ipv4.conf.*.forwarding": 1},
    ],
    ids=", ".join,
)
def test_a_failed_run_changes_no_key_of_the_network(
    hardened: World, ask: Asker, settings: dict[str, Any]
) -> None:
    names = list(settings)
    for position in range(1, len(names) + 1):
        first, later = names[:position], names[position:]
        keys = [*first, *REFUSED, *later]
        values = {**settings, **REFUSED}
        result = ask.fails(hardened, sysctl({key: values[key] for key in keys}))
        assert result["failed_key"] == next(iter(REFUSED))
        assert result["rolled_back"] is True


@pytest.fixture(params=["systemd", "procps"])
def forwarding(make_world: Callable[..., World], request: pytest.FixtureRequest) -> World:
    """Make a host that forwards, one interface of it always."""
    world = make_world(loader=request.param, interfaces=["br0", "br1"])
    if not world.exists("/proc/sys/net/ipv6/conf/all/force_forwarding"):
        pytest.skip("the kernel has force_forwarding since 6.17")
    world.set_sysctl(FORWARD6, 1)
    world.set_sysctl(FORCED, 1)
    return world


def test_the_ways_back_lead_to_forced_forwarding(forwarding: World, ask: Asker) -> None:
    start = forwarding.snapshot()
    result = ask.fails(forwarding, sysctl({FORWARD6: 0, **REFUSED}))
    assert result["rolled_back"] is True
    changed = ask.ok(forwarding, sysctl({FORWARD6: 0}, rollout="a"))
    assert forwarding.sysctl(FORCED) == "0"
    assert changed["previous"][FORCED] == "1"
    ask.ok(forwarding, restore("a"))
    assert forwarding.snapshot() == start
    changed = ask.ok(forwarding, sysctl({FORWARD6: 0}, persistent=False))
    ask.ok(forwarding, sysctl(changed["previous"], persistent=False))
    assert forwarding.snapshot() == start


@pytest.mark.parametrize("names", [(FORCED, FORWARD6), (FORWARD6, FORCED)], ids=", ".join)
def test_forced_forwarding_is_set_along_with_forwarding(
    forwarding: World, ask: Asker, names: tuple[str, str]
) -> None:
    values = {FORCED: 1, FORWARD6: 0}
    ask.ok(forwarding, sysctl({key: values[key] for key in names}))
    ask.again(forwarding, sysctl({key: values[key] for key in names}))
    assert forwarding.sysctl(FORCED) == "1"
    assert forwarding.boot(forwarding.loader, [FORCED]).values == {FORCED: "1"}


def test_a_failed_run_leaves_the_addresses_of_the_interfaces(world: World, ask: Asker) -> None:
    world.add_interfaces("br0")
    add_address(world, "2001:db8::5/64", "br0")
    result = ask.fails(world, sysctl({IPV6_ALL: 1, **REFUSED}))
    assert result["rolled_back"] is True
    assert "2001:db8::5/64" in addresses(world, "br0")


def test_addresses_that_are_gone_are_named_after_an_error(world: World, ask: Asker) -> None:
    """The lock of the kernel's value is not the only thing that cannot be taken back."""
    world.add_interfaces("br0", "br1")
    add_address(world, "2001:db8::5/64", "br0")
    add_address(world, "2001:db8:1::5/64", "br1")
    settings = {
        "net.ipv6.conf.br0.disable_ipv6": 1,
        "net.ipv6.conf.br1.disable_ipv6": "0x1ffffffff",
    }
    result = ask(world, sysctl(settings))
    assert result.failed
    assert result["rolled_back"] is False
    assert "NOT put back: net.ipv6.conf.br0.disable_ipv6 (the kernel removes" in result["msg"]
    assert "br1" not in result["msg"].partition("NOT put back")[2]
    assert "2001:db8:1::5/64" in addresses(world, "br1")


# --- the MTU of an interface that is up ---

V0_IPV6, V0_MTU = "net.ipv6.conf.v0.disable_ipv6", "net.ipv6.conf.v0.mtu"


@pytest.fixture
def linked(world: World) -> World:
    """Return a world whose interface v0 is up and has another MTU than its link."""
    added = world.run(["ip", "link", "add", "v0", "up", "type", "veth", "peer", "name", "v1"])
    assert added.rc == 0, added.stderr
    world.run(["ip", "link", "set", "v1", "up"])
    end = time.monotonic() + 10
    while "fe80" not in addresses(world, "v0") and time.monotonic() < end:
        time.sleep(0.02)
    world.set_sysctl(V0_MTU, 1300)
    return world


@pytest.mark.parametrize("key", [V0_IPV6, IPV6_ALL])
def test_a_failed_run_leaves_the_mtu(linked: World, ask: Asker, key: str) -> None:
    result = ask.fails(linked, sysctl({key: 1, **REFUSED}))
    assert result["rolled_back"] is True
    assert (linked.sysctl(key), linked.sysctl(V0_MTU)) == ("0", "1300")


@pytest.mark.parametrize("key", [V0_IPV6, IPV6_ALL])
def test_the_ways_back_lead_to_the_mtu(linked: World, ask: Asker, key: str) -> None:
    result = ask.ok(linked, sysctl({key: 1}, rollout="a"))
    assert result["previous"][V0_MTU] == "1300"
    ask.ok(linked, restore("a"))
    assert (linked.sysctl(key), linked.sysctl(V0_MTU)) == ("0", "1300")
    result = ask.ok(linked, sysctl({key: 1}, persistent=False))
    ask.ok(linked, sysctl(result["previous"], persistent=False))
    assert (linked.sysctl(key), linked.sysctl(V0_MTU)) == ("0", "1300")


@pytest.mark.parametrize("key", [V0_IPV6, IPV6_ALL])
@pytest.mark.parametrize("is_first", [True, False])
def test_an_mtu_is_set_along_with_ipv6(linked: World, ask: Asker, key: str, is_first: bool) -> None:
    linked.set_sysctl(key, 1)
    settings = {V0_MTU: 1300, key: 0} if is_first else {key: 0, V0_MTU: 1300}
    ask.ok(linked, sysctl(settings))
    assert (linked.sysctl(key), linked.sysctl(V0_MTU)) == ("0", "1300")
    result = ask.again(linked, sysctl(settings))
    reasons = [doubt["why"] for doubt in result["doubts"]]
    assert reasons == [
        f"the kernel sets {V0_MTU} to the MTU of the link when the interface comes up"
    ]


# --- what cannot be taken back ---


def test_addresses_that_will_be_lost_are_named_before(world: World, ask: Asker) -> None:
    world.add_interfaces("br0")
    add_address(world, "2001:db8::5/64", "br0")
    task = sysctl({IPV6_ALL: 1, IPV6_LO: 0, TIME: 600})
    for check in (True, False):
        result = ask.ok(world, task, check=check)
        ((named),) = result["irreversible"]
        assert named["key"] == IPV6_ALL
        assert "2001:db8::5/64 of br0" in named["reason"]
        assert "2001:db8::5/64 of br0" in str(result["warnings"])
    assert (world.sysctl(IPV6_ALL), world.sysctl(IPV6_LO)) == ("1", "0")
    assert ask.again(world, task)["irreversible"] == []


def test_nothing_is_named_where_nothing_is_lost(world: World, ask: Asker) -> None:
    world.add_interfaces("br0")
    result = ask.ok(world, sysctl({IPV6_ALL: 1}))
    assert result["irreversible"] == []
    assert "warnings" not in result


def test_a_first_secret_is_written_last(world: World, ask: Asker) -> None:
    """An interface has no secret at first, and the kernel takes none away."""
    world.add_interfaces("br0")
    settings = {"net.ipv6.conf.br0.stable_secret": "2001:db8::1"}
    result = ask.fails(world, sysctl({**settings, **REFUSED}))
    assert result["rolled_back"] is True
    result = ask.ok(world, sysctl(settings))
    assert [entry["key"] for entry in result["irreversible"]] == list(settings)
    ask.again(world, sysctl(settings))


@pytest.mark.parametrize("name", ["v0", "all"])
def test_a_random_secret_of_an_interface_that_gets_ipv6_is_named_before(
    linked: World, ask: Asker, name: str
) -> None:
    key, secret = f"net.ipv6.conf.{name}.disable_ipv6", "net.ipv6.conf.v0.stable_secret"
    linked.set_sysctl(key, 1)
    linked.set_sysctl("net.ipv6.conf.v0.addr_gen_mode", 3)
    ((named),) = ask.ok(linked, sysctl({key: 0}), check=True)["irreversible"]
    assert named["key"] == key
    assert f"the kernel gives {secret} a random value" in named["reason"]
    ask.fails(linked, sysctl({key: 0, "net.ipv4.ip_default_ttl": 999}))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        linked.sysctl(secret)
    ask.ok(linked, sysctl({key: 0}))
    assert linked.sysctl(secret)


@pytest.mark.parametrize("interface", ["all", "br0"])
def test_a_random_secret_is_named_before(world: World, ask: Asker, interface: str) -> None:
    """The kernel gives it to an interface that has none, and takes it away no more."""
    world.add_interfaces("br0", "br1", "off")
    world.set_sysctl("net.ipv6.conf.br1.stable_secret", "2001:db8::1")
    world.set_sysctl("net.ipv6.conf.off.disable_ipv6", 1)
    key = f"net.ipv6.conf.{interface}.addr_gen_mode"
    result = ask.fails(world, sysctl({key: 3, **REFUSED}))
    assert result["rolled_back"] is True
    for check in (True, False):
        result = ask.ok(world, sysctl({key: 3}, persistent=False), check=check)
        ((named),) = result["irreversible"]
        assert named["key"] == key
        assert "gives net.ipv6.conf.br0.stable_secret a random value" in named["reason"]
    secret = world.sysctl("net.ipv6.conf.br0.stable_secret")
    assert secret not in str(result)
    with pytest.raises(OSError, match="Input/output error"):
        world.sysctl("net.ipv6.conf.off.stable_secret")


# --- set ---


@pytest.mark.parametrize("value", [0, 1])
def test_a_value_that_a_later_key_resets_is_written_again(
    hardened: World, ask: Asker, value: int
) -> None:
    """ip_forward sets accept_redirects to its opposite."""
    hardened.set_sysctl(FORWARD, 1 - value)
    hardened.set_sysctl(REDIRECTS, value)
    ask.ok(hardened, sysctl({REDIRECTS: value, FORWARD: value}, persistent=False))
    assert hardened.sysctl(REDIRECTS) == hardened.sysctl(FORWARD) == str(value)
    ask.again(hardened, sysctl({REDIRECTS: value, FORWARD: value}, persistent=False))


def test_what_is_commented_out_changes_the_order_that_our_file_needs(
    world: World, ask: Asker
) -> None:
    world.add_interfaces("br0")
    key = "net.ipv4.conf.br0.arp_ignore"
    world.write("/etc/sysctl.d/99-z.conf", "net.ipv4.conf.default.arp_ignore = 2\n")
    settings = {key: 10, "net.ipv4.conf.*.arp_ignore": 5}
    result = ask.ok(world, sysctl(settings, on_override="comment_out"))
    assert result["settings"][key]["boot"]["certain"]
    ask.again(world, sysctl(settings, on_override="comment_out"))
    assert world.boots(key) == {"systemd": "10", "procps": "10"}


@pytest.mark.parametrize("key", [FORWARD, FORWARD6, "net.ipv4.conf.default.rp_filter"])
def test_previous_leads_back(hardened: World, ask: Asker, key: str) -> None:
    start = hardened.net_values()
    predicted = ask.ok(hardened, sysctl({key: 1}, persistent=False), check=True)
    result = ask.ok(hardened, sysctl({key: 1}, persistent=False))
    assert result["previous"] == predicted["previous"]
    assert hardened.net_values() != start
    ask.ok(hardened, sysctl(result["previous"], persistent=False))
    assert hardened.net_values() == start


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_previous_leads_back_in_two_units(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    seconds, milliseconds = "net.ipv6.route.gc_min_interval", "net.ipv6.route.gc_min_interval_ms"
    world = make_world(loader=loader)
    result = ask.ok(world, sysctl({seconds: 2, milliseconds: 2000}, persistent=False))
    back = sysctl(result["previous"])
    ask.ok(world, back)
    values = {key: world.sysctl(key) for key in (seconds, milliseconds)}
    assert values == result["previous"] == world.boot(loader, values).values
    ask.again(world, back)


# --- the ledger ---


def restore(rollout: str) -> Task:
    return {"netops.tuning.sysctl_ledger": {"state": "restored", "rollout": rollout}}


@pytest.mark.parametrize("key", [FORWARD, FORWARD6, IPV6_ALL, "net.ipv4.conf.default.rp_filter"])
def test_the_ledger_leads_back(hardened: World, ask: Asker, key: str) -> None:
    start = hardened.snapshot()
    ask.ok(hardened, sysctl({key: 1, TIME: 600}, rollout="a"))
    predicted = ask.ok(hardened, restore("a"), check=True)
    result = ask.ok(hardened, restore("a"))
    assert result["settings"] == predicted["settings"]
    assert result["not_restored"] == []
    assert "warnings" not in result
    assert hardened.snapshot() == start
    ask.again(hardened, restore("a"))


def test_the_ledger_leads_back_over_two_runs(hardened: World, ask: Asker) -> None:
    """The state before the first run counts, also of keys that only the second one changes."""
    start = hardened.snapshot()
    ask.ok(hardened, sysctl({FORWARD: 1}, rollout="a"))
    ask.ok(hardened, sysctl({REDIRECTS: 1, FORWARD6: 1}, rollout="a"))
    ask.ok(hardened, sysctl({BR0_FORWARDING: 0}, rollout="b"))
    ask.ok(hardened, restore("a"))
    assert hardened.snapshot() == start


def test_the_ledger_names_what_is_lost(world: World, ask: Asker) -> None:
    world.add_interfaces("br0")
    add_address(world, "2001:db8::5/64", "br0")
    ask.ok(world, sysctl({IPV6_ALL: 1}, rollout="a"))
    ask.ok(world, sysctl({TIME: 600}, rollout="a"))
    predicted = ask.ok(world, restore("a"), check=True)
    result = ask.ok(world, restore("a"))
    assert result["warnings"] == predicted["warnings"]
    ((warning),) = result["warnings"]
    assert f"{IPV6_ALL}: it is put back, but not" in warning
    assert "2001:db8::5/64 of br0" in warning
    assert result["not_restored"] == []
    assert world.sysctl("net.ipv6.conf.br0.disable_ipv6") == "0"
    assert "warnings" not in ask.again(world, restore("a"))


@pytest.mark.parametrize(
    "settings",
    [
        {"net.ipv6.conf.all.addr_gen_mode": 3},
        {"net.ipv6.conf.br0.addr_gen_mode": 3},
        {"net.ipv6.conf.br0.stable_secret": "2001:db8::1"},
    ],
    ids=", ".join,
)
def test_the_ledger_names_a_secret_that_stays(
    world: World, ask: Asker, settings: dict[str, Any]
) -> None:
    world.add_interfaces("br0")
    ask.ok(world, sysctl(settings, rollout="a"))
    predicted = ask.ok(world, restore("a"), check=True)
    result = ask.ok(world, restore("a"))
    assert world.sysctl("net.ipv6.conf.br0.addr_gen_mode") == "0"
    ((kept),) = result["not_restored"]
    assert kept["key"] == KEPT_BY_BR0
    assert predicted["not_restored"] == result["not_restored"]
    assert world.sysctl(KEPT_BY_BR0) not in str(result)
    assert ask.again(world, restore("a"))["not_restored"] == [kept]
