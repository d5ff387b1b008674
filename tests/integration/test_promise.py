# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reported change is in force now and after the next boot, and a second run changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import BY, FAILURE, FIN, INTVL, OURS, PROBES, SUCCESS, TIME, Asker, sysctl
from sandbox.world import World

SETTINGS = {TIME: 3600, PROBES: 9, INTVL: 25}
LINES = [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
RMEM = "net.ipv4.tcp_rmem"
SYNCOOKIES = "net.ipv4.tcp_syncookies"
MISSING = "net.bridge.bridge-nf-call-nope"


def runtime_values(world: World) -> dict[str, str]:
    """Return the runtime values of the three keys of SETTINGS."""
    return {key: world.sysctl(key) for key in SETTINGS}


# --- now and at boot ---


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_settings_are_in_force_now_and_after_the_next_boot(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    world = make_world(loader=loader)
    result = ask.ok(world, sysctl(SETTINGS))
    assert result.changed
    assert set(SUCCESS) <= set(result)
    assert result["loader"] == loader
    expected = {TIME: "3600", PROBES: "9", INTVL: "25"}
    assert runtime_values(world) == expected
    booted = world.boot(loader, SETTINGS)
    assert booted.rc == 0
    assert booted.values == expected
    ask.again(world, sysctl(SETTINGS))


def test_the_result_has_each_value_before_and_after(world: World, ask: Asker) -> None:
    result = ask.ok(world, sysctl(SETTINGS))
    header, *lines = world.read(OURS).splitlines()
    assert header.startswith("#")
    assert "netops.tuning" in header
    assert lines == LINES
    expected = {}
    for key, before, after, line in (
        (TIME, "7200", "3600", 2),
        (PROBES, "9", "9", 3),
        (INTVL, "75", "25", 4),
    ):
        expected[key] = {
            "value": after,
            "runtime": {"before": before, "after": after},
            "persistent": {"before": None, "after": after},
            "boot": {"value": after, "path": OURS, "line": line, **BY, "certain": True},
        }
    assert result["settings"] == expected
    assert result["previous"] == {TIME: "7200", PROBES: "9", INTVL: "75"}
    assert result["overridden"] == []
    assert result["missing"] == []
    assert result["backup_files"] == []
    assert result["path"] == OURS


def test_a_failure_has_the_promised_fields(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, PROBES: 300}))
    assert set(FAILURE) <= set(result)
    assert result["failed_key"] == PROBES
    assert "300" in result["msg"]
    assert result["rolled_back"] is True


def test_previous_values_can_be_passed_to_another_task(world: World, ask: Asker) -> None:
    first = ask.ok(world, sysctl(SETTINGS))
    ask.ok(world, sysctl(first["previous"]))
    assert runtime_values(world) == {TIME: "7200", PROBES: "9", INTVL: "75"}
    assert world.boots(TIME) == {"systemd": "7200", "procps": "7200"}


# --- drift ---


def test_a_runtime_value_that_drifted_is_set_again(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl(SETTINGS))
    before = world.files(OURS, identity=True)
    world.set_sysctl(TIME, 7200)
    result = ask.ok(world, sysctl(SETTINGS))
    assert result.changed
    assert world.sysctl(TIME) == "3600"
    assert world.files(OURS, identity=True) == before, "a correct file must not be touched"


def test_a_file_that_drifted_is_corrected(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl(SETTINGS))
    correct = world.read(OURS)
    world.write(OURS, correct.replace("3600", "4000"))
    result = ask.ok(world, sysctl(SETTINGS))
    assert result.changed
    assert world.read(OURS) == correct


# --- the options runtime and persistent ---


def test_persistent_false_sets_only_the_runtime_value(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, persistent=False)
    assert ask.ok(world, task).changed
    assert world.sysctl(TIME) == "3600"
    assert not world.exists(OURS)
    ask.again(world, task)


