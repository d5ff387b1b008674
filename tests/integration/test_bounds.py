# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With at_least the values of a task are minimums, with at_most they are maximums."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sandbox.tasks import FIN, OURS, PROGRAMS, TIME, Asker, sysctl
from sandbox.world import World

RMEM = "net.ipv4.tcp_rmem"
CONGESTION_CONTROL = "net.ipv4.tcp_congestion_control"
EARLIER = "/etc/sysctl.d/10-a.conf"
LATER = "/etc/sysctl.d/99-z.conf"
LOADERS = ["systemd", "procps"]


def at_both_boots(value: str) -> dict[str, str]:
    """Return what World.boots gives if both loaders set this value."""
    return {"systemd": value, "procps": value}


# --- one number ---


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("option", "current"),
    [
        ("at_least", "70"),
        ("at_least", "50"),
        ("at_most", "30"),
        ("at_most", "50"),
    ],
)
def test_a_value_within_the_bound_needs_no_change(
    make_world: Callable[..., World], ask: Asker, option: str, current: str, loader: str
) -> None:
    world = make_world({OURS: f"{FIN} = {current}\n"}, loader=loader)
    world.set_sysctl(FIN, current)
    result = ask.again(world, sysctl({FIN: 50}, **{option: True}))
    assert result["overridden"] == []
    assert result["settings"][FIN]["runtime"] == {"before": current, "after": current}
    assert world.sysctl(FIN) == current
    assert world.boots(FIN) == at_both_boots(current)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("option", "current"),
    [
        ("at_least", "30"),
        ("at_most", "70"),
    ],
)
def test_a_value_beyond_the_bound_is_set_to_it_and_persisted(
    make_world: Callable[..., World], ask: Asker, option: str, current: str, loader: str
) -> None:
    world = make_world(loader=loader)
    world.set_sysctl(FIN, current)
    task = sysctl({FIN: 50}, **{option: True})
    result = ask.ok(world, task)
    assert result.changed
    assert result["previous"] == {FIN: current}
    assert result["settings"][FIN]["runtime"] == {"before": current, "after": "50"}
    assert result["settings"][FIN]["persistent"] == {"before": None, "after": "50"}
    assert world.sysctl(FIN) == "50"
    assert world.read(OURS).endswith(f"\n{FIN} = 50\n")
    assert world.boots(FIN) == at_both_boots("50")
    ask.again(world, task)


@pytest.mark.parametrize(
    ("option", "in_file"),
    [
        ("at_least", "30"),
        ("at_most", "70"),
    ],
)
def test_a_line_of_our_file_beyond_the_bound_is_set_to_it(
    world: World, ask: Asker, option: str, in_file: str
) -> None:
    world.write(OURS, f"# ours\n{FIN}={in_file}\n")
    world.set_sysctl(FIN, in_file)
    task = sysctl({FIN: 50}, **{option: True})
    ask.ok(world, task)
    assert world.read(OURS) == f"# ours\n{FIN}=50\n"
    assert world.boots(FIN) == at_both_boots("50")
    ask.again(world, task)


def test_a_higher_live_value_that_no_file_sets_is_kept_for_the_next_boot(
    world: World, ask: Asker
) -> None:
    """A line of ours with the minimum itself would set the value back at the next boot."""
    world.set_sysctl(FIN, 70)
    task = sysctl({FIN: 50}, at_least=True)
    result = ask.ok(world, task)
    assert result.changed
    assert result["settings"][FIN]["runtime"] == {"before": "70", "after": "70"}
    assert world.sysctl(FIN) == "70"
    assert world.boots(FIN) == at_both_boots("70")
    ask.again(world, task)


def test_a_higher_live_value_needs_no_change_with_runtime_only(world: World, ask: Asker) -> None:
    ask.again(world, sysctl({FIN: 50}, at_least=True, persistent=False))
    assert world.sysctl(FIN) == "60"


def test_without_the_option_a_higher_value_is_lowered(world: World, ask: Asker) -> None:
    world.write(OURS, f"{FIN} = 70\n")
    world.set_sysctl(FIN, 70)
    ask.ok(world, sysctl({FIN: 50}, at_least=False, at_most=False))
    assert world.sysctl(FIN) == "50"
    assert world.boots(FIN) == at_both_boots("50")


def test_each_match_of_a_glob_has_its_own_current_value(
    make_world: Callable[..., World], ask: Asker
) -> None:
    world = make_world(interfaces=["br0", "br1"])
    high = "net.ipv4.conf.br0.medium_id"
    low = "net.ipv4.conf.br1.medium_id"
    world.set_sysctl(high, 9)
    world.set_sysctl(low, 1)
    task = sysctl({"net.ipv4.conf.br*.medium_id": 5}, at_least=True)
    result = ask.ok(world, task)
    assert (world.sysctl(high), world.sysctl(low)) == ("9", "5")
    assert result["previous"] == {high: "9", low: "1"}
    ask.again(world, task)


