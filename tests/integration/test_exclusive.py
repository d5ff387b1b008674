# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exclusive: our file holds exactly these keys; the others in it go as state: absent would have them go."""

from __future__ import annotations

from sandbox.tasks import FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World


def test_other_keys_are_removed_and_comments_stay(world: World, ask: Asker) -> None:
    world.write(
        OURS,
        f"# theirs\n{FIN} = 50\n; more\n-net/ipv4/tcp_keepalive_probes=5\n{TIME}=1\n-net.ipv4.ip_forward\nnet.ipv4.conf.*.rp_filter = 1\n",
    )
    task = sysctl({TIME: 3600}, exclusive=True)
    result = ask.ok(world, task)
    assert world.read(OURS) == f"# theirs\n; more\n{TIME}=3600\n"
    assert result["settings"][FIN]["persistent"] == {"before": "50", "after": None}
    assert result["settings"][PROBES]["persistent"] == {"before": "5", "after": None}
    ask.again(world, task)


def test_a_removed_key_goes_to_what_the_next_boot_gives(world: World, ask: Asker) -> None:
    world.place(
        {OURS: f"{FIN} = 50\n{PROBES} = 5\n", "/usr/lib/sysctl.d/50-vendor.conf": f"{FIN} = 40\n"}
    )
    world.set_sysctl(FIN, 50)
    world.set_sysctl(PROBES, 5)
    result = ask.ok(world, sysctl({TIME: 3600}, exclusive=True))
    assert (world.sysctl(FIN), world.sysctl(PROBES)) == ("40", "5")
    assert result["previous"][FIN] == "50"
    assert world.boot("systemd", [FIN, TIME]).values == {FIN: "40", TIME: "3600"}


def test_without_it_other_keys_stay(world: World, ask: Asker) -> None:
    world.write(OURS, f"{FIN} = 50\n")
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"{FIN} = 50\n{TIME} = 3600\n"
    assert world.sysctl(FIN) == "60", "another key of the file is not our business"


def test_other_keys_that_are_not_utf8(world: World, ask: Asker) -> None:
    world.write(OURS, b"net.ipv4.\xff\xe4 = 1\n# \xff\n")
    ask.ok(world, sysctl({TIME: 3600}, exclusive=True), diff=True)
    assert world.read_bytes(OURS) == b"# \xff\n" + f"{TIME} = 3600\n".encode()


def test_not_together_with_absent(world: World, ask: Asker) -> None:
    assert (
        "exclusive" in ask.fails(world, sysctl({TIME: 3600}, exclusive=True, state="absent"))["msg"]
    )
