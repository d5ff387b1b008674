# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A glob is kept as written, applied to every key it matches now, and explicit keys win over it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.tasks import INTVL, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World

BRIDGES = ["br0", "br0.100", "br1"]


@pytest.fixture
def bridges(make_world: Callable[..., World]) -> World:
    return make_world(interfaces=BRIDGES)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_each_match_has_the_value_now_and_at_boot(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(interfaces=BRIDGES, loader=loader)
    task = sysctl({"net.ipv4.conf.br*.medium_id": 2})
    result = ask.ok(world, task)
    matches = [f"net.ipv4.conf.{name}.medium_id" for name in ("br0", "br0/100", "br1")]
    assert world.read(OURS).endswith("net.ipv4.conf.br*.medium_id = 2\n")
    assert world.boot(loader, matches).values == dict.fromkeys(matches, "2")
    assert {world.sysctl(key) for key in matches} == {"2"}
    assert set(result["settings"]) == {"net.ipv4.conf.br*.medium_id", *matches}
    assert result["settings"]["net.ipv4.conf.br*.medium_id"]["runtime"] == {
        "before": None,
        "after": None,
    }
    assert result["settings"]["net.ipv4.conf.br*.medium_id"]["persistent"] == {
        "before": None,
        "after": "2",
    }
    assert result["settings"][matches[1]]["runtime"] == {"before": "0", "after": "2"}
    assert result["settings"][matches[1]]["persistent"] == {"before": None, "after": None}
    assert result["settings"][matches[1]]["boot"] == {"value": "2", "path": OURS, "line": 2}
    assert set(result["previous"]) == set(matches)
    ask.again(world, task)


@pytest.mark.parametrize(
    ("glob", "matched"),
    [
        ("net/ipv4/conf/br*/medium_id", {"br0", "br0/100", "br1"}),
        ("net.ipv4.conf.br?.medium_id", {"br0", "br1"}),
        ("net.ipv4.conf.br0/*.medium_id", {"br0/100"}),
        ("net.ipv4.conf.br[01].medium_id", {"br0", "br1"}),
        ("net.ipv4.conf.[!adl]*.medium_id", {"br0", "br0/100", "br1"}),
    ],
)
def test_forms_of_globs(bridges: World, ask: Asker, glob: str, matched: set[str]) -> None:
    ask.ok(bridges, sysctl({glob: 2}))
    names = ("all", "default", "lo", "br0", "br0/100", "br1")
    keys = {name: f"net.ipv4.conf.{name}.medium_id" for name in names}
    assert {name for name, key in keys.items() if bridges.sysctl(key) == "2"} == matched
    for loader in ("systemd", "procps"):
        booted = bridges.boot(loader, keys.values()).values
        assert {name for name, key in keys.items() if booted[key] == "2"} == matched


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("first", ["glob", "key"])
def test_an_explicit_key_wins_wherever_it_stands(
    make_world: Callable[..., World], ask: Asker, first: str, loader: str
) -> None:
    world = make_world(loader=loader)
    pairs = [("net.ipv4.tcp_keepalive_*", 20), (PROBES, 5)]
    task = sysctl(dict(pairs if first == "glob" else reversed(pairs)))
    ask.ok(world, task)
    assert [world.sysctl(key) for key in (TIME, PROBES, INTVL)] == ["20", "5", "20"]
    assert world.boot(loader, [TIME, PROBES, INTVL]).values == {
        TIME: "20",
        PROBES: "5",
        INTVL: "20",
    }
    ask.again(world, task)


def test_a_new_interface_gets_the_value_at_the_next_run(bridges: World, ask: Asker) -> None:
    task = sysctl({"net.ipv4.conf.br*.medium_id": 2})
    ask.ok(bridges, task)
    bridges.add_interfaces("br9")
    result = ask.ok(bridges, task)
    assert result.changed
    assert bridges.sysctl("net.ipv4.conf.br9.medium_id") == "2"
    ask.again(bridges, task)


def test_no_match_is_a_missing_key(bridges: World, ask: Asker) -> None:
    result = ask.fails(bridges, sysctl({"net.ipv4.conf.wlan*.rp_filter": 1}))
    assert result["failed_key"] == "net.ipv4.conf.wlan*.rp_filter"
    kept = ask.ok(bridges, sysctl({"net.ipv4.conf.wlan*.rp_filter": 1}, ignore_missing=True))
    assert kept["missing"] == ["net.ipv4.conf.wlan*.rp_filter"]
    assert bridges.read(OURS).endswith("net.ipv4.conf.wlan*.rp_filter = 1\n")
    ask.again(bridges, sysctl({"net.ipv4.conf.wlan*.rp_filter": 1}, ignore_missing=True))


def test_exclusions_of_other_people_are_kept_and_obeyed(bridges: World, ask: Asker) -> None:
    bridges.write(OURS, "-net.ipv4.conf.br1.medium_id\n")
    task = sysctl({"net.ipv4.conf.br*.medium_id": 2}, on_override="warn")
    result = ask.ok(bridges, task)
    assert bridges.read(OURS) == "-net.ipv4.conf.br1.medium_id\nnet.ipv4.conf.br*.medium_id = 2\n"
    assert "net.ipv4.conf.br1.medium_id" in {entry["key"] for entry in result["overridden"]}


def test_one_failure_puts_every_match_back(bridges: World, ask: Asker) -> None:
    """The range of probes is smaller than that of the others."""
    result = ask.fails(bridges, sysctl({"net.ipv4.tcp_keepalive_*": 300}))
    assert result["failed_key"] == PROBES
