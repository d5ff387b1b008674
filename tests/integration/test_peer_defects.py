# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defects of ansible.posix.sysctl, by their numbers in our survey of it, and what our module does.

The numbers 5, 9, 11 and 13 are not used: those measurements showed no defect.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World

RMEM = "net.ipv4.tcp_rmem"


def test_1_a_missing_key_is_changed_once(world: World, ask: Asker) -> None:
    task = sysctl({"net.ipv4.nope": 1}, ignore_missing=True)
    assert ask.ok(world, task).changed
    assert ask.again(world, task)["missing"] == ["net.ipv4.nope"]


def test_1b_a_missing_key_that_fails_is_not_left_in_the_file(world: World, ask: Asker) -> None:
    assert ask.fails(world, sysctl({"net.ipv4.nope": 1}))["failed_key"] == "net.ipv4.nope"
    assert not world.exists(OURS)


def test_2_editing_one_key_does_not_change_another(world: World, ask: Asker) -> None:
    content = f"   # indented\n{FIN}   =  50\n{FIN} = 55\n"
    world.write(OURS, content)
    world.set_sysctl(FIN, 55)
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"{content}{TIME} = 3600\n"
    assert world.sysctl(FIN) == "55"
    assert world.boots(FIN) == {"systemd": "55", "procps": "55"}


def test_3_another_spelling_is_the_same_key(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 300\n")
    ask.ok(world, sysctl({"net/ipv4/tcp_keepalive_time": 3600}))
    assert world.read(OURS) == f"{TIME} = 3600\n"


def test_4_a_leading_dash_is_the_same_key(world: World, ask: Asker) -> None:
    world.write(OURS, f"-{TIME} = 300\n")
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.read(OURS) == f"-{TIME} = 3600\n"


def test_6_a_new_file_can_be_read_by_all_under_umask_077(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}), umask=0o077)
    assert world.files(OURS)[OURS][0] == "0o644"


def test_7_a_missing_key_in_a_line_of_others_is_no_failure(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.somebody_elses = 1\n")
    task = sysctl({TIME: 3600})
    result = ask.ok(world, task)
    assert list(result["settings"]) == [TIME]
    assert world.read(OURS) == f"net.ipv4.somebody_elses = 1\n{TIME} = 3600\n"
    ask.again(world, task)


def test_8_a_value_that_the_kernel_refuses_is_not_persisted(world: World, ask: Asker) -> None:
    for key, value in ((PROBES, 300), ("net.ipv4.tcp_retries1", 1000)):
        result = ask.fails(world, sysctl({key: value}))
        assert result["failed_key"] == key
        assert str(value) in result["msg"]
    assert not world.exists(OURS)


def test_10_octal_numbers_and_harmful_values_are_refused(world: World, ask: Asker) -> None:
    assert "8" in ask.fails(world, sysctl({FIN: "010"}))["msg"]
    assert "unsafe" in ask.fails(world, sysctl({PROBES: 0}))["msg"]


def test_12_a_missing_folder_is_created_or_reported(world: World, ask: Asker) -> None:
    world.remove("/etc/sysctl.d")
    ask.ok(world, sysctl({TIME: 3600}))
    assert world.boots(TIME) == {"systemd": "3600", "procps": "3600"}
    result = ask.fails(world, sysctl({TIME: 3600}, path="/etc/nowhere/x.conf", on_override="warn"))
    assert "/etc/nowhere" in result["msg"]
    assert ".ansible_m" not in result["msg"]


def test_14_a_different_runtime_value_is_noticed_if_the_file_is_right(
    world: World, ask: Asker
) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    assert ask.ok(world, sysctl({TIME: 3600}), check=True).changed
    assert ask.ok(world, sysctl({TIME: 3600})).changed
    assert world.sysctl(TIME) == "3600"


def test_15_absent_changes_the_runtime_value_of_this_key_only(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n{FIN} = 50\n")
    world.write("/usr/lib/sysctl.d/50-vendor.conf", f"{TIME} = 1000\n")
    world.set_sysctl(TIME, 3600)
    ask.ok(world, sysctl({TIME: None}, state="absent"))
    assert world.sysctl(TIME) == "1000"
    assert world.sysctl(FIN) == "60", "the other lines are not applied"
    assert world.read(OURS) == f"{FIN} = 50\n"


@pytest.mark.parametrize(
    "value", ["4096 131072 6291456", "4096  131072\t6291456 ", [4096, 131072, 6291456]]
)
def test_16_other_spacing_is_no_change(world: World, ask: Asker, value: object) -> None:
    world.write(OURS, f"{RMEM} = 4096\t131072   6291456\n")
    world.set_sysctl(RMEM, "4096 131072 6291456")
    ask.again(world, sysctl({RMEM: value}))


@pytest.mark.parametrize(
    ("files", "name_it"), [({}, "link"), ({OURS: "# theirs\n"}, "rename")], ids=["new", "changed"]
)
def test_strace_a_file_gets_its_name_only_once_it_is_on_the_disk(
    world: World, ask: Asker, files: dict[str, str], name_it: str
) -> None:
    """name_it: the system call that does, or one whose name begins so."""
    world.place(files)
    strace = ["strace", "-f", "-qq", "-y", "-o", "/srv/trace"]
    traced = f"trace={name_it},{name_it}at,renameat2,fsync"
    ask.ok(world, sysctl({TIME: 3600}), under=[*strace, "-e", traced])
    order = []
    for line in world.read("/srv/trace").splitlines():
        if "/etc/" in line and '.before"' not in line:
            call = line.split()[1].partition("(")[0]
            order.append(name_it if call.startswith(name_it) else call)
    assert order == ["fsync", name_it, "fsync"]


def test_every_key_in_one_call(make_world: Callable[..., World], ask: Asker) -> None:
    """ansible.posix.sysctl takes one key in a task, and starts three programs for it."""
    world = make_world()
    strace = ["strace", "-f", "-qq", "-o", "/srv/trace", "-e", "trace=execve"]
    ask.ok(world, sysctl({TIME: 3600, PROBES: 5, INTVL: 25, FIN: 50}), under=strace)
    assert len(world.read("/srv/trace").splitlines()) == 1
