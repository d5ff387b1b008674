# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings do what they are for: a peer that vanishes is noticed after time + probes x intvl, one that is there is not.

Each peer is a network namespace of its own at the other end of a veth. All of them vanish at once, and are waited for together.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sandbox import tasks
from sandbox.connections import ARMED, DISARMED, Holder, Options, ss
from sandbox.tasks import Asker, tcp_keepalive
from sandbox.world import World

VANISH = {
    "its address is removed": "ip -n {peer} address flush dev eth0",
    "its cable is pulled": "ip -n {peer} link set eth0 down",
    "the cable is gone": "ip link delete {cable}",
    "our end is down": "ip link set {cable} down",
    "its answers get lost": "ip -n {peer} route add blackhole 10.9.{n}.1",
}
TIME, PROBES, INTVL = 2, 4, 2
"""The kernel rounds timers up, those of 2 s by 32 ms with HZ=250, longer ones by 256 ms and more."""
DEAD_AFTER = TIME + PROBES * INTVL


class Peer:
    """A connection to a host that is to vanish."""

    def __init__(self, world: World, n: int, ended: ExitStack) -> None:
        self.world, self.n = world, n
        for command in (
            "ip netns add {peer}",
            "ip link add {cable} type veth peer name eth0 netns {peer}",
            "ip address add 10.9.{n}.1/24 dev {cable}",
            "ip address add fd09:{n}::1/64 dev {cable} nodad",
            "ip link set {cable} up",
            "ip -n {peer} address add 10.9.{n}.2/24 dev eth0",
            "ip -n {peer} address add fd09:{n}::2/64 dev eth0 nodad",
            "ip -n {peer} link set eth0 up",
        ):
            self.ip(command)
        self._there = ended.enter_context(
            Holder(world, "there", under=["ip", "netns", "exec", f"peer{n}"])
        )
        self._here = ended.enter_context(Holder(world, "here"))

    def ip(self, command: str) -> None:
        ran = self.world.run(
            command.format(peer=f"peer{self.n}", cable=f"cable{self.n}", n=self.n).split()
        )
        assert ran.rc == 0, (command, ran.stderr)

    def connect(self, options: Options | None = None, address: str = "10.9.{}.2") -> None:
        there = address.format(self.n)
        port = self._there("listen", "listener", there, 0, [])
        self._here("connect", "it", there, port, ARMED if options is None else options)
        self._there("accept", "it", "listener")
        assert self.is_alive()

    def is_alive(self) -> bool:
        """Get a byte from there; it is the last one that failed() counts from."""
        self._there("send", "it", 1)
        return bool(self._here("receive", "it", 1, 10) == 1)

    def vanish(self, command: str) -> None:
        """Let it vanish right after a byte from there, before any probe is sent."""
        assert self.is_alive()
        self.ip(command)

    def options(self, options: Options) -> None:
        self._here("options", "it", options)

    def failed(self, seconds: float) -> Callable[[], tuple[int, float]]:
        """Wait, while others do, until it fails or for so long; give the error and the seconds after the last byte."""
        return self._here.begin("failed", "it", seconds)


@pytest.fixture
def peers(world: World) -> Iterator[Callable[[int], list[Peer]]]:
    with ExitStack() as ended:
        yield lambda number: [Peer(world, n, ended) for n in range(number)]


def timed_out(answer: Callable[[], tuple[int, float]], after: float, within: float = 0.05) -> None:
    """See that it ended as a dead peer does, within 5 per cent of that time."""
    error, seconds = answer()
    assert errno.errorcode.get(error) == "ETIMEDOUT"
    assert seconds == pytest.approx(after, rel=within)


def test_a_peer_that_vanishes_is_noticed_in_time(
    world: World, ask: Asker, peers: Callable[[int], list[Peer]]
) -> None:
    assert (
        ask.ok(world, tcp_keepalive(time=TIME, probes=PROBES, intvl=INTVL))["dead_after"]
        == DEAD_AFTER
    )
    *vanishing, six, unprotected, healthy = peers(len(VANISH) + 3)
    for peer in (*vanishing, healthy):
        peer.connect()
    six.connect(address="fd09:{}::2")
    unprotected.connect(options=())
    for peer, command in zip(vanishing, VANISH.values()):
        peer.vanish(command)
    for peer in (six, unprotected):
        peer.vanish(VANISH["its cable is pulled"])
    waiting = [peer.failed(3 * DEAD_AFTER) for peer in (*vanishing, six)]
    nothing = [peer.failed(1.5 * DEAD_AFTER) for peer in (unprotected, healthy)]
    for answer in waiting:
        timed_out(answer, DEAD_AFTER)
    assert [answer()[0] for answer in nothing] == [0, 0], (
        "nobody asks, and whoever is asked and answers lives"
    )
    assert healthy.is_alive()


def test_without_probes_the_kernel_ends_healthy_connections(
    world: World, ask: Asker, peers: Callable[[int], list[Peer]]
) -> None:
    refused = ask.fails(world, tcp_keepalive(time=TIME, probes=0, intvl=1))
    assert "ends healthy idle connections" in refused["msg"]
    ask.ok(world, tcp_keepalive(time=TIME, probes=0, intvl=1, unsafe=True))
    (healthy,) = peers(1)
    healthy.connect()
    timed_out(healthy.failed(10 * TIME), TIME, within=0.5)


def test_a_connection_opened_before_the_change(
    world: World, ask: Asker, peers: Callable[[int], list[Peer]]
) -> None:
    old, armed_again, same_time = peers(3)
    for peer in (old, armed_again):
        peer.connect()
    ask.ok(world, tcp_keepalive(time=TIME, probes=9, intvl=75))
    same_time.connect()
    world.set_sysctl(tasks.PROBES, PROBES)
    world.set_sysctl(tasks.INTVL, INTVL)
    for options in (DISARMED, ARMED):
        armed_again.options(options)
    for peer in (old, armed_again, same_time):
        peer.vanish(VANISH["its cable is pulled"])
    waiting = [peer.failed(3 * DEAD_AFTER) for peer in (armed_again, same_time)]
    lives = old.failed(1.5 * DEAD_AFTER)
    for answer in waiting:
        timed_out(answer, DEAD_AFTER)
    assert lives()[0] == 0, "its timer of 7200 s runs on"
    assert "timer:(keepalive,119min" in "".join(ss(world))
