# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A glob is kept as written and applied to each key that it matches; explicit keys win over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from sandbox.tasks import INTVL, OURS, PROBES, PROGRAMS, TIME, Asker, sysctl
from sandbox.world import World

INTERFACES = ["br0", "br0.100", "br1"]
LOADERS = ["systemd", "procps"]
GLOB = "net.ipv4.conf.br*.medium_id"
MATCHES = [
    "net.ipv4.conf.br0.medium_id",
    "net.ipv4.conf.br0/100.medium_id",
    "net.ipv4.conf.br1.medium_id",
]
NO_MATCH = "net.ipv4.conf.wlan*.rp_filter"


@pytest.fixture
def world_with_interfaces(make_world: Callable[..., World]) -> World:
    """Make a host with three interfaces, one of which has a dot in its name."""
    return make_world(interfaces=INTERFACES)


def runtime_values(world: World, keys: Iterable[str]) -> dict[str, str]:
    """Return the runtime values of these keys."""
    return {key: world.sysctl(key) for key in keys}


@pytest.mark.parametrize("loader", LOADERS)
def test_each_match_has_the_value_now_and_at_boot(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(interfaces=INTERFACES, loader=loader)
    task = sysctl({GLOB: 2})
    result = ask.ok(world, task)
    expected = dict.fromkeys(MATCHES, "2")
    assert world.read(OURS).endswith(f"{GLOB} = 2\n")
    assert world.boot(loader, MATCHES).values == expected
    assert runtime_values(world, MATCHES) == expected
    assert set(result["previous"]) == set(MATCHES)

    settings = result["settings"]
    assert set(settings) == {GLOB, *MATCHES}
    assert settings[GLOB]["runtime"] == {"before": None, "after": None}
    assert settings[GLOB]["persistent"] == {"before": None, "after": "2"}
    match = settings[MATCHES[1]]
    assert match["runtime"] == {"before": "0", "after": "2"}
    assert match["persistent"] == {"before": None, "after": None}
    assert match["boot"] == {
        "value": "2",
        "path": OURS,
        "line": 2,
        "by": PROGRAMS[loader],
        "certain": True,
    }
    ask.again(world, task)


@pytest.mark.parametrize(
    ("glob", "interfaces"),
    [
        ("net/ipv4/conf/br*/medium_id", {"br0", "br0/100", "br1"}),
        ("net.ipv4.conf.br?.medium_id", {"br0", "br1"}),
        ("net.ipv4.conf.br0/*.medium_id", {"br0/100"}),
        ("net.ipv4.conf.br[01].medium_id", {"br0", "br1"}),
        ("net.ipv4.conf.[!adl]*.medium_id", {"br0", "br0/100", "br1"}),
        ("net.ipv4.conf.br[[:digit:]].medium_id", {"br0", "br1"}),
        (r"net.ipv4.conf.\b*0.medium\_id", {"br0", "br0/100"}),
        (r"net.ipv4.conf.?[z[^r]0.medium_id", {"br0"}),
    ],
)
def test_a_glob_sets_the_keys_that_both_loaders_match(
    world_with_interfaces: World, ask: Asker, glob: str, interfaces: set[str]
) -> None:
    ask.ok(world_with_interfaces, sysctl({glob: 2}))
    keys = {}
    for name in ("all", "default", "lo", "br0", "br0/100", "br1"):
        keys[name] = f"net.ipv4.conf.{name}.medium_id"

    def interfaces_set(values: dict[str, str]) -> set[str]:
        return {name for name, key in keys.items() if values[key] == "2"}

    assert interfaces_set(runtime_values(world_with_interfaces, keys.values())) == interfaces
    for loader in LOADERS:
        booted = world_with_interfaces.boot(loader, keys.values())
        assert interfaces_set(booted.values) == interfaces


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "settings",
    [
        {"net.ipv4.tcp_keepalive_*": 20, PROBES: 5},
        {PROBES: 5, "net.ipv4.tcp_keepalive_*": 20},
    ],
    ids=["glob first", "key first"],
)
def test_an_explicit_key_wins_in_either_order(
    make_world: Callable[..., World], ask: Asker, settings: dict[str, int], loader: str
) -> None:
    world = make_world(loader=loader)
    task = sysctl(settings)
    ask.ok(world, task)
    expected = {TIME: "20", PROBES: "5", INTVL: "20"}
    assert runtime_values(world, expected) == expected
    assert world.boot(loader, expected).values == expected
    ask.again(world, task)


def test_a_new_interface_gets_the_value_at_the_next_run(
    world_with_interfaces: World, ask: Asker
) -> None:
    task = sysctl({GLOB: 2})
    ask.ok(world_with_interfaces, task)
    world_with_interfaces.add_interfaces("br9")
    result = ask.ok(world_with_interfaces, task)
    assert result.changed
    assert world_with_interfaces.sysctl("net.ipv4.conf.br9.medium_id") == "2"
    ask.again(world_with_interfaces, task)


def test_a_glob_without_a_match_is_a_missing_key(world_with_interfaces: World, ask: Asker) -> None:
    failure = ask.fails(world_with_interfaces, sysctl({NO_MATCH: 1}))
    assert failure["failed_key"] == NO_MATCH
    task = sysctl({NO_MATCH: 1}, ignore_missing=True)
    result = ask.ok(world_with_interfaces, task)
    assert result["missing"] == [NO_MATCH]
    assert world_with_interfaces.read(OURS).endswith(f"{NO_MATCH} = 1\n")
    ask.again(world_with_interfaces, task)


def test_an_exclusion_in_our_file_is_kept_and_reported(
    world_with_interfaces: World, ask: Asker
) -> None:
    excluded = "net.ipv4.conf.br1.medium_id"
    world_with_interfaces.write(OURS, f"-{excluded}\n")
    task = sysctl({GLOB: 2}, on_override="warn")
    result = ask.ok(world_with_interfaces, task)
    assert world_with_interfaces.read(OURS) == f"-{excluded}\n{GLOB} = 2\n"
    assert excluded in [entry["key"] for entry in result["overridden"]]


def test_every_match_is_rolled_back_if_one_fails(world_with_interfaces: World, ask: Asker) -> None:
    """300 is too high for tcp_keepalive_probes, and valid for the two other keys."""
    result = ask.fails(world_with_interfaces, sysctl({"net.ipv4.tcp_keepalive_*": 300}))
    assert result["failed_key"] == PROBES


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_an_interface_whose_name_is_a_glob(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    """``previous`` has a glob that matches its keys alone."""
    world = make_world(loader=loader, interfaces=["v[0]", "v0"])
    keys = [f"net.ipv4.conf.{name}.rp_filter" for name in ("v[0]", "v0")]
    before = [world.sysctl(key) for key in keys]
    result = ask.ok(world, sysctl({"net.ipv4.conf.v*.rp_filter": 2}))
    assert [world.sysctl(key) for key in keys] == ["2", "2"]
    names = ["net.ipv4.conf.v[[]0].rp_filter", keys[1]]
    assert result["previous"] == dict(zip(names, before))
    ask.ok(world, sysctl(result["previous"], persistent=False))
    assert [world.sysctl(key) for key in keys] == before
    ask.ok(world, sysctl({names[0]: 1}, exclusive=True))
    assert world.boot(loader, keys).values[keys[0]] == "1"
