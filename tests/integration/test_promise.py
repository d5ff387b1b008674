# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is reported as done is true now and after the next boot, and a second run has nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import FAILURE, FIN, INTVL, OURS, PROBES, SUCCESS, TIME, Asker, sysctl
from sandbox.world import World

DOCUMENT = {TIME: 3600, PROBES: 9, INTVL: 25}


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_true_now_and_after_the_next_boot(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(loader=loader)
    result = ask.ok(world, sysctl(DOCUMENT))
    assert result.changed
    assert set(SUCCESS) <= set(result)
    assert result["loader"] == loader
    assert [world.sysctl(key) for key in DOCUMENT] == ["3600", "9", "25"]
    booted = world.boot(loader, DOCUMENT)
    assert (booted.rc, booted.values) == (0, {TIME: "3600", PROBES: "9", INTVL: "25"})
    ask.again(world, sysctl(DOCUMENT))


def test_the_result_tells_each_value_before_and_after(world: World, ask: Asker) -> None:
    result = ask.ok(world, sysctl(DOCUMENT))
    header, *lines = world.read(OURS).splitlines()
    assert header.startswith("#")
    assert "netops.tuning" in header
    assert lines == [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
    assert result["settings"] == {
        key: {
            "value": value,
            "runtime": {"before": before, "after": value},
            "persistent": {"before": None, "after": value},
            "boot": {"value": value, "path": OURS, "line": line},
        }
        for key, value, before, line in (
            (TIME, "3600", "7200", 2),
            (PROBES, "9", "9", 3),
            (INTVL, "25", "75", 4),
        )
    }
    assert result["previous"] == {TIME: "7200", PROBES: "9", INTVL: "75"}
    assert (result["overridden"], result["missing"], result["backup_files"]) == ([], [], [])
    assert result["path"] == OURS


def test_a_failure_tells_what_it_must(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, PROBES: 300}))
    assert set(FAILURE) <= set(result)
    assert result["failed_key"] == PROBES
    assert "300" in result["msg"]
    assert result["rolled_back"] is True


def test_previous_can_be_passed_back(world: World, ask: Asker) -> None:
    first = ask.ok(world, sysctl(DOCUMENT))
    ask.ok(world, sysctl(first["previous"]))
    assert [world.sysctl(key) for key in DOCUMENT] == ["7200", "9", "75"]
    assert world.boots(TIME) == {"systemd": "7200", "procps": "7200"}


def test_a_value_that_drifted_is_put_right_again(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl(DOCUMENT))
    file = world.files(OURS, identity=True)
    world.set_sysctl(TIME, 7200)
    result = ask.ok(world, sysctl(DOCUMENT))
    assert result.changed
    assert world.sysctl(TIME) == "3600"
    assert world.files(OURS, identity=True) == file, "the file was right: it is not touched"


def test_a_file_that_drifted_is_put_right_again(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl(DOCUMENT))
    right = world.read(OURS)
    world.write(OURS, right.replace("3600", "4000"))
    result = ask.ok(world, sysctl(DOCUMENT))
    assert result.changed
    assert world.read(OURS) == right


def test_runtime_alone(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, persistent=False)
    assert ask.ok(world, task).changed
    assert world.sysctl(TIME) == "3600"
    assert not world.exists(OURS)
    ask.again(world, task)


def test_runtime_alone_asks_nothing_of_the_files(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 1\n")
    assert ask.ok(world, sysctl({TIME: 3600}, persistent=False)).changed


def test_the_file_alone(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, runtime=False)
    result = ask.ok(world, task)
    assert result.changed
    assert world.sysctl(TIME) == "7200"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert result["settings"][TIME]["runtime"]["after"] == "7200"
    ask.again(world, task)


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        (TIME, "3600", "3600"),
        (TIME, " 3600 ", "3600"),
        ("net.ipv4.tcp_syncookies", True, "1"),
        ("net.ipv4.tcp_syncookies", False, "0"),
        ("net.ipv4.tcp_rmem", [4096, 87380, 4194304], "4096 87380 4194304"),
        ("net.ipv4.tcp_rmem", "4096   87380\t4194304", "4096 87380 4194304"),
        ("net.ipv4.ip_local_port_range", ["20000", "60000"], "20000 60000"),
        ("net.ipv4.tcp_congestion_control", "reno", "reno"),
        ("net/ipv4/tcp_keepalive_time", 3600, "3600"),
    ],
)
def test_kinds_of_values_and_spellings(
    world: World, ask: Asker, key: str, value: Any, stored: str
) -> None:
    task = sysctl({key: value})
    result = ask.ok(world, task)
    (canonical,) = result["settings"]
    assert world.sysctl(canonical) == stored
    assert result["settings"][canonical]["runtime"]["after"] == stored
    assert world.boots(canonical) == {"systemd": stored, "procps": stored}
    ask.again(world, task)


