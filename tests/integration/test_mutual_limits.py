# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that the kernel refuses because of another one, with the real kernel and loaders."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.play import Task
from sandbox.tasks import OURS, TIME, Asker, info, sysctl
from sandbox.world import World

LOW, HIGH = "net.ipv4.ipfrag_low_thresh", "net.ipv4.ipfrag_high_thresh"
PORTS, FIRST_PORT = "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"
REORDERING, MOST = "net.ipv4.tcp_reordering", "net.ipv4.tcp_max_reordering"
MODE, SECRET = "net.ipv6.conf.lo.addr_gen_mode", "net.ipv6.conf.lo.stable_secret"
ALL_MODES, DEFAULT_MODE = "net.ipv6.conf.all.addr_gen_mode", "net.ipv6.conf.default.addr_gen_mode"
OTHER = "/etc/sysctl.d/10-a.conf"
LINES = {
    "lower, then upper": f"{LOW} = 5000000\n{HIGH} = 6000000\n",
    "upper, then lower": f"{HIGH} = 6000000\n{LOW} = 5000000\n",
    "both down, upper first": f"{HIGH} = 2000\n{LOW} = 1000\n",
    "both down, lower first": f"{LOW} = 1000\n{HIGH} = 2000\n",
    "a range below": f"{PORTS} = 1000 2000\n{FIRST_PORT} = 40000\n",
    "a range above": f"{PORTS} = 50000\n{FIRST_PORT} = 40000\n",
    "a first port that frees the range": f"{FIRST_PORT} = 0\n{PORTS} = 1000 2000\n",
    "a glob": f"net.ipv4.ipfrag_*_thresh = 1000\n{PORTS} = 1 x\n",
    "a mode without a secret": f"{MODE} = 2\n{DEFAULT_MODE} = 2\n",
    "a mode after a secret": f"{SECRET} = 2001:db8::1\n{MODE} = 0\n{ALL_MODES} = 0\n{MODE} = 2\n",
    "a mode for all": f"{ALL_MODES} = 2\n",
    "a most that comes first": f"{MOST} = 500\n{REORDERING} = 400\n",
    "a most that comes last": f"{REORDERING} = 400\n{MOST} = 500\n",
    "a most that becomes less": f"{REORDERING} = 200\n{MOST} = 100\n",
    "twice": f"{LOW} = 2000\n{HIGH} = 3000\n{LOW} = 4000\n{HIGH} = 1000\n",
}


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_what_is_said_of_a_boot(
    make_world: Callable[..., World], ask: Asker, loader: str, text: str
) -> None:
    world = make_world({OTHER: text}, loader=loader)
    keys = [LOW, HIGH, PORTS, FIRST_PORT, MODE, ALL_MODES, DEFAULT_MODE, REORDERING, MOST]
    settings = ask.again(world, info(keys=keys))["settings"]
    before = {key: world.sysctl(key) for key in keys}
    expected = {key: settings[key]["boot"] or before[key] for key in keys}
    booted = world.boot(loader, keys).values
    assert {key: booted[key].split() for key in keys} == {
        key: expected[key].split() for key in keys
    }


def test_a_line_that_is_refused_is_named(world: World, ask: Asker) -> None:
    world.write(OTHER, f"{LOW} = 5000000\n")
    result = ask.again(world, info(keys=[LOW]))
    (assignment,) = result["settings"][LOW]["assignments"]
    assert assignment["fate"] == "refused"
    problems = [problem["problem"] for problem in result["problems"]]
    assert any(
        f"since at that point of the boot it must not be above {HIGH}, which is 4194304" in p
        for p in problems
    )


def test_a_value_that_another_key_forbids(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({LOW: 5000000}))
    assert (
        f"{LOW}: '5000000' is refused by the kernel: it must not be above {HIGH}" in result["msg"]
    )
    assert not world.exists(OURS)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_values_come_in_an_order_that_the_kernel_takes(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(loader=loader)
    up = {LOW: "5000000", HIGH: "6000000"}
    task = sysctl(up)
    result = ask.ok(world, task)
    assert {key: world.sysctl(key) for key in up} == up
    ask.again(world, task)
    assert world.boot(loader, list(up)).values == up
    ask.ok(world, sysctl(result["previous"]))
    assert world.sysctl(HIGH) == "4194304"


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_key_that_may_be_above_its_limit(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(loader=loader)
    ask.ok(world, sysctl({REORDERING: "250"}))
    up = {REORDERING: "900", MOST: "1000"}
    result = ask.ok(world, sysctl(up))
    assert {key: world.sysctl(key) for key in up} == up
    assert world.boot(loader, list(up)).values == up
    ask.ok(world, sysctl(result["previous"]))
    assert (world.sysctl(REORDERING), world.sysctl(MOST)) == ("250", "300")


def test_our_line_that_the_next_boot_would_refuse(world: World, ask: Asker) -> None:
    world.set_sysctl(HIGH, 6000000)
    result = ask.fails(world, sysctl({LOW: 5000000}))
    assert (
        f"at that point of the boot it must not be above {HIGH}, which is 4194304" in result["msg"]
    )


def test_the_ledger_puts_back_all_but_what_no_longer_fits(world: World, ask: Asker) -> None:
    restore: Task = {"netops.tuning.sysctl_ledger": {"state": "restored", "rollout": "a"}}
    before = world.sysctl(TIME)
    ask.ok(world, sysctl({LOW: 1000000, TIME: 600}, rollout="a"))
    world.set_sysctl(HIGH, 2000000)
    predicted = ask.ok(world, restore, check=True)
    result = ask.ok(world, restore)
    ((kept),) = result["not_restored"]
    assert kept["key"] == LOW
    assert f"it must not be above {HIGH}, which is 2000000" in kept["reason"]
    assert predicted["not_restored"] == result["not_restored"]
    assert predicted["settings"] == result["settings"]
    assert (world.sysctl(LOW), world.sysctl(TIME)) == ("1000000", before)
    assert not world.exists(OURS)
    assert ask.again(world, restore)["not_restored"] == [kept]