# --- a list of numbers ---


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("at_least", "8192 131072 6291456"),
        ("at_most", "4096 87380 4194304"),
    ],
)
def test_a_list_is_compared_element_by_element(
    world: World, ask: Asker, option: str, expected: str
) -> None:
    world.write(OURS, f"{RMEM} = 4096 131072 4194304\n")
    world.set_sysctl(RMEM, "4096 131072 4194304")
    task = sysctl({RMEM: [8192, 87380, 6291456]}, **{option: True})
    result = ask.ok(world, task)
    assert result["settings"][RMEM]["runtime"]["after"] == expected
    assert world.sysctl(RMEM) == expected
    assert world.boots(RMEM) == at_both_boots(expected)
    ask.again(world, task)


def test_a_list_needs_as_many_numbers_as_the_key_has(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({RMEM: "4096 87380"}, at_least=True))
    assert result["failed_key"] == RMEM


# --- other files ---


@pytest.mark.parametrize("loader", LOADERS)
def test_an_earlier_file_with_a_higher_value_is_not_lowered_at_boot(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    """A line of ours would be read later and set the key back to the minimum."""
    world = make_world({EARLIER: f"{FIN} = 70\n"}, loader=loader)
    world.set_sysctl(FIN, 30)
    task = sysctl({FIN: 50, TIME: 3600}, at_least=True)
    result = ask.ok(world, task)
    assert FIN not in world.read(OURS)
    assert result["settings"][FIN]["boot"] == {
        "value": "70",
        "path": EARLIER,
        "line": 1,
        "by": PROGRAMS[loader],
        "certain": True,
    }
    assert result["settings"][FIN]["persistent"] == {"before": None, "after": None}
    assert world.sysctl(FIN) == "50"
    assert world.boots(FIN) == at_both_boots("70")
    ask.again(world, task)


def test_an_earlier_file_with_a_lower_value_is_raised_at_boot(world: World, ask: Asker) -> None:
    world.write(EARLIER, f"{FIN} = 30\n")
    ask.ok(world, sysctl({FIN: 50}, at_least=True))
    assert world.read(OURS).endswith(f"\n{FIN} = 50\n")
    assert world.read(EARLIER) == f"{FIN} = 30\n"
    assert world.boots(FIN) == at_both_boots("50")


@pytest.mark.parametrize(
    ("in_our_file", "at_boot"),
    [
        ("30", "70"),
        ("60", "60"),
    ],
    ids=["a line below the minimum goes", "a line within the minimum stays"],
)
def test_our_line_over_an_earlier_file_with_a_higher_value(
    world: World, ask: Asker, in_our_file: str, at_boot: str
) -> None:
    world.place({EARLIER: f"{FIN} = 70\n", OURS: f"# ours\n{FIN} = {in_our_file}\n"})
    task = sysctl({FIN: 50}, at_least=True)
    ask.ok(world, task)
    assert (FIN in world.read(OURS)) == (in_our_file == "60")
    assert world.boots(FIN) == at_both_boots(at_boot)
    ask.again(world, task)


def test_an_explicit_key_with_a_higher_value_does_not_override_our_glob(
    make_world: Callable[..., World], ask: Asker
) -> None:
    key = "net.ipv4.conf.br0.medium_id"
    world = make_world({EARLIER: f"{key} = 9\n"}, interfaces=["br0"])
    task = sysctl({"net.ipv4.conf.br*.medium_id": 5}, at_least=True)
    assert ask.ok(world, task)["overridden"] == []
    assert world.sysctl(key) == "5"
    assert world.boots(key) == at_both_boots("9")
    ask.again(world, task)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("option", "in_later_file"),
    [
        ("at_least", "70"),
        ("at_most", "30"),
    ],
)
def test_a_later_file_within_the_bound_is_no_override(
    make_world: Callable[..., World], ask: Asker, option: str, in_later_file: str, loader: str
) -> None:
    world = make_world({LATER: f"{FIN} = {in_later_file}\n"}, loader=loader)
    task = sysctl({FIN: 50}, **{option: True})
    result = ask.ok(world, task)
    assert result["overridden"] == []
    assert world.boots(FIN) == at_both_boots(in_later_file)
    ask.again(world, task)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("option", "in_later_file"),
    [
        ("at_least", "30"),
        ("at_most", "70"),
    ],
)
def test_a_later_file_beyond_the_bound_is_an_override(
    make_world: Callable[..., World], ask: Asker, option: str, in_later_file: str, loader: str
) -> None:
    world = make_world({LATER: f"{FIN} = {in_later_file}\n"}, loader=loader)
    task = sysctl({FIN: 50}, **{option: True})
    result = ask.fails(world, task)
    assert result["overridden"] == [
        {"key": FIN, "value": in_later_file, "path": LATER, "line": 1, "by": PROGRAMS[loader]},
    ]
    assert LATER in result["msg"]
    task = sysctl({FIN: 50}, on_override="comment_out", **{option: True})
    ask.ok(world, task)
    assert world.boots(FIN) == at_both_boots("50")
    ask.again(world, task)


