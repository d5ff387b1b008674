# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After a failure the host is as it was before, and the result says which key, which error, and that it was put back.

`ask.fails` compares all files with their inodes and times, and all of /proc/sys/net, before and after.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import World


def test_the_kernel_refuses_one_key_of_several(world: World, ask: Asker) -> None:
    result = ask.fails(
        world, sysctl({TIME: 3600, FIN: 50, "net.ipv4.tcp_retries1": 1000, INTVL: 25})
    )
    assert result["failed_key"] == "net.ipv4.tcp_retries1"
    assert result["errno"] == errno.EINVAL
    assert "nvalid argument" in result["msg"]
    assert "1000" in result["msg"]
    assert result["rolled_back"] is True
    assert not world.exists(OURS)


def test_an_existing_file_is_left_as_it_is(world: World, ask: Asker) -> None:
    world.write(OURS, f"# theirs\n{TIME} = 1\n")
    ask.fails(world, sysctl({TIME: 3600, "net.ipv4.tcp_retries1": 1000}))
    assert world.read(OURS) == f"# theirs\n{TIME} = 1\n"


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("net.ipv4.ping_group_range", "10 5", "1 0"),  # an empty range is stored as this one
        (TIME, "3600 9", "3600"),
        (FIN, "010", "8"),
    ],
)
def test_the_kernel_stores_something_else(
    world: World, ask: Asker, key: str, value: str, stored: str
) -> None:
    """An accepted write proves nothing: it is read back, and the message says what the kernel makes of it."""
    result = ask.fails(world, sysctl({INTVL: 25, key: value}))
    assert result["failed_key"] == key
    assert stored in result["msg"]
    assert value in result["msg"]


def test_a_later_key_changes_an_earlier_one(make_world: Callable[..., World], ask: Asker) -> None:
    """Two names of one value: all keys are read back after all are written."""
    world = make_world(interfaces=["br0"])
    neigh = "net.ipv4.neigh.br0.base_reachable_time"
    result = ask.fails(world, sysctl({neigh: 20, f"{neigh}_ms": 40000}))
    assert result["failed_key"] == neigh
    assert "40" in result["msg"]
    assert result["rolled_back"] is True


def test_a_side_effect_on_a_key_of_ours_is_undone(world: World, ask: Asker) -> None:
    """Switching forwarding resets accept_redirects, which was asked to be something else."""
    result = ask.fails(
        world, sysctl({"net.ipv4.conf.all.accept_redirects": 1, "net.ipv4.ip_forward": 1})
    )
    assert result["failed_key"] == "net.ipv4.conf.all.accept_redirects"


def test_in_the_other_order_it_holds(world: World, ask: Asker) -> None:
    task = sysctl({"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.accept_redirects": 1})
    ask.ok(world, task)
    assert world.sysctl("net.ipv4.conf.all.accept_redirects") == "1"
    ask.again(world, task)


@pytest.mark.parametrize("key", ["net.ipv4.tcp_available_congestion_control", "kernel.ostype"])
def test_a_key_that_can_only_be_read(world: World, ask: Asker, key: str) -> None:
    result = ask.fails(world, sysctl({TIME: 3600, key: "x"}))
    assert result["failed_key"] == key
    assert result["errno"] in (errno.EACCES, errno.EPERM, errno.EROFS)


def test_a_read_only_part_of_proc_sys(world: World, ask: Asker) -> None:
    """As in a container: /proc/sys/net can be written, the rest cannot."""
    result = ask.fails(
        world, sysctl({TIME: 3600, "kernel.panic": int(world.sysctl("kernel.panic")) + 1})
    )
    assert (result["failed_key"], result["errno"]) == ("kernel.panic", errno.EROFS)
    assert "ead-only" in result["msg"]


@pytest.mark.parametrize(
    ("call", "error", "when"),
    [
        ("fsync", "EIO", 1),
        ("fsync", "EIO", 2),
        ("rename,renameat,renameat2", "ENOSPC", 1),
        ("rename,renameat,renameat2", "EROFS", 1),
        ("fchmod,chmod,fchmodat", "EPERM", 1),
    ],
)
def test_a_file_that_cannot_be_written(
    world: World, ask: Asker, call: str, error: str, when: int
) -> None:
    """The kernel had the new values already: they are put back, and no temporary file is left."""
    strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/srv/trace",
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:error={error}:when={when}",
    ]
    world.write(OURS, "# theirs\n")
    before = world.snapshot()
    result = ask(world, sysctl({TIME: 3600, PROBES: 5}), under=strace)
    assert "(INJECTED)" in world.read("/srv/trace")
    assert result.failed
    assert OURS in result["msg"]
    assert result["errno"] == getattr(errno, error)
    assert result["rolled_back"] is True
    assert world.snapshot() == before


def test_the_second_file_cannot_be_written(world: World, ask: Asker) -> None:
    """The other file was commented out already, or ours written: both are put back."""
    strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/srv/trace",
        "-e",
        "trace=rename",
        "-e",
        "inject=rename:error=ENOSPC:when=2",
    ]
    world.place({OURS: "# theirs\n", "/etc/sysctl.d/99-z.conf": f"{TIME} = 1\n"})
    before = world.snapshot()
    result = ask(world, sysctl({TIME: 3600}, on_override="comment_out", backup=True), under=strace)
    assert result.failed
    assert world.snapshot() == before, "the backups are gone too"
    assert result["rolled_back"] is True


def test_a_folder_that_is_read_only(world: World, ask: Asker) -> None:
    assert (
        world.run(["mount", "-t", "tmpfs", "-o", "ro,mode=755", "tmpfs", "/etc/sysctl.d"]).rc == 0
    )
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["errno"] == errno.EROFS
    assert result["rolled_back"] is True


def test_a_folder_without_room(world: World, ask: Asker) -> None:
    assert (
        world.run(
            ["mount", "-t", "tmpfs", "-o", "nr_inodes=1,mode=755", "tmpfs", "/etc/sysctl.d"]
        ).rc
        == 0
    )
    result = ask.fails(world, sysctl({TIME: 3600}))
    assert result["errno"] == errno.ENOSPC


def test_what_cannot_be_put_back_is_told(make_world: Callable[..., World], ask: Asker) -> None:
    """A second write of the key is refused too: rolled_back is false, and the message names the key that is not as it was."""
    world = make_world()
    strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/srv/trace",
        "-P",
        "/proc/sys/net/ipv4/tcp_keepalive_time",
        "-e",
        "inject=write:error=EPERM:when=2+",
    ]
    result = ask(world, sysctl({TIME: 3600, "net.ipv4.tcp_retries1": 1000}), under=strace)
    assert result.failed
    assert result["rolled_back"] is False
    assert TIME in result["msg"]
    assert world.sysctl(TIME) == "3600"


def test_absent_is_rolled_back_too(world: World, ask: Asker) -> None:
    world.place(
        {
            OURS: f"{TIME} = 3600\n{FIN} = 50\n",
            "/usr/lib/sysctl.d/50-vendor.conf": f"{FIN} = nonsense\n",
        }
    )
    result = ask.fails(world, sysctl({TIME: 7200, FIN: 60}, state="absent"))
    assert result["failed_key"] == FIN