@pytest.mark.parametrize(
    "spelling", ["net.ipv4.conf.br0/100.rp_filter", "net/ipv4/conf/br0.100/rp_filter"]
)
def test_an_interface_with_a_dot_in_its_name(
    make_world: Callable[..., World], ask: Asker, spelling: str
) -> None:
    world = make_world(interfaces=["br0", "br0.100"])
    result = ask.ok(world, sysctl({spelling: 2}))
    assert list(result["settings"]) == ["net.ipv4.conf.br0/100.rp_filter"]
    assert world.sysctl("net.ipv4.conf.br0/100.rp_filter") == "2"
    assert world.boots("net.ipv4.conf.br0/100.rp_filter") == {"systemd": "2", "procps": "2"}
    assert world.sysctl("net.ipv4.conf.br0.rp_filter") == "0"
    ask.again(world, sysctl({spelling: 2}))


def test_a_value_that_the_kernel_prints_in_another_form(world: World, ask: Asker) -> None:
    """ip_local_reserved_ports is a set: 1,2,3 is printed as 1-3."""
    task = sysctl({"net.ipv4.ip_local_reserved_ports": "30001,30002,30003"})
    result = ask.ok(world, task)
    assert result.changed
    assert world.sysctl("net.ipv4.ip_local_reserved_ports") == "30001-30003"
    ask.again(world, task)


def test_a_value_in_hexadecimal(world: World, ask: Asker) -> None:
    """The kernel reads it as it is meant; it prints 50."""
    ask.ok(world, sysctl({FIN: "0x32"}))
    assert world.sysctl(FIN) == "50"
    assert world.boots(FIN) == {"systemd": "50", "procps": "50"}
    ask.again(world, sysctl({FIN: "0x32"}))
    ask.again(world, sysctl({FIN: 50}))


def test_a_key_that_is_missing_can_be_kept_for_later(world: World, ask: Asker) -> None:
    task = sysctl({"net.bridge.bridge-nf-call-nope": 1, TIME: 3600}, ignore_missing=True)
    result = ask.ok(world, task)
    assert result["missing"] == ["net.bridge.bridge-nf-call-nope"]
    assert result["settings"]["net.bridge.bridge-nf-call-nope"]["runtime"] == {
        "before": None,
        "after": None,
    }
    assert "net.bridge.bridge-nf-call-nope = 1\n" in world.read(OURS)
    assert world.sysctl(TIME) == "3600"
    assert ask.again(world, task)["missing"] == ["net.bridge.bridge-nf-call-nope"]


def test_a_key_that_is_missing_fails_else(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, "net.ipv4.nope": 1}))
    assert result["failed_key"] == "net.ipv4.nope"
    assert "ignore_missing" in result["msg"]


def test_an_image_below_another_root(world: World, ask: Asker) -> None:
    """Nothing but the image's own files and loader counts, and the kernel that runs is left alone."""
    world.mkdir("/srv/image/etc/sysctl.d")
    world.write("/srv/image/usr/lib/sysctl.d/99-z.conf", f"{FIN} = 50\n")
    world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 1\n")
    task = sysctl({TIME: 3600}, root="/srv/image", runtime=False)
    result = ask.ok(world, task)
    assert (result.changed, result["loader"]) == (True, "procps")
    assert world.read(f"/srv/image{OURS}").endswith(f"{TIME} = 3600\n")
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "7200"
    assert (
        ask.fails(world, sysctl({FIN: 40}, root="/srv/image", runtime=False))["overridden"][0][
            "value"
        ]
        == "50"
    )
    ask.again(world, task)


@pytest.mark.parametrize(
    ("call", "when"), [("fsync", 1), ("rename,renameat,renameat2", 1), ("fsync", 2)]
)
def test_killed_at_any_instant(world: World, ask: Asker, call: str, when: int) -> None:
    """Each file is whole-old or whole-new, and the next run finishes the job."""
    world.write(OURS, "# mine\n")
    killer = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/srv/trace",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=SIGKILL:when={when}",
    ]
    (killed,) = ask.controller.play(world, sysctl(DOCUMENT), under=killer)
    assert killed.failed
    assert "killed by SIGKILL" in world.read("/srv/trace")
    whole = f"# mine\n{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"
    assert world.read(OURS) in ("# mine\n", whole)
    ask.ok(world, sysctl(DOCUMENT))
    assert world.read(OURS) == whole
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    ask.again(world, sysctl(DOCUMENT))
