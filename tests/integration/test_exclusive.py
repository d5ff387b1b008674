# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""exclusive: our file holds exactly these keys; the others are removed as by state: absent."""

from __future__ import annotations

from sandbox.tasks import FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World


def test_other_keys_are_removed_and_comments_stay(world: World, ask: Asker) -> None:
    lines = [
        "# theirs",
        f"{FIN} = 50",
        "; more",
        "-net/ipv4/tcp_keepalive_probes=5",
        f"{TIME}=1",
        "-net.ipv4.ip_forward",
        "net.ipv4.conf.*.rp_filter = 1",
    ]
    world.write(OURS, "\n".join(lines) + "\n")
    task = sysctl({TIME: 3600}, exclusive=True)
    result = ask.ok(world, task)
    assert world.read(OURS) == f"# theirs\n; more\n{TIME}=3600\n"
    assert result["settings"][FIN]["persistent"] == {"before": "50", "after": None}
    assert result["settings"][PROBES]["persistent"] == {"before": "5", "after": None}
    ask.again(world, task)


def test_a_removed_key_gets_the_value_of_the_next_boot(world: World, ask: Asker) -> None:
    """Where no other file sets it, that is the kernel's own."""
    world.write(OURS, f"{FIN} = 50\n{PROBES} = 5\n")
    world.write("/usr/lib/sysctl.d/50-vendor.conf", f"{FIN} = 40\n")
    world.set_sysctl(FIN, 50)
    world.set_sysctl(PROBES, 5)
    result = ask.ok(world, sysctl({TIME: 3600}, exclusive=True))
    assert world.sysctl(FIN) == "40"
    assert world.sysctl(PROBES) == "9"
    assert result["previous"][FIN] == "50"
    assert world.boot("systemd", [FIN, TIME]).values == {FIN: "40", TIME: "3600"}


def test_other_keys_stay_without_exclusive(world: World, ask: Asker) -> None:
    world.write(OURS, f"{FIN} = 50\n")
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"{FIN} = 50\n{TIME} = 3600\n"
    assert world.sysctl(FIN) == "60", "a key that was not asked for must not be set"


def test_other_keys_that_are_not_utf8_are_removed(world: World, ask: Asker) -> None:
    world.write(OURS, b"net.ipv4.\xff\xe4 = 1\n# \xff\n")
    ask.ok(world, sysctl({TIME: 3600}, exclusive=True), diff=True)
    assert world.read_bytes(OURS) == b"# \xff\n" + f"{TIME} = 3600\n".encode()


def test_exclusive_and_absent_are_refused_together(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600}, exclusive=True, state="absent"))
    assert "exclusive" in result["msg"]