# --- refused ---


@pytest.mark.parametrize(
    ("settings", "key", "value", "remedy"),
    [
        ({CONGESTION_CONTROL: "reno"}, CONGESTION_CONTROL, "'reno'", "'at_least: false'"),
        ({CONGESTION_CONTROL: 5}, CONGESTION_CONTROL, "'5'", "'at_least: false'"),
        ({FIN: "fast"}, FIN, "'fast'", "give a number"),
    ],
    ids=["text for a key of text", "a number for a key of text", "text for a key of numbers"],
)
def test_text_is_refused_in_one_line_with_key_value_and_remedy(
    world: World, ask: Asker, settings: Mapping[str, Any], key: str, value: str, remedy: str
) -> None:
    result = ask.fails(world, sysctl(settings, at_least=True))
    message = result["msg"]
    assert result["failed_key"] == key
    assert result["rolled_back"] is True
    assert message.startswith(f"{key}: ")
    assert value in message
    assert remedy in message
    assert "\n" not in message


def test_at_most_names_itself_in_the_remedy(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({CONGESTION_CONTROL: "reno"}, at_most=True))
    assert re.search("'reno' .* maximum.*'at_most: false'", result["msg"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"at_least": True, "at_most": True}, ["at_least", "at_most"]),
        ({"at_least": True, "state": "absent"}, ["at_least", "absent"]),
        ({"at_most": True, "state": "absent"}, ["at_most", "absent"]),
    ],
    ids=["both bounds", "at_least with absent", "at_most with absent"],
)
def test_options_that_contradict_each_other_are_refused(
    world: World, ask: Asker, options: Mapping[str, Any], named: list[str]
) -> None:
    message = ask.fails(world, sysctl({FIN: 50}, **options))["msg"]
    for word in named:
        assert word in message
    assert "\n" not in message


# --- check mode ---


@pytest.mark.parametrize(
    ("files", "live"),
    [
        ({}, "30"),
        ({}, "70"),
        ({OURS: f"{FIN} = 30\n"}, "70"),
        ({OURS: f"{FIN} = 70\n"}, "30"),
        ({EARLIER: f"{FIN} = 70\n"}, "30"),
        ({LATER: f"{FIN} = 70\n"}, "70"),
        ({LATER: f"{FIN} = 30\n"}, "70"),
    ],
    ids=[
        "no file, lower live value",
        "no file, higher live value",
        "lower value in our file",
        "higher value in our file",
        "higher value in an earlier file",
        "higher value in a later file",
        "lower value in a later file",
    ],
)
def test_check_mode_predicts_the_real_run(
    make_world: Callable[..., World], ask: Asker, files: Mapping[str, str], live: str
) -> None:
    world = make_world(files)
    world.set_sysctl(FIN, live)
    task = sysctl({FIN: 50}, at_least=True, on_override="warn")
    before = world.snapshot(identity=True)
    predicted = ask.ok(world, task, check=True, diff=True)
    assert world.snapshot(identity=True) == before
    done = ask.ok(world, task, diff=True)
    predicted.pop("invocation", None)
    done.pop("invocation", None)
    assert predicted == done
    ask.again(world, task)


ROUNDED = [
    ("net.ipv4.neigh.lo.retrans_time_ms", "at_most", 33),
    ("net.ipv4.neigh.lo.retrans_time_ms", "at_least", 2001),
    ("net.ipv4.neigh.lo.locktime", "at_least", 1001),
    ("net.ipv4.neigh.lo.retrans_time", "at_most", 3),
    ("net.ipv4.icmp_ratelimit", "at_most", 999),
    ("net.ipv4.neigh.*.retrans_time_ms", "at_most", 33),
    ("net.ipv4.neigh.lo.retrans_time_m*", "at_most", 33),
    ("net.ipv4.neigh.lo.lockti*", "at_least", 1001),
]
"""Bounds that a kernel with a tick of 4 ms does not keep."""
NAMES_OF_LO = {
    "net.ipv4.icmp_ratelimit",
    "net.ipv4.neigh.lo.locktime",
    "net.ipv4.neigh.lo.retrans_time",
    "net.ipv4.neigh.lo.retrans_time_ms",
}


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize(("key", "bound", "number"), ROUNDED)
def test_a_bound_that_the_kernel_rounds(
    make_world: Callable[..., World], ask: Asker, loader: str, key: str, bound: str, number: int
) -> None:
    world = make_world(loader=loader)
    task = sysctl({key: number}, **{bound: True})
    predicted = ask.ok(world, task, check=True)
    result = ask.ok(world, task)
    assert result["settings"] == predicted["settings"]
    (name,) = set(result["settings"]).intersection(NAMES_OF_LO)
    live = world.sysctl(name)
    assert result["settings"][name]["runtime"]["after"] == live
    assert int(live) >= number if bound == "at_least" else int(live) <= number
    assert world.boot(loader, [name]).values == {name: live}
    ask.again(world, task)
