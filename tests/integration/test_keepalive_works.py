# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP keepalive ends connections to dead peers after time + probes x intvl, and no others.

Each peer is a network namespace of its own at the other end of a veth pair. To save time, all of
them vanish at once and are waited for together.
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

UNPLUG_PEER = "ip -n {peer} link set eth0 down"
VANISH = [
    "ip -n {peer} address flush dev eth0",  # the peer has no address any more
    UNPLUG_PEER,
    "ip link delete {cable}",
    "ip link set {cable} down",  # our end of the cable is unplugged
    "ip -n {peer} route add blackhole 10.9.{number}.1",  # the peer's answers are lost
]
"""The ways in which a peer vanishes."""

TIME, PROBES, INTVL = 2, 4, 2
"""The kernel rounds timers up: with HZ=250 by 32 ms for 2 s, and by 256 ms or more beyond that."""
DEAD_AFTER = TIME + PROBES * INTVL

IPV4_PEER = "10.9.{}.2"
IPV6_PEER = "fd09:{}::2"

Failure = tuple[int, float]
"""The error of a connection (0: none), and the seconds since the last byte from its peer."""


class Peer:
    """A host that can vanish, and one connection to it."""

    SETUP = (
        "ip netns add {peer}",
        "ip link add {cable} type veth peer name eth0 netns {peer}",
        "ip address add 10.9.{number}.1/24 dev {cable}",
        "ip address add fd09:{number}::1/64 dev {cable} nodad",
        "ip link set {cable} up",
        "ip -n {peer} address add 10.9.{number}.2/24 dev eth0",
        "ip -n {peer} address add fd09:{number}::2/64 dev eth0 nodad",
        "ip -n {peer} link set eth0 up",
    )

    def __init__(self, world: World, number: int, stack: ExitStack) -> None:
        """Make the host; `stack` ends the processes at both ends of the connection."""
        self.world = world
        self.number = number
        for command in self.SETUP:
            self.run(command)
        in_peer = ["ip", "netns", "exec", f"peer{number}"]
        self._remote = stack.enter_context(Holder(world, "remote", under=in_peer))
        self._local = stack.enter_context(Holder(world, "local"))

    def run(self, command: str) -> None:
        """Run a command in the world, with the names of this peer filled in."""
        number = self.number
        argv = command.format(peer=f"peer{number}", cable=f"cable{number}", number=number).split()
        result = self.world.run(argv)
        assert result.rc == 0, (command, result.stderr)

    def connect(self, options: Options = ARMED, address: str = IPV4_PEER) -> None:
        """Connect to the peer with these socket options at our end."""
        remote_address = address.format(self.number)
        port = self._remote("listen", "listener", remote_address, 0, [])
        self._local("connect", "connection", remote_address, port, options)
        self._remote("accept", "connection", "listener")
        assert self.is_alive()

    def is_alive(self) -> bool:
        """Receive a byte from the peer; wait_for_failure() counts from the last one."""
        self._remote("send", "connection", 1)
        return bool(self._local("receive", "connection", 1, 10) == 1)

    def vanish(self, command: str) -> None:
        """Let the peer vanish right after a byte from it, before any probe is sent."""
        assert self.is_alive()
        self.run(command)

    def set_options(self, options: Options) -> None:
        """Set socket options at our end."""
        self._local("options", "connection", options)

    def wait_for_failure(self, seconds: float) -> Callable[[], Failure]:
        """Start to wait until the connection fails, at most so long; call the result to get it."""
        return self._local.begin("failed", "connection", seconds)


@pytest.fixture
def make_peers(world: World) -> Iterator[Callable[[int], list[Peer]]]:
    """Make so many peers; their processes end with the test."""
    with ExitStack() as stack:

        def make(count: int) -> list[Peer]:
            return [Peer(world, number, stack) for number in range(count)]

        yield make


def assert_timed_out(
    get_failure: Callable[[], Failure], expected: float, tolerance: float = 0.05
) -> None:
    """Assert that a connection failed with ETIMEDOUT after the expected seconds."""
    error, seconds = get_failure()
    assert errno.errorcode.get(error) == "ETIMEDOUT"
    assert seconds == pytest.approx(expected, rel=tolerance)


def test_a_connection_to_a_dead_peer_fails_in_time(
    world: World, ask: Asker, make_peers: Callable[[int], list[Peer]]
) -> None:
    """A connection without keepalive does not fail, nor does one to a peer that answers."""
    result = ask.ok(world, tcp_keepalive(time=TIME, probes=PROBES, intvl=INTVL))
    assert result["dead_after"] == DEAD_AFTER
    *vanishing, ipv6, unprotected, healthy = make_peers(len(VANISH) + 3)
    for peer in (*vanishing, healthy):
        peer.connect()
    ipv6.connect(address=IPV6_PEER)
    unprotected.connect(options=())

    for peer, command in zip(vanishing, VANISH):
        peer.vanish(command)
    ipv6.vanish(UNPLUG_PEER)
    unprotected.vanish(UNPLUG_PEER)
    dying = [peer.wait_for_failure(3 * DEAD_AFTER) for peer in (*vanishing, ipv6)]
    surviving = [peer.wait_for_failure(1.5 * DEAD_AFTER) for peer in (unprotected, healthy)]

    for get_failure in dying:
        assert_timed_out(get_failure, DEAD_AFTER)
    for get_failure in surviving:
        error, _seconds = get_failure()
        assert error == 0
    assert healthy.is_alive()


def test_without_probes_the_kernel_ends_healthy_connections(
    world: World, ask: Asker, make_peers: Callable[[int], list[Peer]]
) -> None:
    """The reason why probes=0 needs unsafe."""
    refusal = ask.fails(world, tcp_keepalive(time=TIME, probes=0, intvl=1))
    assert "ends healthy idle connections" in refusal["msg"]
    ask.ok(world, tcp_keepalive(time=TIME, probes=0, intvl=1, unsafe=True))
    (healthy,) = make_peers(1)
    healthy.connect()
    assert_timed_out(healthy.wait_for_failure(10 * TIME), TIME, tolerance=0.5)


def test_a_connection_opened_before_the_change_keeps_its_timer(
    world: World, ask: Asker, make_peers: Callable[[int], list[Peer]]
) -> None:
    """A change of time takes effect when keepalive is enabled again, probes and intvl at once."""
    old, enabled_again, same_time = make_peers(3)
    old.connect()
    enabled_again.connect()
    ask.ok(world, tcp_keepalive(time=TIME, probes=9, intvl=75))
    same_time.connect()
    world.set_sysctl(tasks.PROBES, PROBES)
    world.set_sysctl(tasks.INTVL, INTVL)
    enabled_again.set_options(DISARMED)
    enabled_again.set_options(ARMED)

    for peer in (old, enabled_again, same_time):
        peer.vanish(UNPLUG_PEER)
    dying = [peer.wait_for_failure(3 * DEAD_AFTER) for peer in (enabled_again, same_time)]
    get_failure_of_old = old.wait_for_failure(1.5 * DEAD_AFTER)

    for get_failure in dying:
        assert_timed_out(get_failure, DEAD_AFTER)
    error, _seconds = get_failure_of_old()
    assert error == 0, "its timer of 7200 s is still running"
    assert "timer:(keepalive,119min" in "".join(ss(world))