def test_persistent_false_does_not_check_for_overrides(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 1\n")
    assert ask.ok(world, sysctl({TIME: 3600}, persistent=False)).changed


def test_runtime_false_writes_only_the_file(world: World, ask: Asker) -> None:
    task = sysctl({TIME: 3600}, runtime=False)
    result = ask.ok(world, task)
    assert result.changed
    assert world.sysctl(TIME) == "7200"
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    assert result["settings"][TIME]["runtime"]["after"] == "7200"
    ask.again(world, task)


# --- keys and values ---


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        (TIME, "3600", "3600"),
        (TIME, " 3600 ", "3600"),
        (SYNCOOKIES, True, "1"),
        (SYNCOOKIES, False, "0"),
        (RMEM, [4096, 87380, 4194304], "4096 87380 4194304"),
        (RMEM, "4096   87380\t4194304", "4096 87380 4194304"),
        ("net.ipv4.ip_local_port_range", ["20000", "60000"], "20000 60000"),
        ("net.ipv4.tcp_congestion_control", "reno", "reno"),
        ("net/ipv4/tcp_keepalive_time", 3600, "3600"),
    ],
    ids=[
        "text",
        "blanks around it",
        "true",
        "false",
        "list of numbers",
        "blanks between",
        "list of texts",
        "word",
        "slashes",
    ],
)
def test_each_kind_of_value_is_stored(
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
    "spelling",
    ["net.ipv4.conf.br0/100.rp_filter", "net/ipv4/conf/br0.100/rp_filter"],
    ids=["dots", "slashes"],
)
def test_the_name_of_an_interface_may_have_a_dot(
    make_world: Callable[..., World], ask: Asker, spelling: str
) -> None:
    world = make_world(interfaces=["br0", "br0.100"])
    key = "net.ipv4.conf.br0/100.rp_filter"
    task = sysctl({spelling: 2})
    result = ask.ok(world, task)
    assert list(result["settings"]) == [key]
    assert world.sysctl(key) == "2"
    assert world.boots(key) == {"systemd": "2", "procps": "2"}
    assert world.sysctl("net.ipv4.conf.br0.rp_filter") == "0"
    ask.again(world, task)


def test_a_value_that_the_kernel_prints_in_another_form_is_no_difference(
    world: World, ask: Asker
) -> None:
    """ip_local_reserved_ports is a set of ports: 1,2,3 is printed as 1-3."""
    key = "net.ipv4.ip_local_reserved_ports"
    task = sysctl({key: "30001,30002,30003"})
    result = ask.ok(world, task)
    assert result.changed
    assert world.sysctl(key) == "30001-30003"
    ask.again(world, task)


def test_a_hexadecimal_value_is_the_same_number(world: World, ask: Asker) -> None:
    """The kernel takes 0x32 and prints 50."""
    hexadecimal = sysctl({FIN: "0x32"})
    ask.ok(world, hexadecimal)
    assert world.sysctl(FIN) == "50"
    assert world.boots(FIN) == {"systemd": "50", "procps": "50"}
    ask.again(world, hexadecimal)
    ask.again(world, sysctl({FIN: 50}))


def test_ignore_missing_keeps_a_missing_key_in_the_file(world: World, ask: Asker) -> None:
    task = sysctl({MISSING: 1, TIME: 3600}, ignore_missing=True)
    result = ask.ok(world, task)
    assert result["missing"] == [MISSING]
    assert result["settings"][MISSING]["runtime"] == {"before": None, "after": None}
    assert f"{MISSING} = 1\n" in world.read(OURS)
    assert world.sysctl(TIME) == "3600"
    assert ask.again(world, task)["missing"] == [MISSING]


def test_a_missing_key_is_refused_without_ignore_missing(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, "net.ipv4.nope": 1}))
    assert result["failed_key"] == "net.ipv4.nope"
    assert "ignore_missing" in result["msg"]


# --- an image, and a killed run ---


def test_an_image_has_its_own_files_and_loader(world: World, ask: Asker) -> None:
    """Neither the files nor the kernel of the running host matter to an image below `root`."""
    world.mkdir("/srv/image/etc/sysctl.d")
    world.write("/srv/image/etc/rcS.d/S01procps", "")
    world.write("/srv/image/usr/lib/sysctl.d/99-z.conf", f"{FIN} = 50\n")
    world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 1\n")
    task = sysctl({TIME: 3600}, root="/srv/image", runtime=False)
    result = ask.ok(world, task)
    assert result.changed
    assert result["loader"] == "procps"
    assert world.read(f"/srv/image{OURS}").endswith(f"{TIME} = 3600\n")
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "7200"
    failure = ask.fails(world, sysctl({FIN: 40}, root="/srv/image", runtime=False))
    assert failure["overridden"][0]["value"] == "50"
    ask.again(world, task)


@pytest.mark.parametrize(
    ("system_call", "occurrence"),
    [
        ("fsync", 1),
        ("rename,renameat,renameat2", 1),
        ("fsync", 2),
    ],
    ids=["fsync of the file", "rename", "fsync of the folder"],
)
def test_a_killed_run_leaves_the_old_or_the_new_file(
    world: World, ask: Asker, system_call: str, occurrence: int
) -> None:
    """The next run then completes the change."""
    old = "# mine\n"
    new = old + "\n".join(LINES) + "\n"
    world.write(OURS, old)
    inject = f"inject={system_call}:signal=SIGKILL:when={occurrence}"
    strace = ["strace", "-f", "-qq", "-o", "/srv/trace"]
    strace += ["-e", f"trace={system_call}", "-e", inject]
    (killed,) = ask.controller.play(world, sysctl(SETTINGS), under=strace)
    assert killed.failed
    assert "killed by SIGKILL" in world.read("/srv/trace")
    assert world.read(OURS) in (old, new)
    ask.ok(world, sysctl(SETTINGS))
    assert world.read(OURS) == new
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    ask.again(world, sysctl(SETTINGS))
